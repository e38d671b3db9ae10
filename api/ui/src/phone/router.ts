import { createRouter, createWebHistory } from "vue-router";

import { me } from "@/hub/me";
import NotHere from "@/kit/NotHere.vue";

import Start from "./Start.vue";
import { rooms } from "./rooms";

/** The first page of the bar that is for who is signed in. */
export function start(): string {
  const role = me.value?.role;
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
