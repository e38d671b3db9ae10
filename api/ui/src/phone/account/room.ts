import type { Room } from "../rooms";
import { say } from "../words";

/** My account, for everybody; also for who has to set up a second factor before the hub lets him do anything else. */
export const room: Room = {
  order: 90,
  title: () => say("room-account"),
  sign: "M12 12a5 5 0 1 0 0-10 5 5 0 0 0 0 10zm-9 9c0-4 4-7 9-7s9 3 9 7z",
  routes: [{ path: "/account", component: () => import("./Account.vue"), meta: { own: true } }],
};
