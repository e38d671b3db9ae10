/** Going through a tour on the wall: step by step, each ticked or passed over when its time is up. */

import { computed, onScopeDispose, ref, type ShallowRef } from "vue";

import { api, everyPage, got, type Of } from "@/hub/client";
import { useLoaded } from "@/hub/loaded";
import { explain } from "@/kit/faults";

export type Tour = Of<"TourView">;

const TICK_MS = 250;
const RELOAD_S = 30;

/** The tour to begin with: one whose round goes on and is not done, else the first. */
export function dueFirst(tours: Tour[]): Tour | null {
  return tours.find((each) => each.now != null && missing(each) !== null) ?? tours[0] ?? null;
}

/** The index of the first step that nobody has looked at in the round that goes on; null where all are seen. */
export function missing(tour: Tour): number | null {
  const index = tour.steps.findIndex(({ step }) => !tour.now?.seen.includes(step));
  return index < 0 ? null : index;
}

/** @param visiting - What the wall shows instead of its layout; null without a tour. */
export function usePatrol(visiting: ShallowRef<string[] | null>) {
  const loaded = useLoaded(
    () => everyPage((cursor) => got(api.GET("/api/v1/tours", { params: { query: { limit: 100, cursor } } }))),
    { everyS: RELOAD_S },
  );
  const tours = computed<Tour[]>(() => loaded.data.value ?? []);
  const running = ref<Tour | null>(null);
  const index = ref(0);
  const leftS = ref(0);
  const ticked = ref<number[]>([]);
  const held = ref(false);
  const done = ref(false);
  const fault = ref("");
  let endsAt = 0;

  function show(to: number): void {
    const step = running.value?.steps[to];
    if (step === undefined) {
      stop();
      done.value = true;
      return;
    }
    index.value = to;
    leftS.value = step.seconds;
    endsAt = performance.now() + step.seconds * 1000;
    visiting.value = step.cameras;
  }

  function start(tour: Tour | null = dueFirst(tours.value)): void {
    if (tour === null) return;
    done.value = false;
    running.value = tour;
    ticked.value = [...(tour.now?.seen ?? [])];
    show(missing(tour) ?? 0);
  }

  function stop(): void {
    running.value = null;
    visiting.value = null;
    held.value = false;
  }

  /** Somebody looked; the next step follows. */
  async function tick(finding: "fine" | "something", note = ""): Promise<boolean> {
    const tour = running.value;
    const step = tour?.steps[index.value];
    if (tour === null || step === undefined) return false;
    try {
      await got(
        api.POST("/api/v1/tours/{tour_id}/looks", {
          params: { path: { tour_id: tour.id } },
          body: { step: step.step, finding, note },
        }),
      );
    } catch (error) {
      fault.value = explain(error);
      return false;
    }
    fault.value = "";
    ticked.value.push(step.step);
    if (finding === "something") held.value = false; // else somebody began to write while this was on its way
    if (running.value === tour) show(index.value + 1);
    void loaded.reload();
    return true;
  }

  const timer = setInterval(() => {
    if (running.value === null) return;
    if (held.value) endsAt = Math.max(endsAt, performance.now() + 1_000); // while somebody writes it stands still
    leftS.value = Math.max(0, Math.ceil((endsAt - performance.now()) / 1000));
    if (performance.now() >= endsAt) show(index.value + 1);
  }, TICK_MS);
  onScopeDispose(() => {
    clearInterval(timer);
  });

  return {
    tours,
    running,
    index,
    leftS,
    ticked,
    held,
    done,
    fault,
    start,
    stop,
    tick,
    /** The next step, without a tick. */
    next: () => {
      show(index.value + 1);
    },
  };
}
