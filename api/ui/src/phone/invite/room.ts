import type { Room } from "../rooms";

/** An invitation: whoever has its link makes an account, once. */
export const room: Room = {
  routes: [{ path: "/invite", component: () => import("./Invite.vue"), meta: { free: true } }],
};
