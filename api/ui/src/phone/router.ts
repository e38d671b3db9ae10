import { createRouter, createWebHistory } from "vue-router";

import { me } from "@/hub/me";
import NotHere from "@/kit/NotHere.vue";

import Start from "./Start.vue";
import { rooms } from "./rooms";

/** The first page of the bar that is for who is signed in. */
export function start(role: string | undefined = me.value?.role): string {
  const open = rooms.find(
    (room) => room.order !== undefined && (!room.roles || (role && room.roles.includes(role))),
  );
  return (open ?? rooms[0])?.routes[0].path ?? "/not-here";
}

/** Every page of every room, below `/m/`. */
export const router = createRouter({
  history: createWebHistory("/m/"),
  routes: [
    ...rooms.flatMap((room) => room.routes),
    { path: "/", component: Start },
    { path: "/:rest(.*)*", component: NotHere },
  ],
});

/** Begin to load the page that will be opened, while the hub is still asked who comes: a thin line does both at once. */
export function warm(role: string | undefined): void {
  const wanted = location.pathname.replace(/^\/m/, "");
  const path = wanted === "" || wanted === "/" ? start(role) : wanted;
  for (const record of router.resolve(path).matched) {
    const page = record.components?.default;
    if (typeof page === "function") void (page as () => Promise<unknown>)().catch(() => undefined);
  }
}
