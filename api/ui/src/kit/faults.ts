import { Problem } from "@/hub/problem";

import { say } from "./words";

/** What went wrong, in the reader's words. */
export function explain(error: unknown): string {
  if (!(error instanceof Problem)) {
    if (error instanceof TypeError || error instanceof DOMException) return say("fault-network");
    return say("fault-other", { detail: error instanceof Error ? error.message : String(error) });
  }
  switch (error.status) {
    case 403:
      return say("fault-forbidden");
    case 404:
      return say("fault-missing");
    case 409:
    case 412:
      return say("fault-conflict");
    case 429:
      return say("fault-busy");
    default:
      return say("fault-other", { detail: error.message });
  }
}
