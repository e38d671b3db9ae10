/** What is over, the newest first, in pages; loaded when it is looked at. */

import { ref, type Ref, shallowRef, watch } from "vue";

import { api, got } from "@/hub/client";
import { type Incident, isOpen } from "@/kit/incidents";

import type { Filters } from "./filters";
import { worst } from "./watch";

const PAGE = 50;

export interface Done {
  items: Readonly<Ref<Incident[]>>;
  next: Readonly<Ref<string | null>>;
  loading: Readonly<Ref<boolean>>;
  loaded: Readonly<Ref<boolean>>;
  problem: Readonly<Ref<unknown>>;
  more: () => Promise<void>;
  again: () => Promise<void>;
  /** After a move: how these stand now. */
  taken: (changed: Incident[]) => void;
}

export function useDone(filters: Ref<Filters>): Done {
  const items = shallowRef<Incident[]>([]);
  const next = ref<string | null>(null);
  const loading = ref(false);
  const loaded = ref(false);
  const problem = shallowRef<unknown>(null);
  let round = 0;

  async function load(cursor: string | undefined): Promise<void> {
    const mine = ++round;
    loading.value = true;
    try {
      const query = {
        state: "done" as const,
        limit: PAGE,
        cursor,
        level: filters.value.levels.length ? [...filters.value.levels] : undefined,
        area: filters.value.area ? [filters.value.area] : undefined,
        kind: filters.value.family ? [filters.value.family] : undefined,
      };
      const page = await got(api.GET("/api/v1/incidents", { params: { query } }));
      if (mine !== round) return;
      items.value = cursor === undefined ? page.items : [...items.value, ...page.items];
      next.value = page.next ?? null;
      problem.value = null;
      loaded.value = true;
    } catch (error) {
      if (mine === round) problem.value = error;
    } finally {
      if (mine === round) loading.value = false;
    }
  }

  const again = () => load(undefined);
  watch(
    () =>
      [filters.value.view, filters.value.levels.join(), filters.value.area, filters.value.family] as const,
    ([view]) => {
      if (view === "done") void again();
    },
    { immediate: true },
  );
  // One that is no longer open is over: it belongs at the head of this list.
  watch(
    () => worst.value.length,
    (now, before) => {
      if (filters.value.view === "done" && now < before) void again();
    },
  );
  return {
    items,
    next,
    loading,
    loaded,
    problem,
    more: () => load(next.value ?? undefined),
    again,
    taken: (changed) => {
      const now = new Map(changed.map((one) => [one.id, one]));
      items.value = items.value.map((one) => now.get(one.id) ?? one).filter((one) => !isOpen(one));
    },
  };
}
