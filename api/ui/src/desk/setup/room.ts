import { Setting } from "@element-plus/icons-vue";

import type { Room } from "../rooms";
import { say } from "./words";

/** Setting the hub up: cameras, sensors, people, channels, who answers, the machine, the history. */
export const room: Room = {
  order: 100,
  title: () => say("title"),
  icon: Setting,
  needs: ["devices.add", "community.view"],
  routes: [
    {
      path: "/setup",
      component: () => import("./Setup.vue"),
      children: [
        { path: "", component: () => import("./Begin.vue") },
        { path: "cameras", component: () => import("./cameras/CameraList.vue") },
        { path: "cameras/add", component: () => import("./cameras/CameraAdd.vue") },
        { path: "cameras/:id", component: () => import("./cameras/CameraEdit.vue"), props: true },
        { path: "sensors", component: () => import("./sensors/Sensors.vue") },
        { path: "rosters", component: () => import("./rosters/Rosters.vue") },
        { path: "history", component: () => import("./history/History.vue") },
        { path: "people", component: () => import("./people/People.vue") },
        { path: "channels", component: () => import("./channels/Channels.vue") },
        { path: "machine", component: () => import("./machine/Machine.vue") },
      ],
    },
  ],
};
