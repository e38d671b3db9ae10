import { ref } from "vue";

/** How much waits for somebody to look at it; the tab says so. */
export const waiting = ref(0);
