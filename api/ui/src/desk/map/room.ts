import { MapLocation } from "@element-plus/icons-vue";

import type { Room } from "../rooms";
import { say } from "./words";

export const room: Room = {
  title: () => say("title"),
  icon: MapLocation,
  order: 40,
  needs: "places.view",
  routes: [{ path: "/map", component: () => import("./MapPage.vue") }],
};
