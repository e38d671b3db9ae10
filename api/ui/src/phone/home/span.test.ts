import { expect, test } from "vitest";

import { isDeletable, lastEvening, localText, sizeText } from "./span";

test("a night begins at 18:00 of the day before", () => {
  expect(localText(lastEvening(new Date(2026, 2, 8, 9, 30)))).toBe("2026-03-07T18:00");
  expect(localText(lastEvening(new Date(2026, 2, 1, 23, 59)))).toBe("2026-02-28T18:00");
});

test("what lies ahead, is turned round or longer than a month is not deleted", () => {
  const at = (day: number) => new Date(2026, 2, day);
  expect(isDeletable(at(1), at(2), at(3).getTime())).toBe(true);
  expect(isDeletable(at(2), at(1), at(3).getTime())).toBe(false);
  expect(isDeletable(at(1), at(4), at(3).getTime())).toBe(false);
  expect(isDeletable(new Date(2026, 0, 1), at(3), at(3).getTime())).toBe(false);
});

test("sizes are short", () => {
  expect([sizeText(1_500_000), sizeText(54_000_000), sizeText(2_300_000_000)]).toEqual([
    "1.5 MB",
    "54 MB",
    "2.3 GB",
  ]);
});
