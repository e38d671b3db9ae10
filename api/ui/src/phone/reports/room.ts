import type { Room } from "../rooms";

import { say } from "./words";

export const room: Room = {
  order: 30,
  title: () => say("title"),
  sign: "✎",
  roles: ["resident", "responder", "operator", "supervisor", "administrator"],
  routes: [
    { path: "/reports", component: () => import("./Reports.vue") },
    { path: "/reports/new", component: () => import("./NewReport.vue") },
    { path: "/reports/tasks", component: () => import("./Tasks.vue") },
    { path: "/reports/:id", component: () => import("./Report.vue"), props: true },
  ],
};
