/** What a page shows of the hub: loaded, kept while the hub is away, loaded again when it is back or something changed. */

import { onScopeDispose, type Ref, ref, shallowRef } from "vue";

import { type Entry, listen } from "./feed";
import { onReturn } from "./link";

export interface Loaded<T> {
  /** Undefined until it was there once; what was last loaded afterwards. */
  data: Readonly<Ref<T | undefined>>;
  /** When it was loaded, ms; null before. */
  at: Readonly<Ref<number | null>>;
  /** Why the newest attempt failed. */
  problem: Readonly<Ref<unknown>>;
  loading: Readonly<Ref<boolean>>;
  reload: () => Promise<void>;
}

interface When {
  /** Again every so many seconds while the page is looked at. */
  everyS?: number;
  /** Again when the feed tells something of these; gathered for a quarter of a second. */
  on?: (topic: string, entry: Entry) => boolean;
}

const GATHER_MS = 250;

/** Load now, and again as `when` says, until the component is gone. An older answer never replaces a newer one. */
export function useLoaded<T>(load: (signal: AbortSignal) => Promise<T>, when: When = {}): Loaded<T> {
  const data = shallowRef<T>();
  const at = ref<number | null>(null);
  const problem = shallowRef<unknown>(null);
  const loading = ref(false);
  const over = new AbortController();
  let asking: AbortController | null = null;
  let gathering: ReturnType<typeof setTimeout> | undefined;

  async function reload(): Promise<void> {
    asking?.abort();
    const mine = (asking = new AbortController());
    loading.value = true;
    try {
      const found = await load(AbortSignal.any([mine.signal, over.signal]));
      if (mine.signal.aborted) return;
      data.value = found;
      at.value = Date.now();
      problem.value = null;
    } catch (error) {
      if (!mine.signal.aborted && !over.signal.aborted) problem.value = error;
    } finally {
      if (asking === mine) loading.value = false;
    }
  }

  const endings = [onReturn(() => void reload())];
  const concerns = when.on;
  if (concerns !== undefined) {
    const soon = () => {
      clearTimeout(gathering);
      gathering = setTimeout(() => void reload(), GATHER_MS);
    };
    endings.push(listen((topic, entry) => (concerns(topic, entry) ? soon() : undefined), soon));
  }
  if (when.everyS !== undefined) {
    const timer = setInterval(() => {
      if (!document.hidden) void reload();
    }, when.everyS * 1000);
    endings.push(() => {
      clearInterval(timer);
    });
  }
  onScopeDispose(() => {
    over.abort();
    clearTimeout(gathering);
    for (const end of endings) end();
  });
  void reload();
  return { data, at, problem, loading, reload };
}
