import { Memo } from "@element-plus/icons-vue";

import type { Room } from "../rooms";
import { say } from "./words";

/** What one shift hands over to the next. */
export const room: Room = {
  order: 15,
  title: () => say("title"),
  icon: Memo,
  needs: "figures.view",
  routes: [{ path: "/handover", component: () => import("./Handover.vue") }],
};
