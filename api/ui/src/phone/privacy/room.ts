import type { Room } from "../rooms";
import { say } from "../words";

export const room: Room = {
  order: 20,
  title: () => say("room-privacy"),
  sign: "M12 5C6 5 2 12 2 12s4 7 10 7 10-7 10-7-4-7-10-7zm0 11a4 4 0 1 1 0-8 4 4 0 0 1 0 8z",
  roles: ["resident"],
  routes: [{ path: "/privacy", component: () => import("./Privacy.vue") }],
};
