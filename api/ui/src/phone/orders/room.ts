import type { Room } from "../rooms";

import { say } from "./words";

export const room: Room = {
  order: 10,
  title: () => say("title"),
  sign: "⚑",
  roles: ["responder"],
  routes: [
    { path: "/orders", component: () => import("./Orders.vue") },
    { path: "/orders/:id", component: () => import("./Order.vue"), props: true },
  ],
};
