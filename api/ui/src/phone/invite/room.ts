import type { Room } from "../rooms";
import { say } from "./words";

/** An invitation: whoever has its link makes an account, once. */
export const room: Room = {
  title: () => say("title"),
  routes: [{ path: "/invite", component: () => import("./Invite.vue"), meta: { free: true } }],
};
