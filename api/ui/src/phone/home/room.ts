import type { Room } from "../rooms";

import { say } from "./words";

export const room: Room = {
  order: 10,
  title: () => say("title"),
  sign: "⌂",
  roles: ["resident"],
  routes: [
    { path: "/home", component: () => import("./Home.vue") },
    { path: "/home/:camera", component: () => import("./Camera.vue"), props: true },
  ],
};
