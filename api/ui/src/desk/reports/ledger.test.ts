import { expect, test } from "vitest";

import { newKey, NOTHING, offerOf, queryOf, type Report } from "./ledger";

test("only what is looked for is asked", () => {
  expect(queryOf(NOTHING)).toEqual({});
  expect(queryOf({ ...NOTHING, q: " lamp ", due: true })).toEqual({ q: "lamp", due: true });
});

test("a task has the words and the place of its report", () => {
  const report = { text: "a hole", site: "home-1" } as Report;
  expect(offerOf(report)).toEqual({ text: "a hole", site: "home-1", area: null });
});

test("a redemption has a key of its own", () => {
  expect(newKey()).toMatch(/^[0-9a-f]{24}$/);
  expect(newKey()).not.toBe(newKey());
});
