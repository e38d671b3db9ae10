import { describe, expect, it } from "vitest";

import { Clock, correction } from "./clock";
import {
  covered,
  dayOf,
  following,
  HOUR,
  inside,
  kept,
  MINUTE,
  momentAt,
  moved,
  nextOf,
  placeOf,
  ticks,
  weight,
  wholeDay,
  zoomed,
} from "./maths";

const NOON = new Date(2026, 10, 22, 12, 0, 0).getTime();

describe("a timeline", () => {
  it("shows the day of a moment", () => {
    const view = wholeDay(NOON);
    expect(dayOf(NOON).from).toBe(NOON - 12 * HOUR);
    expect(placeOf(view, NOON)).toBeCloseTo(0.5);
    expect(momentAt(view, 0.25)).toBe(NOON - 6 * HOUR);
  });

  it("zooms around what lies under the pointer", () => {
    const view = zoomed(wholeDay(NOON), HOUR, NOON - 6 * HOUR);
    expect(view.span).toBe(HOUR);
    expect(placeOf(view, NOON - 6 * HOUR)).toBeCloseTo(0.25);
  });

  it("never leaves its day, and never shows less than ten seconds", () => {
    const day = wholeDay(NOON);
    expect(zoomed(day, 100 * HOUR, NOON)).toEqual(day);
    expect(zoomed(day, 1, NOON).span).toBe(10_000);
    expect(moved(kept({ ...day, span: HOUR }), -HOUR).from).toBe(day.day.from);
  });

  it("follows what is played, into the next day too", () => {
    const view = zoomed(wholeDay(NOON), 10 * MINUTE, NOON);
    expect(following(view, NOON)).toBe(view);
    expect(placeOf(following(view, NOON + HOUR), NOON + HOUR)).toBeCloseTo(0.1);
    const next = following(view, NOON + 13 * HOUR);
    expect(next.day.from).toBe(NOON + 12 * HOUR);
    expect(next.span).toBe(10 * MINUTE);
  });

  it("writes whole hours on a day and whole minutes on ten", () => {
    const day = ticks(wholeDay(NOON), 0.08);
    expect(day.every).toBe(2 * HOUR);
    expect(day.at).toHaveLength(13);
    const near = ticks(zoomed(wholeDay(NOON), 10 * MINUTE, NOON), 0.08);
    expect(near.every).toBe(MINUTE);
    expect(near.at.every((at) => at % MINUTE === 0)).toBe(true);
  });

  it("knows what is recorded, what comes next, and what it weighs", () => {
    const ranges = [
      { from: 0, to: 1000, size_bytes: 500 },
      { from: 5000, to: 6000, size_bytes: 1000 },
    ];
    expect(inside(ranges, 999)).toBe(true);
    expect(inside(ranges, 1000)).toBe(false);
    expect(nextOf([ranges, []], 1000)).toBe(5000);
    expect(nextOf([ranges], 5500)).toBe(5500);
    expect(nextOf([ranges], 6000)).toBeNull();
    expect(weight(ranges, { from: 500, to: 5500 })).toBe(750);
    expect(covered(ranges, { from: 500, to: 5500 })).toBe(1000);
  });
});

describe("the clock of several players", () => {
  it("runs at its speed and stands still", () => {
    const clock = new Clock(1_000_000, 0);
    clock.run(true, 0);
    expect(clock.at(500)).toBe(1_000_500);
    clock.speed(4, 500);
    expect(clock.at(1000)).toBe(1_002_500);
    clock.run(false, 1000);
    expect(clock.at(9000)).toBe(1_002_500);
  });

  it("brings who is off back, gently, and by a seek who is far off", () => {
    expect(correction(0.01, 1)).toBe(1);
    expect(correction(0.1, 1)).toBeCloseTo(0.9);
    expect(correction(-0.5, 1)).toBeCloseTo(1.2);
    expect(correction(2, 1)).toBe("seek");
    expect(correction(2, 8)).toBeLessThan(8);
  });
});
