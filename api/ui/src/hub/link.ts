/**
 * Whether the hub answers, and what time it is there. Asked every two seconds while the page is looked at, so that a
 * page says within five that the hub is gone, whatever else it does.
 */

import { computed, reactive, readonly, ref } from "vue";

const ASK_EVERY_MS = 2_000;
const ANSWER_WITHIN_MS = 2_000;
const HEARD = "hub-heard";

const state = reactive({
  /** `connecting` before the first answer. */
  at: "connecting" as "connecting" | "live" | "lost",
  /** When it was last heard of, this machine's clock, ms; of a page that opens without a line, when another was told. */
  heard: Number(localStorage.getItem(HEARD)) || Date.now(),
  /** The hub's time minus this machine's, ms. */
  offset: 0,
});
const returned = new Set<() => void>();
const ticking = ref(Date.now());
let running = false;

export const link = readonly(state);

/** The hub's time, moving on by the second. */
export const hubNow = computed(() => ticking.value + state.offset);

/** Seconds since the hub was last heard of; 0 while it answers. */
export const silentS = computed(() =>
  state.at === "lost" ? Math.max(0, Math.round((ticking.value - state.heard) / 1000)) : 0,
);

/** Have something done whenever the hub is back; returns what takes it back. */
export function onReturn(act: () => void): () => void {
  returned.add(act);
  return () => returned.delete(act);
}

async function ask(): Promise<void> {
  try {
    const began = Date.now();
    const answer = await fetch("/healthz", {
      cache: "no-store",
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    heardOf();
    const there = Date.parse(answer.headers.get("Date") ?? "");
    // The header has whole seconds: only a clock that is off by more than that is worth setting right.
    const off = there - (began + Date.now()) / 2;
    state.offset = Number.isFinite(off) && Math.abs(off) > 2_000 ? off : 0;
  } catch {
    if (Date.now() - state.heard > ASK_EVERY_MS) state.at = "lost";
  }
}

/** The hub said something, here or elsewhere on the page. */
export function heardOf(): void {
  const was = state.at;
  state.heard = Date.now();
  state.at = "live";
  localStorage.setItem(HEARD, String(state.heard));
  if (was === "lost") for (const act of [...returned]) act();
}

/** Begin to ask. Once for a page. */
export function startLink(): void {
  if (running) return;
  running = true;
  void ask();
  setInterval(() => {
    ticking.value = Date.now();
  }, 1_000);
  setInterval(() => {
    if (!document.hidden) void ask();
  }, ASK_EVERY_MS);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void ask();
  });
}
