import { Crop } from "@element-plus/icons-vue";

import type { Room } from "../rooms";
import { say } from "./words";

export const room: Room = {
  order: 60,
  title: () => say("title"),
  icon: Crop,
  needs: "community.edit",
  routes: [
    { path: "/zones", component: () => import("./Choose.vue") },
    { path: "/zones/:camera", component: () => import("./Zones.vue") },
  ],
};
