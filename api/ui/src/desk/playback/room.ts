import { VideoPlay } from "@element-plus/icons-vue";

import type { Room } from "../rooms";
import { say } from "./words";

export const room: Room = {
  title: () => say("title"),
  icon: VideoPlay,
  order: 30,
  needs: "pictures.view",
  routes: [{ path: "/playback", component: () => import("./PlaybackPage.vue") }],
};
