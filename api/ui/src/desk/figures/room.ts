import { DataAnalysis } from "@element-plus/icons-vue";

import type { Room } from "../rooms";
import { say } from "./words";

export const room: Room = {
  title: () => say("title"),
  icon: DataAnalysis,
  order: 80,
  needs: "figures.view",
  routes: [{ path: "/figures", component: () => import("./FiguresPage.vue") }],
};
