import type { Room } from "../rooms";
import { say } from "../words";

export const room: Room = {
  order: 40,
  title: () => say("room-sos"),
  sign: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm-1 5h2v7h-2zm0 9h2v2h-2z",
  roles: ["resident"],
  routes: [{ path: "/sos", component: () => import("./Sos.vue") }],
};
