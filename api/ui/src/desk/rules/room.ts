import { SetUp } from "@element-plus/icons-vue";

import type { Room } from "../rooms";
import { say } from "./words";

export const room: Room = {
  title: () => say("title"),
  icon: SetUp,
  order: 70,
  needs: "rules.view",
  routes: [
    { path: "/rules", component: () => import("./RuleList.vue") },
    { path: "/rules/new", component: () => import("./RulePage.vue") },
    { path: "/rules/:id", component: () => import("./RulePage.vue") },
  ],
};
