/** Readings as curves: one for each quantity, and between which times they are asked for. */

import type { Of } from "@/hub/client";

const BEFORE_MS = 3_600_000;
const AFTER_MS = 1_800_000;
const LONGEST_MS = 24 * 3_600_000;

export interface Curve {
  name: string;
  /** Seconds since 1970, rising. */
  at: number[];
  value: number[];
  last: string;
  low: string;
  high: string;
}

const short = (value: number): string => Number(value.toPrecision(4)).toString();

export function curvesOf(readings: readonly Of<"ReadingView">[]): Curve[] {
  const names = [...new Set(readings.map((each) => each.name))].sort();
  return names.map((name) => {
    const own = readings.filter((each) => each.name === name);
    const value = own.map((each) => each.value);
    return {
      name,
      at: own.map((each) => Date.parse(each.at) / 1000),
      value,
      last: short(value.at(-1) ?? 0),
      low: short(Math.min(...own.map((each) => each.minimum))),
      high: short(Math.max(...own.map((each) => each.maximum))),
    };
  });
}

/** From an hour before it was opened until now, or half an hour after it ended; a day at most. */
export function spanAround(opened: string, ended: string | null, now: number): { from: string; to: string } {
  const from = Date.parse(opened) - BEFORE_MS;
  const end = ended === null ? now : Math.min(now, Date.parse(ended) + AFTER_MS);
  const to = Math.max(from + BEFORE_MS, Math.min(end, from + LONGEST_MS));
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}
