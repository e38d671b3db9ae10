/** What a list is narrowed to; kept in the address, so that going back and reloading keep it. */

import { type Ref, ref, watch } from "vue";
import { useRoute, useRouter } from "vue-router";

import { type Incident, type Level, LEVELS } from "@/kit/incidents";

import { matches } from "./moves/near";

export const VIEWS = ["open", "groups", "done"] as const;
export type View = (typeof VIEWS)[number];

export interface Filters {
  view: View;
  levels: Level[];
  area: string;
  family: string;
  text: string;
}

type Query = Record<string, unknown>;

/** What an address says; what it says wrongly is left out. */
export function filtersOf(query: Query): Filters {
  const text = (name: string) => (typeof query[name] === "string" ? query[name] : "");
  const view = text("view");
  const levels = text("level").split(",");
  return {
    view: VIEWS.find((each) => each === view) ?? "open",
    levels: LEVELS.filter((each) => levels.includes(each)),
    area: text("area"),
    family: text("kind"),
    text: text("q"),
  };
}

/** The address for it; what is not narrowed is left out. */
export function queryOf(filters: Filters): Record<string, string> {
  const all = {
    view: filters.view === "open" ? "" : filters.view,
    level: filters.levels.join(","),
    area: filters.area,
    kind: filters.family,
    q: filters.text,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
}

/** Whether an incident is among what is wanted. The area counts with all below it where its ids are given. */
export function fitsIn(one: Incident, filters: Filters, areas: ReadonlySet<string> | null = null): boolean {
  return (
    (filters.levels.length === 0 || filters.levels.includes(one.level)) &&
    (filters.area === "" || one.area === filters.area || (areas?.has(one.area ?? "") ?? false)) &&
    (filters.family === "" || one.kind.split(".")[0] === filters.family) &&
    (filters.text.trim() === "" || matches(one, filters.text.trim()))
  );
}

/** The filters of the open page. */
export function useFilters(): { filters: Ref<Filters>; fits: (one: Incident) => boolean } {
  const route = useRoute();
  const router = useRouter();
  const here = route.path;
  const filters = ref(filtersOf(route.query));
  watch(filters, (now) => void router.replace({ query: queryOf(now) }), { deep: true });
  watch(
    () => route.query,
    (query) => {
      if (route.path !== here) return;
      const now = filtersOf(query);
      if (JSON.stringify(now) !== JSON.stringify(filters.value)) filters.value = now;
    },
  );
  return { filters, fits: (one) => fitsIn(one, filters.value) };
}
