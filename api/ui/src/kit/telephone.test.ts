import { expect, test } from "vitest";

import { PHONE_PATTERN, phoneOf } from "./telephone";

test("what can be dialled is told from what cannot", () => {
  expect(phoneOf("138 0013-8000")).toBe("13800138000");
  expect(phoneOf("+86 (23) 4567 0110")).toBe("+862345670110");
  expect(phoneOf("119")).toBe("119");
  for (const other of ["lin", "12", "13800138000 ext. 4", "", null, "1".repeat(21)])
    expect(phoneOf(other)).toBeNull();
});

test("a field for a number takes what the hub takes", () => {
  const takes = new RegExp(`^(?:${PHONE_PATTERN})$`, "v");
  for (const good of ["119", "023-4567 0110", "+86 138 0013 8000", "1".repeat(20)])
    expect(good).toMatch(takes);
  for (const bad of ["12", "138--", "call me", "1".repeat(21), "+", " 119"]) expect(bad).not.toMatch(takes);
});
