import { expect, test } from "vitest";

import type { Detail, Incident } from "@/kit/incidents";

import { filtersOf, fitsIn, queryOf } from "./filters";
import { gravestFirst, type Group, membersOf, movesOf } from "./flood";
import { longestS, STEPS_S } from "./moves/hiding";
import { nearby } from "./moves/near";
import { saidWith } from "./moves/verdict";
import { aroundOf, beginsAt } from "./page/around";
import { apart, emergencyOf, nearest, numbersOf } from "./page/calls";
import { curvesOf, spanAround } from "./page/curves";
import { pathUp } from "./page/grid";

const incident = (number: number, more: Partial<Incident> = {}) =>
  ({
    id: `i-${number}`,
    number,
    level: "orange",
    kind: "fire.smoke",
    handling: "new",
    allowed: ["acknowledge", "resolve"],
    site: "home-1",
    area: "village",
    text: { zh: "烟感报警", en: "Smoke" },
    name: {},
    place: { site: { zh: `${number}号` } },
    opened: `2026-03-01T03:0${number}:00Z`,
    ...more,
  }) as Incident;

test("what an address narrows to is read and written the same, and nonsense is left out", () => {
  const filters = filtersOf({ view: "done", level: "red,pink", kind: "fire", q: "3" });
  expect(filters).toMatchObject({ view: "done", levels: ["red"], family: "fire", text: "3" });
  expect(filtersOf(queryOf(filters))).toEqual(filters);
  expect(queryOf(filtersOf({}))).toEqual({});
});

test("a list is narrowed by level, family and words of any language", () => {
  const wanted = filtersOf({ level: "orange", kind: "fire", q: "#3 烟感" });
  expect(fitsIn(incident(3), wanted)).toBe(true);
  expect(fitsIn(incident(4), wanted)).toBe(false);
  expect(fitsIn(incident(3, { kind: "flood.level" }), wanted)).toBe(false);
});

test("in a flood the gravest group is first, of these the one nobody has looked at, then the largest", () => {
  const group = (family: string, level: string, count: number, unseen = 0) =>
    ({
      family,
      by_level: { [level]: count },
      by_handling: { new: unseen },
      count,
      newest: "1",
    }) as unknown as Group;
  const found = [
    group("a", "yellow", 9),
    group("b", "orange", 2),
    group("c", "orange", 3),
    group("d", "orange", 1, 1),
  ];
  expect(found.sort(gravestFirst).map((each) => each.family)).toEqual(["d", "c", "b", "a"]);
});

test("with a group only what allows a move is moved, and what the page does not have is left out", () => {
  const all = new Map([1, 2].map((n) => [`i-${n}`, incident(n)]));
  all.set("i-2", incident(2, { allowed: ["resolve"] }));
  const group = { incidents: ["i-1", "i-2", "i-3"] } as Group;
  const members = membersOf(group, (id) => all.get(id));
  expect(movesOf(members)).toEqual([
    { move: "acknowledge", n: 1 },
    { move: "resolve", n: 2 },
  ]);
});

test("a verdict waits for what the hub would ask for", () => {
  const said = { verdict: "", cause: "", note: "", second: "", evidence: "", red: false } as const;
  expect(saidWith(said)).toBeNull();
  expect(saidWith({ ...said, verdict: "true" })).toMatchObject({ verdict: "true" });
  expect(saidWith({ ...said, verdict: "true", red: true })).toBeNull();
  expect(saidWith({ ...said, verdict: "nuisance" })).toBeNull();
  const red = { ...said, verdict: "false", cause: "weather", note: "looked", red: true } as const;
  expect(saidWith(red)).toBeNull();
  expect(saidWith({ ...red, second: "lin" })).toMatchObject({ second: "lin", cause: "weather" });
});

test("red is offered no longer than half an hour", () => {
  expect(STEPS_S.filter((seconds) => seconds <= longestS("red"))).toEqual([900, 1800]);
});

test("what may be the same happening is of the same site, then of the same area", () => {
  const all = [
    incident(2, { site: "x", area: "y" }),
    incident(3, { site: "home-9" }),
    incident(4),
    incident(1),
  ];
  expect(nearby([incident(1)], all).map((each) => each.number)).toEqual([4, 3, 2]);
});

test("the cameras that spoke come first, those of the area are around, and those switched off are not there", () => {
  const camera = (id: string, site: string, enabled = true) => ({ id, site, area: "village", enabled });
  const one = { camera: "c3", site: "home-1", area: "village", alerts: [{ camera: "c4" }] } as Detail;
  const found = aroundOf(one, [
    camera("c1", "home-1"),
    camera("c2", "home-2"),
    camera("c3", "home-2"),
    camera("c4", "home-3"),
    camera("c5", "home-1", false),
  ]);
  expect(found.own.map((each) => each.id)).toEqual(["c3", "c4", "c1"]);
  expect(found.near.map((each) => each.id)).toEqual(["c2"]);
});

test("the recording begins ten seconds before what this camera saw", () => {
  const alerts = [
    { camera: "c1", started: "2026-03-01T03:00:20Z" },
    { camera: "c2", started: "2026-03-01T03:00:10Z" },
  ];
  const one = { opened: "2026-03-01T03:01:00Z", alerts } as Detail;
  expect(beginsAt(one, "c1").toISOString()).toBe("2026-03-01T03:00:10.000Z");
  expect(beginsAt(one, "c9").toISOString()).toBe("2026-03-01T03:00:00.000Z");
  expect(beginsAt({ ...one, alerts: [] }, "c1").toISOString()).toBe("2026-03-01T03:00:50.000Z");
});

test("whom to call stands once: with who is sent or on duty, else by whom it concerns", () => {
  const calls = [
    { why: "community" as const, name: { zh: "值守室" }, number: "110" },
    { why: "lives_there" as const, account: "li", number: "4" },
    { why: "on_duty" as const, account: "zhao", number: "1" },
    { why: "site" as const, name: { zh: "门卫" }, number: "8" },
  ];
  expect(numbersOf(calls).get("zhao")).toBe("1");
  expect(numbersOf(calls).size).toBe(2);
  expect(apart(calls).map((each) => each.number)).toEqual(["8", "4", "110"]);
  expect(nearest(calls).map((each) => each.number)).toEqual(["8", "4"]);
  expect(emergencyOf("fire.smoke")[0]).toBe("119");
});

test("readings become a curve for each quantity, around the moment and a day long at most", () => {
  const reading = (name: string, value: number) => ({
    name,
    value,
    minimum: value - 1,
    maximum: value + 1,
    at: "2026-03-01T03:00:00Z",
    count: 1,
  });
  const [level, rain] = curvesOf([reading("rain.mm", 3), reading("level.m", 1.5), reading("level.m", 2)]);
  expect(level).toMatchObject({ name: "level.m", value: [1.5, 2], low: "0.5", high: "3", last: "2" });
  expect(rain?.value).toEqual([3]);
  const now = Date.parse("2026-03-05T00:00:00Z");
  expect(spanAround("2026-03-01T03:00:00Z", null, now)).toEqual({
    from: "2026-03-01T02:00:00.000Z",
    to: "2026-03-02T02:00:00.000Z",
  });
});

test("the grid is told from the top down, and a ring of parents ends", () => {
  const area = (id: string, parent: string | null) => ({ id, parent, name: {} });
  const all = [area("group", "village"), area("village", "town"), area("town", "group")];
  expect(pathUp("group", all).map((each) => each.id)).toEqual(["town", "village", "group"]);
  expect(pathUp("nowhere", all)).toEqual([]);
});
