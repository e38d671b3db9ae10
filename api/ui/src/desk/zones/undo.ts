/** Undo: the states that a drawing went through, a hundred at most. */

import { computed, ref, shallowRef } from "vue";

const KEPT = 100;

/** A state that can be taken back; states are never changed, only replaced. */
export function useUndo<T>(first: T) {
  const now = shallowRef(first);
  const past = ref<T[]>([]);
  const undone = ref<T[]>([]);
  let begun: T | null = null;

  /** Go on to another state. While something is drawn (between `begin` and `end`) all of it is one step. */
  function go(next: T): void {
    if (begun === null) keep(now.value);
    now.value = next;
  }

  function keep(state: T): void {
    past.value = [...(past.value as T[]), state].slice(-KEPT);
    undone.value = [];
  }

  function begin(): void {
    begun ??= now.value;
  }

  function end(): void {
    const before = begun;
    begun = null;
    if (before !== null && before !== now.value) keep(before);
  }

  function undo(): void {
    const before = past.value.at(-1) as T | undefined;
    if (before === undefined) return;
    past.value = past.value.slice(0, -1);
    undone.value = [...undone.value, now.value] as typeof undone.value;
    now.value = before;
  }

  function redo(): void {
    const next = undone.value.at(-1) as T | undefined;
    if (next === undefined) return;
    undone.value = undone.value.slice(0, -1);
    past.value = [...past.value, now.value] as typeof past.value;
    now.value = next;
  }

  /** Begin anew, with nothing to take back. */
  function reset(state: T): void {
    now.value = state;
    past.value = [];
    undone.value = [];
    begun = null;
  }

  return {
    now,
    go,
    begin,
    end,
    undo,
    redo,
    reset,
    canUndo: computed(() => past.value.length > 0),
    canRedo: computed(() => undone.value.length > 0),
  };
}
