import { expect, test } from "vitest";

import { ID_PATTERN, idOf } from "./ids";

test("an id is made of what can stand in one, and is nobody else's", () => {
  expect(idOf("Village Gate, North!", "site")).toBe("village-gate-north");
  expect(idOf("Gate", "site", ["gate", "gate-2"])).toBe("gate-3");
  expect(idOf("x".repeat(200), "site").length).toBeLessThanOrEqual(64);
});

test("a name without Latin letters gets a number", () => {
  expect(idOf("村口", "site", ["site-1"])).toBe("site-2");
  expect(new RegExp(`^${ID_PATTERN}$`).test(idOf("村口", "site"))).toBe(true);
});
