import type { Room } from "../rooms";
import { say } from "./words";

/** My account, for everybody; also for who has to set up a second factor before the hub lets him do anything else. */
export const room: Room = {
  order: 90,
  title: () => say("title"),
  sign: "⚙",
  routes: [{ path: "/account", component: () => import("./Account.vue"), meta: { own: true } }],
};
