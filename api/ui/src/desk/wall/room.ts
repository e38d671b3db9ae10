import { VideoCamera } from "@element-plus/icons-vue";

import type { Room } from "../rooms";
import { say } from "./words";

export const room: Room = {
  order: 20,
  title: () => say("title"),
  icon: VideoCamera,
  needs: "pictures.view",
  routes: [
    { path: "/wall", component: () => import("./Wall.vue") },
    { path: "/tours", component: () => import("./Tours.vue") },
    { path: "/wall/:screen", component: () => import("./Wall.vue"), meta: { bare: true } },
  ],
};
