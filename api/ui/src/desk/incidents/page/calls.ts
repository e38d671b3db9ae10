/** Whom to call about an incident, and how what the hub says of it is ordered on the page. */

import type { Of } from "@/hub/client";

/** The public ones, by the family of what happened: fire, ambulance, police, traffic police. */
const EMERGENCY: Readonly<Record<string, readonly Number[]>> = {
  fire: ["119", "120"],
  gas: ["119", "120"],
  power: ["119"],
  sos: ["120", "110"],
  care: ["120", "110"],
  flood: ["119"],
  geo: ["119"],
  road: ["122", "120"],
  crowd: ["110", "120"],
  area: ["110"],
  vehicle: ["110"],
  door: ["110"],
};
type Number = "110" | "119" | "120" | "122";

export const emergencyOf = (kind: string): readonly Number[] => EMERGENCY[kind.split(".")[0] ?? ""] ?? [];

type Call = Of<"CallView">;

/** By person, for the lists in which he stands anyway. */
export const numbersOf = (calls: readonly Call[]): ReadonlyMap<string, string> =>
  new Map(calls.flatMap((each) => (each.account ? [[each.account, each.number] as const] : [])));

/** Who stands in no other list: whoever is there, then the reporter, then whom anybody may call. */
const APART = ["site", "lives_there", "reporter", "community"] as const;
export type Apart = (typeof APART)[number];
export const apart = (calls: readonly Call[]): (Call & { why: Apart })[] =>
  APART.flatMap((why) => calls.filter((each): each is Call & { why: Apart } => each.why === why));

/** Whom one calls before anybody is sent: who is at the place, or saw it. */
export const nearest = (calls: readonly Call[]): (Call & { why: Apart })[] =>
  apart(calls)
    .filter((each) => each.why !== "community")
    .slice(0, 3);
