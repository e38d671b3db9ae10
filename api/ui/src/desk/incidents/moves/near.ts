/** Other incidents that may be the same happening: those of the same site first, then of the same area. */

import { type Incident, placeOf, textOf } from "@/kit/incidents";

export const matches = (one: Incident, wanted: string): boolean => {
  const text = `#${one.number} ${textOf(one)} ${placeOf(one)} ${one.kind}`.toLowerCase();
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
};

export function nearby(some: readonly Incident[], all: readonly Incident[], wanted = ""): Incident[] {
  const own = new Set(some.map((one) => one.id));
  const [first] = some;
  const far = (one: Incident) =>
    first?.site && one.site === first.site ? 0 : first?.area && one.area === first.area ? 1 : 2;
  return all
    .filter((one) => !own.has(one.id) && matches(one, wanted))
    .sort((one, other) => far(one) - far(other) || other.opened.localeCompare(one.opened));
}
