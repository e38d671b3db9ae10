/**
 * Rooms of the desk: each folder beside this file that has a `room.ts` is one, found by its being there.
 */

import type { Component } from "vue";
import type { RouteRecordRaw } from "vue-router";

import type { Of } from "@/hub/client";

export interface Room {
  /** Its place in the menu, from the left; without one it is reached from elsewhere only. */
  order?: number;
  /** Its name in the menu, in the reader's language. */
  title: () => string;
  icon?: Component;
  /** Who has none of these permissions does not see it in the menu. */
  needs?: Of<"Permission"> | Of<"Permission">[];
  /** Shown beside its name in the menu: how much there is to look at. */
  mark?: Component;
  /** Shown in the head of the frame whatever room is open, and there behind a bare page too: what never may be missed. */
  tool?: Component;
  /** The pages, below `/desk/`; the first is where the menu leads. Components are loaded when they are opened. */
  routes: [RouteRecordRaw, ...RouteRecordRaw[]];
}

const found = import.meta.glob<{ room: Room }>("./*/room.ts", { eager: true });

/** All rooms, in the order of the menu. */
export const rooms: Room[] = Object.values(found)
  .map((module) => module.room)
  .sort((one, other) => (one.order ?? 1_000) - (other.order ?? 1_000));
