import { Problem } from "@/hub/problem";
import { language } from "@/words";

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
      return say("fault-other", { detail: wrongIn(error) });
  }
}

/** What the hub says is wrong, in Chinese where it has that for all of it and it is read. */
function wrongIn(error: Problem): string {
  const wrong = error.body.errors ?? [];
  const chinese = wrong.flatMap((each) => each.message_zh ?? []);
  if (language.value !== "zh" || wrong.length === 0 || chinese.length < wrong.length) return error.message;
  return chinese.join("；");
}
