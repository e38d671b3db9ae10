import type { Room } from "../rooms";

import { say } from "./words";

export const room: Room = {
  order: 20,
  title: () => say("title"),
  sign: "◉",
  roles: ["resident"],
  routes: [{ path: "/privacy", component: () => import("./Privacy.vue") }],
};
