/** Rooms of the phone page: each folder beside this file that has a `room.ts` is one, found by its being there. */

import type { RouteRecordRaw } from "vue-router";

export interface Room {
  /** Its place in the bar at the bottom; without one it is reached from elsewhere only. */
  order?: number;
  /** Its name in the bar, of the frame's words: the room's own are not loaded before the room. */
  title?: () => string;
  /** Its sign in the bar: the path of an SVG of 24 by 24; fonts of old phones lack many a sign. */
  sign?: string;
  /** Whose it is; everybody's without. */
  roles?: string[];
  /** The pages, below `/m/`; the first is where the bar leads. */
  routes: [RouteRecordRaw, ...RouteRecordRaw[]];
}

const found = import.meta.glob<{ room: Room }>("./*/room.ts", { eager: true });

/** All rooms, in the order of the bar. */
export const rooms: Room[] = Object.values(found)
  .map((module) => module.room)
  .sort((one, other) => (one.order ?? 1_000) - (other.order ?? 1_000));
