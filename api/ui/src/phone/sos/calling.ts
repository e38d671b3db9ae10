/**
 * Calling for help: a report of the category `help`, which the hub answers when it is stored and its incident is open.
 * It has an id of its own, so that a phone that tries again and again makes one call of it.
 */

import { type Of, Problem } from "@/hub/client";
import { problemOf } from "@/hub/problem";
import { authorised } from "@/hub/session";

import type { Spot } from "../place";

export type Call = Of<"ReportView">;

/** An answer that takes longer is none: somebody waits for it. */
const WITHIN_MS = 6_000;

export interface Wish {
  id: string;
  site: string | null;
  spot: Spot | null;
  text: string;
}

export function formOf(wish: Wish): FormData {
  const form = new FormData();
  form.set("client_id", wish.id);
  form.set("category", "help");
  if (wish.text.trim() !== "") form.set("text", wish.text.trim());
  if (wish.site !== null) form.set("site", wish.site);
  if (wish.spot !== null) {
    form.set("lat", String(wish.spot.lat));
    form.set("lon", String(wish.spot.lon));
  }
  return form;
}

/** Send it; throws a Problem where the hub refuses, anything else where it was not reached. */
export async function call(wish: Wish): Promise<Call> {
  const answer = await authorised("/api/v1/reports", {
    method: "POST",
    body: formOf(wish),
    signal: AbortSignal.timeout(WITHIN_MS),
  });
  if (!answer.ok) throw await problemOf(answer);
  return (await answer.json()) as Call;
}

/** Whether it is worth trying again by itself: the hub did not say no. */
export const isWorthAnotherTry = (error: unknown): boolean =>
  !(error instanceof Problem) || error.status >= 500 || error.status === 429;
