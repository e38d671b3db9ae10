import type { Room } from "../rooms";

import { say } from "./words";

export const room: Room = {
  order: 40,
  title: () => say("title"),
  sign: "🆘",
  roles: ["resident"],
  routes: [{ path: "/sos", component: () => import("./Sos.vue") }],
};
