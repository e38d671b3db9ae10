/** What zones are for: their order in the list, and their colour; each is called by a word besides. */

import type { Of } from "@/hub/client";

import type { Use } from "./draft";

export const USES: readonly Use[] = [
  "guarded",
  "watched",
  "wall",
  "water",
  "clear",
  "fixture",
  "post",
  "indoors",
  "lane",
  "stopping",
  "crossing",
  "no_parking",
  "fire_lane",
  "flame",
  "private",
  "ignore",
];

const COLOURS: Record<Use, string> = {
  guarded: "#ff6b5e",
  watched: "#ffb02e",
  wall: "#ff8fd0",
  water: "#4fc3f7",
  clear: "#c6e377",
  fixture: "#b39dff",
  post: "#7ee0c0",
  indoors: "#e6c08a",
  lane: "#6cb0ff",
  stopping: "#9fd0ff",
  crossing: "#f3f3f3",
  no_parking: "#ffd95a",
  fire_lane: "#ff7043",
  flame: "#ffa040",
  private: "#b0b7c3",
  ignore: "#8d96a5",
};
export const CLASSES: readonly Of<"ZoneClass">[] = ["person", "vehicle", "bicycle", "animal", "unnamed"];
const TIMELESS: readonly Use[] = ["private", "post"];
const BY_PIXELS: readonly Use[] = ["private", "flame", "clear", "fixture"];
/** Whether zones for it may have hours, and classes: the hub refuses others. */
export const hasHours = (use: Use | undefined) => use !== undefined && !TIMELESS.includes(use);
export const classesFor = (use: Use | undefined) => use !== undefined && !BY_PIXELS.includes(use);
export const LINE_COLOUR = "#7dff9a";
export const GROUND_COLOUR = "#ffffff";
export const colourOf = (use: Use) => COLOURS[use];
