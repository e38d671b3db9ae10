import { ChatLineSquare } from "@element-plus/icons-vue";

import type { Room } from "../rooms";
import { say } from "./words";

export const room: Room = {
  title: () => say("title"),
  icon: ChatLineSquare,
  order: 50,
  needs: "reports.view",
  routes: [
    { path: "/reports", component: () => import("./ReportsPage.vue") },
    { path: "/reports/:id", component: () => import("./ReportsPage.vue") },
  ],
};
