import { WarningFilled } from "@element-plus/icons-vue";

import type { Room } from "../rooms";
import { say } from "./words";

/** What is wrong: everything that is not as it should be, worst first, and what to do about it. */
export const room: Room = {
  order: 90,
  title: () => say("title"),
  icon: WarningFilled,
  needs: "system.view",
  routes: [{ path: "/wrong", component: () => import("./Wrong.vue") }],
};
