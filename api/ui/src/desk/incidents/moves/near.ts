/** Other incidents that may be the same happening: those of the same site first, then of the same area. */

import type { Incident } from "@/kit/incidents";

/** Whether all words stand in it: number, what it is and where, in either language. */
export function matches(one: Incident, wanted: string): boolean {
  const texts = [one.text, one.name, one.place.site, one.place.area, one.place.camera];
  const said = texts.flatMap((text) => [text?.zh, text?.en]);
  const whole = [`#${one.number}`, one.kind, one.site, one.camera, ...said].join(" ").toLowerCase();
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => whole.includes(word));
}

export function nearby(some: readonly Incident[], all: readonly Incident[], wanted = ""): Incident[] {
  const own = new Set(some.map((one) => one.id));
  const [first] = some;
  const far = (one: Incident) =>
    first?.site && one.site === first.site ? 0 : first?.area && one.area === first.area ? 1 : 2;
  return all
    .filter((one) => !own.has(one.id) && matches(one, wanted))
    .sort((one, other) => far(one) - far(other) || other.opened.localeCompare(one.opened));
}
