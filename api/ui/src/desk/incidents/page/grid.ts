/** The grid: from the top down to an area, by its parents. */

import type { Of } from "@/hub/client";

type Area = Of<"AreaView">;

/** The area and those above it, the topmost first. A ring of parents ends where it closes. */
export function pathUp(area: string | null, all: readonly Area[]): Area[] {
  const known = new Map(all.map((each) => [each.id, each]));
  const path: Area[] = [];
  let at = area === null ? undefined : known.get(area);
  while (at !== undefined && !path.includes(at)) {
    path.unshift(at);
    at = at.parent ? known.get(at.parent) : undefined;
  }
  return path;
}
