import { expect, test } from "vitest";

import { keyReader } from "./keys";

const key = (name: string, more: KeyboardEventInit = {}) =>
  new KeyboardEvent("keydown", { key: name, ...more });

test("digits that follow each other quickly are one number, as far as there are places", () => {
  let now = 0;
  const read = keyReader(() => now);
  expect(read(key("1"), 25)).toEqual({ select: 0 });
  now += 300;
  expect(read(key("2"), 25)).toEqual({ select: 11 });
  now += 300;
  expect(read(key("3"), 25)).toEqual({ select: 2 });
  now += 2_000;
  expect(read(key("1"), 25)).toEqual({ select: 0 });
  expect(read(key("0"), 9)).toBeNull();
});

test("arrows choose, with shift they change places; other keys have their acts", () => {
  const read = keyReader();
  expect(read(key("ArrowLeft"), 4)).toEqual({ arrow: "ArrowLeft" });
  expect(read(key("ArrowLeft", { shiftKey: true }), 4)).toEqual({ swap: "ArrowLeft" });
  expect(read(key("B"), 4)).toBe("back");
  expect(read(key("f", { ctrlKey: true }), 4)).toBeNull();
  expect(read(key("q"), 4)).toBeNull();
  // A stored position of the camera that is large; no place, whatever the keyboard makes of it.
  expect(read(key("!", { shiftKey: true, code: "Digit1" }), 4)).toBeNull();
  expect(read(key("1", { shiftKey: true, code: "Digit1" }), 4)).toBeNull();
});

test("what is typed into a field stays there, but Escape leads out", () => {
  const read = keyReader();
  const field = document.createElement("input");
  const seen: unknown[] = [];
  document.body.append(field);
  field.addEventListener("keydown", (event) => seen.push(read(event, 4)));
  field.dispatchEvent(key("b"));
  field.dispatchEvent(key("1"));
  field.dispatchEvent(key("Escape"));
  expect(seen).toEqual([null, null, "shrink"]);
});
