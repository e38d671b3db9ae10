/** What was recorded of some cameras on a day, loaded once for each and again while it still grows. */

import { onScopeDispose, reactive, watch } from "vue";

import { api, got, type Of } from "@/hub/client";
import { hubNow, onReturn } from "@/hub/link";

import type { Span } from "./maths";

export interface Mark {
  at: number;
  level: Of<"IncidentView">["level"];
  kind: string;
  incident: string | null;
  alerts: number;
}

export interface RecordedDay {
  ranges: (Span & { size_bytes: number })[];
  gaps: (Span & { reason: Of<"GapView">["reason"]; lasts: boolean })[];
  marks: Mark[];
  view: Of<"RecordingsView">;
}

export interface DayOf {
  camera: string;
  stream: "main" | "sub";
}

const RESOLUTION_S = 2;
const AGAIN_MS = 20_000;
const ms = (text: string) => Date.parse(text);

export function readDay(view: Of<"RecordingsView">): RecordedDay {
  return {
    view,
    ranges: view.ranges.map((each) => ({
      from: ms(each.from),
      to: ms(each.to),
      size_bytes: each.size_bytes,
    })),
    gaps: view.gaps.map((each) => ({
      from: ms(each.from),
      to: ms(each.to),
      reason: each.reason,
      lasts: each.lasts,
    })),
    marks: view.marks.map((each) => ({
      at: ms(each.at),
      level: each.level as Mark["level"],
      kind: each.kind,
      incident: each.incident ?? null,
      alerts: each.alerts,
    })),
  };
}

/** Days by camera; what could not be loaded is in `problems`. */
export function useDays(cameras: () => DayOf[], day: () => Span) {
  const days = reactive(new Map<string, RecordedDay>());
  const problems = reactive(new Map<string, unknown>());
  let turn = 0;

  async function load({ camera, stream }: DayOf, mine: number): Promise<void> {
    const { from, to } = day();
    if (from >= hubNow.value) return;
    try {
      const view = await got(
        api.GET("/api/v1/cameras/{camera_id}/recordings", {
          params: {
            path: { camera_id: camera },
            query: {
              from: new Date(from).toISOString(),
              to: new Date(to).toISOString(),
              stream,
              resolution_s: RESOLUTION_S,
            },
          },
        }),
      );
      if (mine !== turn) return;
      days.set(camera, readDay(view));
      problems.delete(camera);
    } catch (error) {
      if (mine === turn) problems.set(camera, error);
    }
  }

  function all(): void {
    const mine = ++turn;
    for (const each of cameras()) void load(each, mine);
  }

  watch(
    () => JSON.stringify([cameras(), day().from]),
    (_now, before) => {
      const [, from] = JSON.parse(before ?? "[[],0]") as [DayOf[], number];
      if (from !== day().from) days.clear();
      for (const camera of [...days.keys()])
        if (!cameras().some((each) => each.camera === camera)) days.delete(camera);
      problems.clear();
      all();
    },
    { immediate: true },
  );
  const timer = setInterval(() => {
    if (!document.hidden && day().to > hubNow.value) all();
  }, AGAIN_MS);
  const back = onReturn(all);
  onScopeDispose(() => {
    turn += 1;
    clearInterval(timer);
    back();
  });
  return { days, problems, reload: all };
}
