import { expect, test } from "vitest";

import { Problem } from "@/hub/problem";

import { asks, explainMove, hiddenBy, type Incident, moveWord, newestOf, worstFirst } from "./incidents";

function incident(number: number, more: Partial<Incident> = {}): Incident {
  return {
    id: `i-${number}`,
    number,
    level: "orange",
    colour: "orange",
    handling: "new",
    display: "shown",
    active: true,
    opened: `2026-03-01T03:0${number}:00Z`,
    version: 1,
    ...more,
  } as Incident;
}

test("what nobody has acknowledged stands above what is graver and looked after, and what is hidden is last", () => {
  const found = [
    incident(1, { level: "red", handling: "seen" }),
    incident(2, { level: "red", display: "shelved" }),
    incident(3, { level: "yellow" }),
    incident(4, { level: "red" }),
    incident(5, { level: "yellow" }),
    incident(6, { level: "red", muted: true }),
  ];
  expect(found.sort(worstFirst).map((each) => each.number)).toEqual([4, 5, 3, 1, 6, 2]);
});

test("only what is new and shown asks to be seen", () => {
  expect(asks(incident(1))).toBe(true);
  expect(asks(incident(1, { handling: "seen" }))).toBe(false);
  expect(asks(incident(1, { display: "maintenance" }))).toBe(false);
  expect(asks(incident(1, { muted: true }))).toBe(false);
});

test("who was first is said by name, and what the hub itself changed is not called a person", () => {
  const lin = new Problem(412, { current: incident(1), first: { who: "lin", move: "acknowledged" } });
  expect(explainMove(lin)).toContain("lin");
  expect(newestOf(lin)?.number).toBe(1);
  const hub = new Problem(412, { current: incident(1), first: { who: "engine", move: "rose" } });
  expect(explainMove(hub)).not.toContain("engine");
  expect(newestOf(new Problem(409, { detail: "a device has to be reset" }))).toBeNull();
});

test("a guard's refusal is told in the hub's own words", () => {
  expect(explainMove(new Problem(409, { detail: "reset the panel first" }))).toBe("reset the panel first");
});

test("a move that this page does not know yet is named as the journal has it", () => {
  expect(moveWord("hypnotised")).toBe("hypnotised");
});

test("what is hidden says by whom, why and until when", () => {
  const said = hiddenBy(
    incident(1, {
      display: "shelved",
      hidden_by: "lin",
      hidden_why: "welding",
      hidden_until: "2026-03-01T04:00:00Z",
    }),
  );
  expect(said).toContain("lin");
  expect(said).toContain("welding");
  expect(hiddenBy(incident(1))).toBe("");
});
