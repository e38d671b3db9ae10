import { expect, test } from "vitest";

import { type Load, measures, percent, seconds } from "./figures";

test("what is over its aim is told, and what has none never is", () => {
  const load = {
    per_position: { day: 150, hour: 6, ten_minutes: 0.5 },
    most_in_ten_minutes: 11,
    busy_share: 0,
    flood_share: 0.02,
    most_frequent_share: 0.05,
    chattering: [],
    fleeting: 900,
    stale: 6,
  } as unknown as Load;
  const over = measures(load).filter((each) => each.over);
  expect(over.map((each) => each.measure)).toEqual(["day", "most_in_ten_minutes", "flood_share", "stale"]);
});

test("shares and times are short", () => {
  expect(percent(0.0125, 1)).toBe("1.3 %");
  expect(percent(null)).toBe("–");
  expect([seconds(5), seconds(65.4), seconds(7384), seconds(null)]).toEqual(["0:05", "1:05", "2:03:04", "–"]);
});
