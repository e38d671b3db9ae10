/** Doing something and saying how it went. */

import { ref } from "vue";

import { Problem } from "@/hub/client";
import { explain } from "@/kit/faults";

/** `fault` and `note` are what is to be shown of the newest attempt. */
export function useAttempt() {
  const busy = ref(false);
  const fault = ref("");
  const note = ref("");
  async function attempt(act: () => Promise<string | undefined>): Promise<void> {
    busy.value = true;
    fault.value = note.value = "";
    try {
      note.value = (await act()) ?? "";
    } catch (error) {
      // What the hub says of a form is more use than that it did not work.
      fault.value =
        error instanceof Problem && [400, 409, 422].includes(error.status) ? error.message : explain(error);
    } finally {
      busy.value = false;
    }
  }
  return { busy, fault, note, attempt };
}
