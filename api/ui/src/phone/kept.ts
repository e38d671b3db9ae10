/**
 * What this phone keeps of the hub's answers, so that a page opened without a line shows something, with its age. It
 * belongs to who is signed in and goes when he signs out; pictures are never kept.
 */

import { computed, type ComputedRef, watch } from "vue";

import { type Loaded, useLoaded } from "@/hub/loaded";

const PREFIX = "kept:";

interface Kept<T> {
  /** ms since 1970. */
  at: number;
  value: T;
}

export function keep(name: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify({ at: Date.now(), value }));
  } catch {
    localStorage.removeItem(PREFIX + name); // the phone is full: better nothing than something old
  }
}

export function kept<T>(name: string): Kept<T> | null {
  const text = localStorage.getItem(PREFIX + name);
  if (text === null) return null;
  try {
    return JSON.parse(text) as Kept<T>;
  } catch {
    return null;
  }
}

/** Somebody else holds the phone from now on. */
export function forgetKept(): void {
  for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
}

/** As `useLoaded`, beginning with what was kept under this name. */
export function useKept<T>(
  name: string,
  load: (signal: AbortSignal) => Promise<T>,
  when: Parameters<typeof useLoaded>[1] = {},
): Omit<Loaded<T>, "data"> & { data: ComputedRef<T | undefined> } {
  const before = kept<T>(name);
  const loaded = useLoaded(load, when);
  watch(loaded.data, (found) => {
    if (found !== undefined) keep(name, found);
  });
  return { ...loaded, data: computed(() => loaded.data.value ?? before?.value) };
}
