/** How long something may be hidden at a time, as the hub starts with it; the hub itself has the last word. */

import type { Level } from "@/kit/incidents";

const MINUTE_S = 60;
const HOUR_S = 3_600;

/** What is offered, seconds. */
export const STEPS_S = [
  15 * MINUTE_S,
  30 * MINUTE_S,
  HOUR_S,
  2 * HOUR_S,
  4 * HOUR_S,
  8 * HOUR_S,
  24 * HOUR_S,
] as const;

const LONGEST_S: Readonly<Record<Level, number>> = {
  red: 30 * MINUTE_S,
  orange: 2 * HOUR_S,
  yellow: 8 * HOUR_S,
  blue: 24 * HOUR_S,
  green: 24 * HOUR_S,
};

export const longestS = (level: Level): number => LONGEST_S[level];
/** A device may be out of service for so long at a time. */
export const LONGEST_DEVICE_S = 7 * 24 * HOUR_S;
