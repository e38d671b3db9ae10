import type { Room } from "../rooms";
import { say } from "./words";

/** The first start: whoever has the link that the hub printed makes the first administrator. */
export const room: Room = {
  title: () => say("title"),
  routes: [{ path: "/first-start", component: () => import("./FirstStart.vue"), meta: { free: true } }],
};
