import type { Room } from "../rooms";

/** The first start: whoever has the link that the hub printed makes the first administrator. */
export const room: Room = {
  routes: [{ path: "/first-start", component: () => import("./FirstStart.vue"), meta: { free: true } }],
};
