/** The desk: the page of the monitoring room and of whoever sets the hub up. */

import "element-plus/theme-chalk/base.css";
import "element-plus/theme-chalk/dark/css-vars.css";
import "@/kit/base.css";
import "@/kit/levels.css";
import "./desk.css";

import { createApp } from "vue";

import { startLink } from "@/hub/link";
import { resume } from "@/hub/session";

import Desk from "./Desk.vue";
import { router } from "./router";

startLink();
await resume();
const page = createApp(Desk).use(router);
// Before that nobody knows whether the page is one for who is not signed in.
await router.isReady().catch(() => undefined);
page.mount("#page");
