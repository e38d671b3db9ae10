import type { Room } from "../rooms";
import { say } from "../words";

export const room: Room = {
  order: 10,
  title: () => say("room-orders"),
  sign: "M5 3h2v18H5zM8 4h11l-3 4 3 4H8z",
  roles: ["responder"],
  routes: [
    { path: "/orders", component: () => import("./Orders.vue") },
    { path: "/orders/:id", component: () => import("./Order.vue"), props: true },
  ],
};
