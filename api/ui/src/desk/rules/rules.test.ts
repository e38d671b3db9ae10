import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { sorted } from "@/kit/tables";

import { type Case, compare } from "./compare";
import { closeUp, diffLines } from "./diff";
import { OBSERVED } from "./observed";
import { FIELDS, reshaped, SHAPES, shapeOf } from "./shapes";
import {
  at,
  conditionsOf,
  listOf,
  mistakesAt,
  mistakesIn,
  named,
  put,
  unitOf,
  valueOf,
  withoutVersion,
  writtenList,
  writtenWhere,
} from "./written";

interface Schema {
  properties: Record<string, Schema>;
  required?: string[];
  $ref?: string;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  examples?: string[];
}
const schema = JSON.parse(
  readFileSync(join(process.cwd(), "../../docs/reference/schemas/rules.schema.json"), "utf-8"),
) as { $defs: Record<string, Schema> };
const definition = (name: string): Schema => schema.$defs[name] ?? { properties: {} };

test("the form has the fields, the limits and the words that the hub's schema has", () => {
  const shapes = definition("RuleSpec").properties.when?.properties ?? {};
  expect([...SHAPES].sort()).toEqual(Object.keys(shapes).sort());
  for (const shape of SHAPES) {
    if (shape === "event") continue;
    const options = definition((shapes[shape]?.$ref ?? "").split("/").pop() ?? "");
    expect(FIELDS[shape].map((field) => field.name).sort(), shape).toEqual(
      Object.keys(options.properties).sort(),
    );
    for (const field of FIELDS[shape]) {
      const known = options.properties[field.name];
      expect(field.needed ?? false, `${shape}.${field.name}`).toBe(
        options.required?.includes(field.name) ?? false,
      );
      const [least, most] = [known?.minimum ?? known?.minItems, known?.maximum ?? known?.maxItems];
      if (least !== undefined) expect(field.least, field.name).toBe(least);
      if (most !== undefined) expect(field.most, field.name).toBe(most);
    }
  }
  expect(OBSERVED).toEqual(definition("PatternSpec").properties.kind?.examples);
});

test("a condition is the same after it was read and written again", () => {
  const where = { alarm: true, label: "car", level: ">= 0.5", test: "not true", zone: ["bridge", 3], n: -2 };
  expect(writtenWhere(conditionsOf(where))).toEqual(where);
  expect(conditionsOf(where)[3]).toEqual({ field: "test", sign: "not", text: "true" });
  expect(writtenWhere([{ field: " ", sign: "is", text: "x" }])).toBeUndefined();
  expect(valueOf("0.5")).toBe(0.5);
  expect(valueOf("12a")).toBe("12a");
});

test("what is put in or taken out of a rule leaves the rest, and nothing empty", () => {
  const rule = {
    rule: "a",
    clear: { after: "60s" },
    when: { together: { all_of: [{ kind: "a" }, { kind: "b" }] } },
  };
  expect(put(rule, ["clear", "after"], undefined)).toEqual({ rule: "a", when: rule.when });
  const less = put(rule, ["when", "together", "all_of", 0], undefined);
  expect(at(less, ["when", "together", "all_of", 0, "kind"])).toBe("b");
  expect(put(rule, ["scope", "areas"], "x").scope).toEqual({ areas: "x" });
  expect(rule.clear).toEqual({ after: "60s" });
  expect(listOf("one")).toEqual(["one"]);
  expect(writtenList(["one"])).toBe("one");
});

test("a mistake is found at its field", () => {
  const mistakes = [{ where: "when.together.all_of[1].kind", message: "m" }];
  expect(named(["when", "together", "all_of", 1])).toBe("when.together.all_of[1]");
  expect(mistakesAt(mistakes, ["when", "together", "all_of", 1])).toHaveLength(1);
  expect(mistakesAt(mistakes, ["when", "together", "all_of", 0])).toHaveLength(0);
  expect(mistakesAt(mistakes, ["when", "together"], false)).toHaveLength(0);
});

test("a mistake is told in the language of whoever reads", () => {
  const found = [{ where: "version", message: "missing", message_zh: "缺少", line: 2 }];
  expect(mistakesIn("zh", found)).toEqual([{ where: "version", message: "缺少", line: 2 }]);
  expect(mistakesIn("en", found)[0]?.message).toBe("missing");
});

test("another shape takes over what fits", () => {
  const lasts = { lasts: { of: { kind: "door" }, for: "10m" } };
  expect(shapeOf(lasts)).toBe("lasts");
  expect(reshaped(lasts, "event")).toEqual({ event: { kind: "door" } });
  expect(reshaped({ event: { kind: "gas" } }, "count")).toEqual({
    count: { of: { kind: "gas" }, at_least: 3, within: "5m" },
  });
  expect(at(reshaped(lasts, "together"), ["together", "all_of", 0, "kind"])).toBe("door");
});

test("the version goes where it stands on a line of its own", () => {
  expect(withoutVersion("- rule: a\n  version: 3  # why\n  state: live\n")).toBe(
    "- rule: a\n  state: live\n",
  );
  expect(withoutVersion("- {rule: a, version: 3}\n")).toBeNull();
  expect([unitOf("level_m"), unitOf("temperature_c"), unitOf("percent"), unitOf("open")]).toEqual([
    "m",
    "°C",
    "%",
    "",
  ]);
});

test("lines that went and came are told, and what is far from them is left out", () => {
  const [older, newer] = ["a\nb\nc\nd\ne\nf\ng\n", "a\nb\nc\nd\ne\nx\ng\nh\n"];
  const lines = diffLines(older, newer);
  expect(lines.filter((line) => line.sign !== "same").map((line) => line.sign + line.text)).toEqual([
    "gonef",
    "newx",
    "newh",
  ]);
  expect(closeUp(lines, 1).map((line) => line.text)).toEqual(["e", "f", "x", "g", "h"]);
  expect(closeUp(diffLines(older, older))).toEqual([]);
});

test("two backtests are compared by what they would have said of one thing at one time", () => {
  const of = (key: string, began: string, ended: string | null) => ({ key, began, ended }) as Case;
  const now = [
    of("a", "2026-03-01T00:00:00Z", "2026-03-01T00:10:00Z"),
    of("b", "2026-03-01T00:00:00Z", null),
  ];
  const changed = [of("a", "2026-03-01T00:05:00Z", null), of("c", "2026-03-01T00:05:00Z", null)];
  const found = compare(now, changed);
  expect([found.both.length, found.added[0]?.key, found.gone[0]?.key]).toEqual([1, "c", "b"]);
});

test("a table is sorted either way, with what is not known at the end", () => {
  const columns = [{ key: "n", title: "n", by: (row: { n: number | null }) => row.n }];
  const rows = [{ n: 1 }, { n: null }, { n: 3 }];
  expect(sorted(rows, columns, "-n").map((row) => row.n)).toEqual([3, 1, null]);
  expect(sorted(rows, columns, "n").map((row) => row.n)).toEqual([1, 3, null]);
});
