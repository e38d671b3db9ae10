/** Who I am to the hub: my role, what I may do and where. */

import { ref } from "vue";

import { api, got, type Of } from "./client";

/** Null until somebody is signed in and the hub has said who. */
export const me = ref<Of<"Me"> | null>(null);

/** Ask the hub who I am. */
export async function meet(): Promise<Of<"Me">> {
  me.value = await got(api.GET("/api/v1/me"));
  return me.value;
}

/** Whether I may do this anywhere at all. */
export function may(permission: Of<"Permission">): boolean {
  return me.value?.may.includes(permission) ?? false;
}
