import { expect, test } from "vitest";

import { newId } from "./ids";
import { mapLink } from "./place";
import { fitted } from "./shrink";

test("a picture is drawn no larger than it may be, and never larger than it is", () => {
  expect(fitted(4000, 3000)).toEqual([1600, 1200]);
  expect(fitted(3000, 4000)).toEqual([1200, 1600]);
  expect(fitted(640, 480)).toEqual([640, 480]);
});

test("each phone has its own kind of map address", () => {
  expect(mapLink(29.5, 106.25, "3 号", "Android")).toBe("geo:29.5,106.25?q=29.5,106.25(3%20%E5%8F%B7)");
  expect(mapLink(29.5, 106.25, "gate", "iPhone")).toBe("maps://?q=gate&ll=29.5,106.25");
});

test("ids fit the API and differ", () => {
  expect(newId()).toMatch(/^[0-9a-f]{32}$/);
  expect(newId()).not.toBe(newId());
});
