/** The phone page: residents, wardens and patrols. Light enough for a thin line; no component library. */

import "@/kit/base.css";
import "@/kit/levels.css";
import "./phone.css";
import "./parts.css";

import { createApp } from "vue";

import type { Of } from "@/hub/client";
import { startLink } from "@/hub/link";
import { resume } from "@/hub/session";

import Phone from "./Phone.vue";
import { keepInstalled } from "./installed";
import { kept } from "./kept";
import { router, warm } from "./router";

window.early ??= new Map(); // from here on it would come too late
startLink();
warm(kept<Of<"Me">>("me")?.value.role);
await resume();
const page = createApp(Phone).use(router);
// Before that nobody knows whether the page is one for who is not signed in.
await router.isReady().catch(() => undefined);
page.mount("#page");
keepInstalled();
