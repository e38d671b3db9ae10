/** Reports and tasks as the room looks for them. */

import type { Of } from "@/hub/client";

export type Report = Of<"ReportView">;
export type Task = Of<"TaskView">;
export const STEPS = ["received", "seen", "on_the_way", "done"] as const;
export const STATES = ["offered", "taken", "done", "confirmed", "withdrawn"] as const;

export interface Sought {
  q: string;
  category: string;
  step: string;
  area: string;
  due: boolean;
}
export const NOTHING: Sought = { q: "", category: "", step: "", area: "", due: false };

/** What is asked of the hub: what is left empty is not. */
export function queryOf(sought: Sought): {
  q?: string;
  category?: string;
  step?: (typeof STEPS)[number];
  area?: string;
  due?: boolean;
} {
  return {
    ...(sought.q.trim() === "" ? {} : { q: sought.q.trim() }),
    ...(sought.category === "" ? {} : { category: sought.category }),
    ...(sought.step === "" ? {} : { step: sought.step as (typeof STEPS)[number] }),
    ...(sought.area === "" ? {} : { area: sought.area }),
    ...(sought.due ? { due: true } : {}),
  };
}

/** The task that a report becomes: what it says, at its place. */
export function offerOf(report: Report): { text: string; site: string | null; area: string | null } {
  return { text: report.text, site: report.site ?? null, area: report.area ?? null };
}

/** A key that a redemption is known by, so that it costs once however often it is sent. */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(12))]
    .map((each) => each.toString(16).padStart(2, "0"))
    .join("");
}
