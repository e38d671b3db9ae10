import { expect, test } from "vitest";

import {
  changesOf,
  copied,
  type Draft,
  faultsOf,
  freeId,
  inserted,
  redone,
  taken,
  withPoints,
  withZone,
} from "./draft";
import { area, atAngle, clamped, crossing, shifted, snapped, spans, type Spot } from "./geometry";
import { useUndo } from "./undo";

const SQUARE: Spot[] = [
  [0.2, 0.2],
  [0.6, 0.2],
  [0.6, 0.6],
  [0.2, 0.6],
];
const zone = (id: string, points = SQUARE) => ({ id, use: "lane" as const, points });
const draft = (...ids: string[]): Draft => ({ zones: ids.map((id) => zone(id)), lines: [], ground: null });
const SIZE: Spot = [1000, 500];

test("hours that are left out and none are the same, others are a change", () => {
  const before = draft("a");
  expect(changesOf(before, withZone(before, "a", { hours: [], classes: [] }))).toEqual([]);
  const limited = withZone(before, "a", { hours: [{ between: "22:00-06:00" }] });
  expect(changesOf(before, limited)).toEqual([{ sort: "zone", id: "a", change: "changed" }]);
});

test("an outline that crosses itself is told by its sides", () => {
  expect(crossing(SQUARE)).toBeNull();
  const bow: Spot[] = [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]] as Spot[];
  expect(crossing(bow)).toEqual([1, 3]);
  expect(faultsOf({ ...draft(), zones: [zone("a", bow)] })[0]?.why).toBe("crossing");
  expect(
    faultsOf({
      ...draft(),
      zones: [
        zone("a", [
          [0, 0],
          [0.5, 0.5],
          [1, 1],
        ]),
      ],
    })[0]?.why,
  ).toBe("small");
  expect(faultsOf(draft("a"))).toEqual([]);
  expect(area(SQUARE)).toBeCloseTo(0.16);
});

test("a point is drawn to corners first, then to sides, then to the border", () => {
  const others = [{ points: SQUARE, closed: true }];
  const at = (point: Spot) => snapped(point, { others, reach: 8, size: SIZE });
  expect(at([0.205, 0.208])).toEqual([0.2, 0.2]);
  expect(at([0.4, 0.21])).toEqual([0.4, 0.2]);
  expect(at([0.2, 0.4])).toEqual([0.2, 0.4]);
  expect(at([0.195, 0.4])).toEqual([0.2, 0.4]);
  expect(at([0.004, 0.99])).toEqual([0, 1]);
  expect(at([0.8, 0.8])).toEqual([0.8, 0.8]);
  const open = [{ points: SQUARE, closed: false }];
  expect(snapped([0.195, 0.4], { others: open, reach: 8, size: SIZE })).toEqual([0.195, 0.4]);
});

test("with shift a side lies at a multiple of 15 degrees on the screen", () => {
  expect(atAngle([0.51, 0.205], [0.1, 0.2], SIZE)).toEqual([0.51, 0.2]);
  const [x, y] = atAngle([0.2, 0.41], [0.1, 0.2], SIZE);
  expect(((y - 0.2) * 500) / ((x - 0.1) * 1000)).toBeCloseTo(1, 2);
});

test("nothing leaves the picture", () => {
  expect(clamped([-0.1, 1.23456])).toEqual([0, 1]);
  expect(shifted(SQUARE, [-0.5, 0.1])[0]).toEqual([0, 0.3]);
  expect(shifted(SQUARE, [0.5, 0.9])[2]).toEqual([1, 1]);
});

test("points come and go within their limits", () => {
  const one = { sort: "zone" as const, id: "a" };
  const more = inserted(draft("a"), one, 0, [0.4, 0.1]);
  expect(more.zones[0]?.points[1]).toEqual([0.4, 0.1]);
  const less = taken(taken(more, one, 1), one, 0);
  expect(less.zones[0]?.points.length).toBe(3);
  expect(taken(less, one, 0)).toBe(less);
});

test("measured places have to span the ground", () => {
  expect(spans(SQUARE, 0.001)).toBe(true);
  expect(
    spans(
      [
        [0, 0],
        [0.1, 0.1],
        [0.2, 0.2],
        [0.5, 0],
      ],
      0.001,
    ),
  ).toBe(false);
});

test("what was drawn in one go is one step back", () => {
  const state = useUndo(draft("a"));
  const one = { sort: "zone" as const, id: "a" };
  state.begin();
  for (const x of [0.21, 0.22, 0.3])
    state.go(withPoints(state.now.value, one, [[x, 0.2], ...SQUARE.slice(1)]));
  state.end();
  state.go(withZone(state.now.value, "a", { use: "water" }));
  state.undo();
  expect(state.now.value.zones[0]?.use).toBe("lane");
  expect(state.now.value.zones[0]?.points[0]).toEqual([0.3, 0.2]);
  state.undo();
  expect(state.now.value.zones[0]?.points[0]).toEqual([0.2, 0.2]);
  expect(state.canUndo.value).toBe(false);
  state.redo();
  state.redo();
  expect(state.now.value.zones[0]?.use).toBe("water");
  expect(state.canRedo.value).toBe(false);
  state.begin();
  state.end();
  expect(state.canUndo.value).toBe(true);
});

test("mine is made again of what somebody else saved meanwhile", () => {
  const base = draft("a", "b");
  const mine = withZone({ ...base, zones: [...base.zones, zone("c")] }, "a", { use: "water" });
  const theirs = withZone({ ...base, zones: base.zones.slice(0, 1) }, "a", { use: "wall" });
  const made = redone(base, mine, theirs);
  expect(made.draft.zones.map((each) => [each.id, each.use])).toEqual([
    ["a", "water"],
    ["c", "lane"],
  ]);
  expect(made.both.map((each) => each.id)).toEqual(["a"]);
  expect(changesOf(base, theirs).map((each) => each.change)).toEqual(["changed", "removed"]);
  expect(changesOf(base, { ...base, zones: base.zones.map((each) => ({ ...each, name: null })) })).toEqual(
    [],
  );
});

test("copied zones get ids that are free", () => {
  expect(copied(draft("a"), draft("a", "b")).zones.map((each) => each.id)).toEqual(["a", "a-1", "b"]);
  expect(freeId([{ id: "zone-1" }], "zone")).toBe("zone-2");
});
