import type { Room } from "../rooms";
import { say } from "../words";

export const room: Room = {
  order: 30,
  title: () => say("room-reports"),
  sign: "M4 19v-4L15 4l4 4L8 19zM3 21h18v1.5H3z",
  roles: ["resident", "responder", "operator", "supervisor", "administrator"],
  routes: [
    { path: "/reports", component: () => import("./Reports.vue") },
    { path: "/reports/new", component: () => import("./NewReport.vue") },
    { path: "/reports/tasks", component: () => import("./Tasks.vue") },
    { path: "/reports/:id", component: () => import("./Report.vue"), props: true },
  ],
};
