/** Two backtests held against each other: what both would have raised, and what one of them alone. */

import type { Of } from "@/hub/client";

export type Case = Of<"CaseView">;
export interface Compared {
  both: Case[];
  added: Case[];
  gone: Case[];
}

const NEAR_MS = 60_000;

/** Alerts of one key that began within a minute of each other, or of which one stood while the other began, are one. */
export function compare(now: readonly Case[], changed: readonly Case[]): Compared {
  const left = [...now];
  const found: Compared = { both: [], added: [], gone: left };
  for (const each of changed) {
    const index = left.findIndex((other) => other.key === each.key && meet(each, other));
    if (index < 0) found.added.push(each);
    else {
      left.splice(index, 1);
      found.both.push(each);
    }
  }
  return found;
}

function meet(one: Case, other: Case): boolean {
  const end = (of: Case) => (of.ended == null ? Number.POSITIVE_INFINITY : Date.parse(of.ended));
  const [a, b] = [Date.parse(one.began), Date.parse(other.began)];
  return a <= end(other) + NEAR_MS && b <= end(one) + NEAR_MS;
}
