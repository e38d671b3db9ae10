/**
 * The watch: everything that is open, as the hub has it now, whatever room of the desk is open. It rings, counts and
 * tells the browser. What the feed names is fetched at once and shown as the hub has it; of what comes while an answer
 * is awaited, each incident is fetched once.
 */

import { computed, effectScope, type EffectScope, ref, shallowReactive, shallowRef, watch } from "vue";

import { api, everyPage, got, Problem } from "@/hub/client";
import { listen } from "@/hub/feed";
import { onReturn } from "@/hub/link";
import { keepRinging, ring, sound, soundOnTouch } from "@/kit/chime";
import { asks, type Incident, isOpen, type Level, placeOf, rank, textOf, worstFirst } from "@/kit/incidents";

import { waiting } from "../waiting";

const MOST = 2_000;
const AT_ONCE = 12; // more than these named together: the list is read anew
const PAGE = 500;

const open = shallowReactive(new Map<string, Incident>());
/** What this person has opened: it goes on asking, and rings no more unless it becomes graver or comes again. */
const heard = shallowReactive(new Set<string>());
const scope = ref<EffectScope | null>(null);

export const loaded = ref(false);
export const problem = shallowRef<unknown>(null);
/** What rang last, for who cannot see the screen. */
export const announced = shallowRef<Incident | null>(null);

/** All that is open, the worst first. */
export const worst = computed(() => [...open.values()].sort(worstFirst));
export const unseen = computed(() => worst.value.filter(asks));

export const known = (id: string): Incident | undefined => open.get(id);
const ringing = (one: Incident): string => `${one.id} ${one.level} ${one.since ?? ""}`;
const loudest = computed<Level | null>(() => {
  const left = unseen.value.filter((one) => !heard.has(ringing(one)));
  return left.reduce<Level | null>(
    (found, one) => (found === null || rank(one.level) > rank(found) ? one.level : found),
    null,
  );
});

/** It was opened and looked at. */
export function lookedAt(one: Incident): void {
  heard.add(ringing(one));
}

/** Take in how an incident stands; an older answer never replaces a newer one. */
export function put(one: Incident, announce = false): void {
  const before = open.get(one.id);
  if (before !== undefined && one.version < before.version) return;
  if (!isOpen(one)) {
    open.delete(one.id);
    return;
  }
  open.set(one.id, one);
  const anew = asks(one) && (before === undefined || !asks(before) || rank(one.level) > rank(before.level));
  if (announce && anew) tell(one);
}

function tell(one: Incident): void {
  announced.value = one;
  if (sound.level === one.level) ring(one.level); // one more of those that ring already is heard at once
  if (!document.hidden || !("Notification" in window) || Notification.permission !== "granted") return;
  const told = new Notification(textOf(one), { body: placeOf(one), tag: one.id });
  told.onclick = () => {
    window.focus();
    told.close();
  };
}

/** Read all that is open anew. */
export async function reload(): Promise<void> {
  const first = !loaded.value;
  const began = new Set(open.keys());
  try {
    const found = await everyPage(
      (cursor) =>
        got(api.GET("/api/v1/incidents", { params: { query: { state: "open", limit: PAGE, cursor } } })),
      MOST,
    );
    const kept = new Set(found.map((one) => one.id));
    for (const id of began) if (!kept.has(id)) open.delete(id);
    for (const one of found) put(one, !first);
    loaded.value = true;
    problem.value = null;
  } catch (error) {
    problem.value = error;
  }
}

const named = new Set<string>();
let fetching = false;

function touch(id: string): void {
  named.add(id);
  if (!fetching) void fetchNamed();
}

async function fetchNamed(): Promise<void> {
  fetching = true;
  try {
    while (named.size > 0) {
      const ids = [...named];
      named.clear();
      if (ids.length > AT_ONCE) await reload();
      else await Promise.all(ids.map(fetchOne));
    }
  } catch (error) {
    problem.value = error; // the link is gone: once it is back, all is read anew
  } finally {
    fetching = false;
  }
}

async function fetchOne(id: string): Promise<void> {
  try {
    const path = { incident_id: id };
    const one = await got(api.GET("/api/v1/incidents/{incident_id}", { params: { path } }));
    put(one, true);
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 404) throw error;
    open.delete(id); // it is not for this person any more
  }
}

/** Begin to watch; returns what ends it. One watch for a page. */
export function startWatch(): () => void {
  stopWatch();
  const endings = [
    listen(
      (_topic, entry) => {
        if (typeof entry.incident === "string") touch(entry.incident);
      },
      () => void reload(),
    ),
    onReturn(() => void reload()),
    soundOnTouch(),
  ];
  const mine = effectScope(true);
  mine.run(() => {
    watch(loudest, keepRinging, { immediate: true });
    watch(unseen, (found) => (waiting.value = found.length), { immediate: true });
  });
  scope.value = mine;
  void reload();
  return () => {
    for (const end of endings) end();
    if (scope.value === mine) stopWatch();
  };
}

function stopWatch(): void {
  scope.value?.stop();
  scope.value = null;
  keepRinging(null);
  waiting.value = 0;
  loaded.value = false;
  open.clear();
}
