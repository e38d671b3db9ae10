import { expect, test } from "vitest";

import { dayBeside, handedOver, type OpenOne, percent } from "./shift";

const open = (number: number, level: OpenOne["level"], opened: string) =>
  ({ id: String(number), number, kind: "fire.smoke", level, handling: "seen", opened }) as OpenOne;

test("what is open is handed over the gravest first, of these the oldest", () => {
  const some = [
    open(1, "yellow", "2026-03-01T01"),
    open(2, "red", "2026-03-01T03"),
    open(3, "red", "2026-03-01T02"),
  ];
  expect(handedOver(some).map((each) => each.number)).toEqual([3, 2, 1]);
});

test("the day beside goes over the end of a month and of a year", () => {
  expect(dayBeside("2026-03-01", -1)).toBe("2026-02-28");
  expect(dayBeside("2026-12-31", 1)).toBe("2027-01-01");
});

test("a share that is not known is no number", () => {
  expect(percent(null)).toBe("–");
  expect(percent(0.256)).toBe("26 %");
});
