import { createRouter, createWebHistory } from "vue-router";

import NotHere from "@/kit/NotHere.vue";

import { rooms } from "./rooms";

/** Every page of every room, below `/desk/`; `/` is the first of the menu. */
export const router = createRouter({
  history: createWebHistory("/desk/"),
  routes: [
    ...rooms.flatMap((room) => room.routes),
    { path: "/", redirect: () => rooms[0]?.routes[0].path ?? "/not-here" },
    { path: "/:rest(.*)*", component: NotHere },
  ],
});
