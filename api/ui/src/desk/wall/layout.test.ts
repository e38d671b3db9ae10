import { beforeEach, expect, test } from "vitest";

import {
  first,
  forward,
  keep,
  keepNamed,
  kept,
  type Layout,
  named,
  neighbour,
  placed,
  resized,
  room,
  sound,
} from "./layout";

const four: Layout = { size: 4, cameras: ["a", "b", null, "d"] };

beforeEach(() => {
  localStorage.clear();
});

test("a camera that is on the wall changes places, one that is not takes the place", () => {
  expect(placed(four, "a", 3).cameras).toEqual(["d", "b", null, "a"]);
  expect(placed(four, "x", 1).cameras).toEqual(["a", "x", null, "d"]);
  expect(placed(four, null, 0).cameras).toEqual([null, "b", null, "d"]);
  expect(room(four, 0)).toBe(2);
});

test("a smaller wall keeps the cameras that find room", () => {
  expect(resized(four, 1).cameras).toEqual(["a"]);
  expect(resized(four, 6).cameras).toEqual(["a", "b", null, "d", null, null]);
  expect(resized({ size: 4, cameras: [null, null, "c", null] }, 1).cameras).toEqual(["c"]);
});

test("each screen begins with its own share of the cameras", () => {
  const all = Array.from({ length: 12 }, (_, number) => `cam-${String(number)}`);
  expect(first(all, "1").cameras).toEqual(all.slice(0, 9));
  expect(first(all, "2").cameras.slice(0, 4)).toEqual(["cam-9", "cam-10", "cam-11", null]);
  expect(first(["only"], "1")).toEqual({ size: 1, cameras: ["only"] });
});

test("who alerts comes first, from outside the wall too, and what somebody holds stays", () => {
  expect(forward(four, [], null)).toEqual(four.cameras);
  expect(forward(four, ["d"], null)).toEqual(["d", "a", "b", null]);
  expect(forward(four, ["x", "b"], null)).toEqual(["x", "b", "a", "d"]);
  expect(forward({ size: 1, cameras: ["a"] }, ["x"], "a")).toEqual(["a"]);
  expect(forward(four, ["a"], "a")).toEqual(four.cameras);
});

test("arrows stop at the edges", () => {
  expect(neighbour(4, 0, "ArrowRight")).toBe(1);
  expect(neighbour(4, 1, "ArrowRight")).toBe(1);
  expect(neighbour(9, 4, "ArrowUp")).toBe(1);
  expect(neighbour(9, 7, "ArrowDown")).toBe(7);
});

test("what is kept comes back, and rubbish does not", () => {
  keep("2", four);
  expect(kept("2")).toEqual(four);
  expect(kept("3")).toBeNull();
  localStorage.setItem("wall-3", "{not json");
  expect(kept("3")).toBeNull();
  expect(sound({ size: 5, cameras: [] })).toBeNull();
  expect(sound({ size: 4, cameras: ["a", "a", 7] })?.cameras).toEqual(["a", null, null, null]);
  keepNamed("night", four);
  expect(named()).toEqual({ night: four });
  expect(keepNamed("night", null)).toEqual({});
});
