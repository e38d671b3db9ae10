import { BellFilled } from "@element-plus/icons-vue";
import { defineAsyncComponent } from "vue";

import type { Room } from "../rooms";
import { say } from "./words";

/** What happens, and what is done about it. */
export const room: Room = {
  order: 10,
  title: () => say("title"),
  icon: BellFilled,
  needs: "incidents.view",
  tool: defineAsyncComponent(() => import("./WatchTool.vue")),
  routes: [
    { path: "/incidents", component: () => import("./IncidentList.vue") },
    { path: "/incidents/hidden", component: () => import("./HiddenList.vue") },
    { path: "/incidents/:id", component: () => import("./IncidentPage.vue"), props: true },
  ],
};
