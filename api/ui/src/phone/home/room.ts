import type { Room } from "../rooms";
import { say } from "../words";

export const room: Room = {
  order: 10,
  title: () => say("room-home"),
  sign: "M3 11 12 3l9 8v10h-6v-6H9v6H3z",
  roles: ["resident"],
  routes: [
    { path: "/home", component: () => import("./Home.vue") },
    { path: "/home/:camera", component: () => import("./Camera.vue"), props: true },
  ],
};
