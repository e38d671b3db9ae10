/** The report of a shift, as `GET /api/v1/figures/shift` tells it. */

import type { Of } from "@/hub/client";

export const STEPS = ["seen", "dispatched", "accepted", "on_scene", "resolved"] as const;
export type Step = (typeof STEPS)[number];

export interface Timing {
  count: number;
  median_s: number | null;
  p90_s: number | null;
  missed: number;
  /** The share that kept to the deadline, 0 to 1. */
  within: number | null;
}
export interface OpenOne {
  id: string;
  number: number;
  kind: string;
  level: Of<"Level">;
  handling: string;
  opened: string;
}
export interface Report {
  shift: string;
  date: string;
  /** Whether the shift has ended. */
  over: boolean;
  since: string;
  until: string;
  load: {
    annunciations: number;
    per_hour: number;
    most_in_ten_minutes: number;
    opened: number;
    stale: number;
    fleeting: number;
    positions: number;
    levels: Record<Of<"Level">, number>;
    families: Record<string, number>;
    rules: { rule: string; annunciations: number; share: number }[];
    floods: { since: string; until: string; annunciations: number }[];
  };
  people: { room: Record<Step, Timing>; people: { who: string; answered: number }[] };
  rules: { total: { verdicts: Record<string, number>; judged: number; false_share: number | null } };
  open_before: OpenOne[];
  open_after: OpenOne[];
}

export const percent = (share: number | null): string =>
  share === null ? "–" : `${(100 * share).toFixed(0)} %`;

/** The day before or after, as the API names days. */
export function dayBeside(date: string, by: 1 | -1): string {
  const day = new Date(`${date}T12:00:00Z`);
  day.setUTCDate(day.getUTCDate() + by);
  return day.toISOString().slice(0, 10);
}

/** The gravest first, of these the oldest: how they are handed over. */
export function handedOver(some: readonly OpenOne[]): OpenOne[] {
  const order = ["red", "orange", "yellow", "blue", "green"];
  return [...some].sort(
    (one, other) =>
      order.indexOf(one.level) - order.indexOf(other.level) || one.opened.localeCompare(other.opened),
  );
}
