/** What `/figures/*` answers, the aims of ISA-18.2 and EEMUA 191, and what is over them. */

import { api, got } from "@/hub/client";

export interface Counted {
  since: string;
  annunciations: number;
}
export interface Load {
  since: string;
  until: string;
  annunciations: number;
  opened: number;
  positions: number;
  per_position: { day: number; hour: number; ten_minutes: number };
  most_in_ten_minutes: number;
  busiest: string | null;
  busy_share: number;
  flood_share: number;
  floods: {
    began: string;
    ended: string | null;
    annunciations: number;
    first: { kind: string; key: string };
  }[];
  most_frequent_share: number;
  chattering: { kind: string; key: string }[];
  fleeting: number;
  stale: number;
  mix: { low: number; medium: number; high: number };
  levels: Record<string, number>;
  rules: { rule: string; annunciations: number; share: number }[];
  hours: Counted[];
  days: Counted[];
}
export interface Timing {
  count: number;
  median_s: number | null;
  p90_s: number | null;
  missed: number;
  within: number | null;
}
export interface Step extends Timing {
  levels: Record<string, Timing>;
}
export const STEPS = ["seen", "dispatched", "accepted", "on_scene", "resolved"] as const;
export type StepName = (typeof STEPS)[number];
export interface Person {
  name: string;
  answered: number;
  moves: Record<string, number>;
  steps: Record<StepName, Step>;
}
export interface People {
  since: string;
  until: string;
  room: Record<StepName, Step>;
  people: Person[];
}
export interface Shares {
  verdicts: Record<string, number>;
  judged: number;
  false_share: number | null;
  causes: Record<string, number>;
}
export interface RuleShares extends Shares {
  rule: string;
  annunciations: number;
  share: number;
}
export interface BadActor {
  rule: string;
  why: string[];
  suggestion: {
    what: { zh: string; en: string };
    false_gone: number;
    true_lost: number;
    text: string;
  } | null;
}
export interface Rules {
  since: string;
  until: string;
  total: Shares;
  rules: RuleShares[];
  devices: (Shares & { device: string })[];
  bad_actors: BadActor[];
}
export interface Open {
  id: string;
  number: number;
  kind: string;
  level: "red" | "orange" | "yellow" | "blue" | "green";
  handling: string;
  opened: string;
}
export interface Shift {
  since: string;
  until: string;
  shift: string;
  date: string;
  over: boolean;
  load: Load;
  people: People;
  rules: Omit<Rules, "bad_actors">;
  open_before: Open[];
  open_after: Open[];
}
export interface Span {
  from?: string;
  to?: string;
}

type Asked<T> = (signal: AbortSignal) => Promise<T>;
// The description of the API says of these no more than that they are objects.
const asked = async <T>(answer: Promise<unknown>): Promise<T> => (await answer) as T;
export const loadOf =
  (query: Span): Asked<Load> =>
  (signal) =>
    asked(got(api.GET("/api/v1/figures/load", { params: { query }, signal })));
export const peopleOf =
  (query: Span): Asked<People> =>
  (signal) =>
    asked(got(api.GET("/api/v1/figures/people", { params: { query }, signal })));
export const rulesOf =
  (query: Span): Asked<Rules> =>
  (signal) =>
    asked(got(api.GET("/api/v1/figures/rules", { params: { query }, signal })));
export const shiftOf =
  (query: { date?: string; shift?: string }): Asked<Shift> =>
  (signal) =>
    asked(got(api.GET("/api/v1/figures/shift", { params: { query }, signal })));

export type Measure =
  | "day"
  | "hour"
  | "ten_minutes"
  | "most_in_ten_minutes"
  | "busy_share"
  | "flood_share"
  | "most_frequent_share"
  | "chattering"
  | "fleeting"
  | "stale";

/** What is measured of the load, with the aim for one position; without an aim where none is published. */
export interface Measured {
  measure: Measure;
  value: number;
  aim: number | null;
  share: boolean;
  over: boolean;
}

export function measures(load: Load): Measured[] {
  const of = (measure: Measure, value: number, aim: number | null, share = false): Measured => ({
    measure,
    value,
    aim,
    share,
    over: aim !== null && value > aim,
  });
  return [
    of("day", load.per_position.day, 144),
    of("hour", load.per_position.hour, 6),
    of("ten_minutes", load.per_position.ten_minutes, 1),
    of("most_in_ten_minutes", load.most_in_ten_minutes, 10),
    of("busy_share", load.busy_share, 0.01, true),
    of("flood_share", load.flood_share, 0.01, true),
    of("most_frequent_share", load.most_frequent_share, 0.05, true),
    of("chattering", load.chattering.length, 0),
    of("fleeting", load.fleeting, null),
    of("stale", load.stale, 5),
  ];
}

/** A share as people read it: `0.4 %`. */
export function percent(share: number | null | undefined, digits = 0): string {
  return share === null || share === undefined ? "–" : `${(share * 100).toFixed(digits)} %`;
}

/** Seconds as `1:05` or `2:03:04`; a dash for none. */
export function seconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  const whole = Math.round(value);
  const two = (part: number) => String(part).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours > 0 ? `${String(hours)}:${two(minutes)}:${two(rest)}` : `${String(minutes)}:${two(rest)}`;
}
