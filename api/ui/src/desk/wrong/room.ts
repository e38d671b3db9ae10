import { WarningFilled } from "@element-plus/icons-vue";
import { defineAsyncComponent } from "vue";

import type { Room } from "../rooms";
import { say } from "./words";

/** What is wrong: everything that is not as it should be, worst first, and what to do about it. */
export const room: Room = {
  order: 90,
  title: () => say("title"),
  icon: WarningFilled,
  needs: "system.view",
  mark: defineAsyncComponent(() => import("./WrongCount.vue")),
  routes: [{ path: "/wrong", component: () => import("./Wrong.vue") }],
};
