import { expect, test } from "vitest";

import { keepComments, saysTheSame } from "./comments";
import type { Body } from "./written";

const OLD = `# of the gate
- rule: gate  # never rename
  # people sleep
  state: live  # since May
  when:
    # both of them
    together:
      all_of:
        # the one at the road
        - kind: smoke
        - kind: gas  # kitchen
      within: 5m  # as the fire brigade says
  scope:
    areas: [a]
  # at the end
`;
const BEFORE: Body = {
  rule: "gate",
  state: "live",
  when: { together: { all_of: [{ kind: "smoke" }, { kind: "gas" }], within: "5m" } },
  scope: { areas: ["a"] },
};
const together = (more: Body): Body => ({
  together: { all_of: [{ kind: "smoke" }, { kind: "gas" }], within: "5m", ...more },
});
const WRITTEN = `- rule: gate
  state: STATE
  when:
    together:
      all_of:
      - kind: smoke
      - kind: gas
      within: WITHIN
  scope:
    areas:
    - a
`;
const written = (state: string, within: string) => WRITTEN.replace("STATE", state).replace("WITHIN", within);

test("a key that is changed keeps what is written above it and behind it", () => {
  expect(keepComments(OLD, BEFORE, written("shadow", "5m"), { ...BEFORE, state: "shadow" })).toBe(
    OLD.replace("state: live", "state: shadow"),
  );
});

test("a sibling of what is changed, and the list beside it, stay as they were", () => {
  expect(
    keepComments(OLD, BEFORE, written("live", "9m"), { ...BEFORE, when: together({ within: "9m" }) }),
  ).toBe(OLD.replace("within: 5m", "within: 9m"));
});

test("an item that goes takes its comment along, the others keep theirs", () => {
  const after = { ...BEFORE, when: together({ all_of: [{ kind: "gas" }, { kind: "heat" }] }) };
  const theirs = written("live", "5m").replace(
    "- kind: smoke\n      - kind: gas",
    "- kind: gas\n      - kind: heat",
  );
  const made = keepComments(OLD, BEFORE, theirs, after);
  expect(made).toContain("        - kind: gas  # kitchen\n        - kind: heat\n      within: 5m  # as");
  expect(made).not.toContain("the one at the road");
});

test("an item that comes first takes no comment of another", () => {
  const after = {
    ...BEFORE,
    when: together({ all_of: [{ kind: "heat" }, { kind: "smoke" }, { kind: "gas" }] }),
  };
  const theirs = written("live", "5m").replace("- kind: smoke", "- kind: heat\n      - kind: smoke");
  expect(keepComments(OLD, BEFORE, theirs, after)).toBe(
    OLD.replace("        # the one", "        - kind: heat\n        # the one"),
  );
});

test("a key that goes leaves the rest, one that comes stands where the hub writes it", () => {
  const rest = { rule: "gate", state: "live", when: BEFORE.when ?? null };
  const without = written("live", "5m").replace("  scope:\n    areas:\n    - a\n", "");
  expect(keepComments(OLD, BEFORE, without, rest)).toBe(OLD.replace("  scope:\n    areas: [a]\n", ""));
  const more = written("live", "5m").replace("  state: live\n", "  state: live\n  for_each: site\n");
  const after = {
    rule: "gate",
    state: "live",
    for_each: "site",
    when: BEFORE.when ?? null,
    scope: BEFORE.scope ?? null,
  };
  expect(keepComments(OLD, BEFORE, more, after)).toBe(
    OLD.replace("# since May\n", "# since May\n  for_each: site\n"),
  );
});

test("the order of keys makes no other rule, that of a list does", () => {
  expect(saysTheSame({ a: 1, b: [{ c: 2, d: 3 }] }, { b: [{ d: 3, c: 2 }], a: 1 })).toBe(true);
  expect(saysTheSame({ a: [1, 2] }, { a: [2, 1] })).toBe(false);
});
