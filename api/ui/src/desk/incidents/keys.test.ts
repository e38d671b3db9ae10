import { afterEach, expect, test } from "vitest";

import { actionOf, KEYS, moved, TOLD } from "./keys";

function pressed(key: string, target: HTMLElement, more: KeyboardEventInit = {}): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, ...more });
  document.body.append(target);
  target.dispatchEvent(event);
  return event;
}

afterEach(() => {
  document.body.replaceChildren();
});

test("a key acts on the page, and never while somebody types or chooses", () => {
  expect(actionOf(pressed("a", document.createElement("li")))).toBe("acknowledge");
  for (const field of ["input", "textarea", "select"])
    expect(actionOf(pressed("a", document.createElement(field)))).toBeNull();
});

test("a key with Ctrl, Alt or Meta is the browser's, and one that composes a Chinese word is the field's", () => {
  const at = document.createElement("li");
  expect(actionOf(pressed("r", at, { ctrlKey: true }))).toBeNull();
  expect(actionOf(pressed("d", at, { metaKey: true }))).toBeNull();
  expect(actionOf(pressed("a", at, { isComposing: true }))).toBeNull();
});

test("an open dialog has the keys for itself", () => {
  const dialog = document.createElement("dialog");
  dialog.setAttribute("open", "");
  document.body.append(dialog);
  expect(actionOf(pressed("a", document.createElement("li")))).toBeNull();
});

test("Enter presses a button that has the focus, and opens a row", () => {
  expect(actionOf(pressed("Enter", document.createElement("button")))).toBeNull();
  expect(actionOf(pressed("Enter", document.createElement("li")))).toBe("open");
});

test("moving stays within the list, and begins at either end", () => {
  expect([moved(-1, 1, 3), moved(-1, -1, 3), moved(2, 1, 3), moved(0, -1, 3), moved(-1, 1, 0)]).toEqual([
    0, 2, 2, 0, -1,
  ]);
});

test("every key is told", () => {
  expect(new Set(TOLD.map(([, action]) => action))).toEqual(new Set(Object.values(KEYS)));
});
