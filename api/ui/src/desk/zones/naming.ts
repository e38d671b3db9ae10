/** What zones, lines and kinds are called. */

import { inLanguage } from "@/words";

import type { Change, Draft, Ref, Use } from "./draft";
import { say, type Said } from "./words";

export const useName = (use: Use) => say(`use-${use}`);

export function nameOf(draft: Draft, what: { sort: Ref["sort"]; id: string }): string {
  if (what.sort === "ground") return say("ground");
  if (what.sort === "line")
    return inLanguage(draft.lines.find((each) => each.id === what.id)?.name) || what.id;
  return inLanguage(draft.zones.find((each) => each.id === what.id)?.name) || what.id;
}

export function changeText(change: Change, before: Draft, after: Draft): string {
  return say(`change-${change.change}`, {
    name: nameOf(change.change === "removed" ? before : after, change),
  });
}

const KINDS = new Set([
  "person",
  "vehicle",
  "bicycle",
  "animal",
  "mover",
  "crossing",
  "wrong_way",
  "congestion",
  "climbing",
  "child_near_water",
]);

export function kindText(kind: string): string {
  const last = kind.replace(/^camera\./, "");
  return say((KINDS.has(last) ? `kind-${last}` : "kind-other") as Said);
}
