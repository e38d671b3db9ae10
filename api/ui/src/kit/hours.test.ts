import { expect, test } from "vitest";

import { clock, hoursText, said, timesOf, withCalendar, withDay, withTimes } from "./hours";

test("times go over midnight, to midnight, and whole days have none", () => {
  expect(withTimes({}, "22:00", "06:00")).toEqual({ between: "22:00-06:00" });
  expect(withTimes({}, "18:00", "00:00")).toEqual({ between: "18:00-24:00" });
  expect(timesOf({ between: "18:00-24:00" })).toEqual(["18:00", "24:00"]);
  expect(withTimes({ between: "22:00-06:00" }, "06:00", "06:00")).toEqual({ between: null });
  expect(withTimes({}, "", "06:00")).toEqual({ between: null });
  expect(timesOf({})).toEqual(["", ""]);
});

test("a time is read as people type it", () => {
  expect(["8:00", "0830", "22：15", "24:00"].map(clock)).toEqual(["08:00", "08:30", "22:15", "24:00"]);
  expect(["24:01", "8", "8:60", "noon", ""].map(clock)).toEqual([null, null, null, null, null]);
});

test("days stand in the order of the week, and what says nothing is left out", () => {
  const two = withDay(withDay({}, "sun", true), "mon", true);
  expect(two.days).toEqual(["mon", "sun"]);
  expect(withDay(two, "mon", false).days).toEqual(["sun"]);
  expect(withCalendar({ calendar: ["market"] }, "holiday", true).calendar).toEqual(["market", "holiday"]);
  expect(said([{}, { days: [] }, { between: "22:00-06:00" }])).toEqual([{ between: "22:00-06:00" }]);
});

test("hours are read in the reader's language", () => {
  const hours = [
    { between: "22:00-06:00", days: ["fri" as const, "sat" as const] },
    { calendar: ["holiday"] },
  ];
  expect(hoursText(hours)).toMatch(/22:00-06:00; /);
  expect(hoursText([])).toBe("");
});
