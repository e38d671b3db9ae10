/** A flood of alarms: the overview of the hub, and what of a group can be moved together. */

import { type Ref, watch } from "vue";

import { api, got, type Of } from "@/hub/client";
import { useLoaded } from "@/hub/loaded";
import { type Incident, LEVELS } from "@/kit/incidents";

import { allowing, type Wanted } from "./moves/allowed";

export type Group = Of<"GroupView">;
export interface Flood {
  overview: Readonly<Ref<Of<"OverviewView"> | undefined>>;
  problem: Readonly<Ref<unknown>>;
  reload: () => Promise<void>;
}

const LOOK_EVERY_S = 20;

/** The overview; collapsed whatever the hub thinks while `collapse` says so. */
export function useFlood(collapse: () => boolean): Flood {
  const { data, problem, reload } = useLoaded(
    (signal) =>
      got(
        api.GET("/api/v1/incidents/overview", {
          params: { query: { collapse: collapse() ? "always" : "auto" } },
          signal,
        }),
      ),
    { everyS: LOOK_EVERY_S, on: (topic) => collapse() && topic === "incident" },
  );
  watch(collapse, () => void reload());
  return { overview: data, problem, reload };
}

/** The incidents of a group as they stand now; those that this page does not have are left out. */
export function membersOf(group: Group, known: (id: string) => Incident | undefined): Incident[] {
  return group.incidents.map(known).filter((one) => one !== undefined);
}

/** What can be done with all of a group, and with how many of it. */
export function movesOf(members: readonly Incident[]): { move: Wanted; n: number }[] {
  const moves: Wanted[] = ["acknowledge", "resolve", "shelve"];
  return moves.map((move) => ({ move, n: allowing(move, members).length })).filter(({ n }) => n > 0);
}

/** How many of each level, the gravest first. */
export function levelsOf(group: Group): { level: (typeof LEVELS)[number]; n: number }[] {
  return LEVELS.map((level) => ({ level, n: group.by_level[level] ?? 0 })).filter(({ n }) => n > 0);
}

/** The gravest first; of these what nobody has looked at, the largest, the newest. */
export function gravestFirst(one: Group, other: Group): number {
  const grave = (group: Group) => LEVELS.findIndex((level) => (group.by_level[level] ?? 0) > 0);
  const unseen = (group: Group) => Number((group.by_handling.new ?? 0) > 0);
  return (
    grave(one) - grave(other) ||
    unseen(other) - unseen(one) ||
    other.count - one.count ||
    other.newest.localeCompare(one.newest)
  );
}
