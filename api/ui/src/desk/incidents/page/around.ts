/** Which cameras belong to an incident: its own, those of the same site, and those around. */

import type { Detail } from "@/kit/incidents";

interface Camera {
  id: string;
  site: string;
  area?: string | null;
  enabled?: boolean;
}
const BEFORE_MS = 10_000;

export interface Around<C> {
  /** Whose alerts it holds, then those of the same site. */
  own: C[];
  /** Of the same area. */
  near: C[];
}

export function aroundOf<C extends Camera>(
  one: Pick<Detail, "alerts" | "camera" | "site" | "area">,
  all: readonly C[],
): Around<C> {
  const seers = [one.camera, ...one.alerts.map((alert) => alert.camera)];
  const known = new Map(all.filter((each) => each.enabled !== false).map((each) => [each.id, each]));
  const own = new Map<string, C>();
  for (const id of seers) {
    const camera = id ? known.get(id) : undefined;
    if (camera) own.set(camera.id, camera);
  }
  for (const camera of known.values()) if (one.site && camera.site === one.site) own.set(camera.id, camera);
  const near = [...known.values()].filter(
    (camera) => !own.has(camera.id) && Boolean(one.area) && camera.area === one.area,
  );
  return { own: [...own.values()], near };
}

/** Where its recording is worth beginning: ten seconds before the first alert of this camera, or of all. */
export function beginsAt(one: Pick<Detail, "alerts" | "opened">, camera: string): Date {
  const of = (some: Detail["alerts"]) => some.map((alert) => Date.parse(alert.started));
  const own = of(one.alerts.filter((alert) => alert.camera === camera));
  const all = own.length > 0 ? own : of(one.alerts);
  return new Date(Math.min(...all, ...(all.length === 0 ? [Date.parse(one.opened)] : [])) - BEFORE_MS);
}
