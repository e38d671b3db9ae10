/** Moves of one incident or of many: asked for anywhere in the room, answered by one dialog, told in one line. */

import { ElMessage } from "element-plus";
import "element-plus/es/components/message/style/css";
import { ref, shallowRef } from "vue";

import { type Bodies, dispatch, doneWord, explainMove, type Incident, make, newestOf } from "@/kit/incidents";

import { allowing, type Wanted } from "./moves/allowed";
import { put } from "./watch";
import { say } from "./words";

export interface Question {
  move: Wanted;
  targets: Incident[];
  done: (changed: Incident[]) => void;
}

/** What is asked of the person now. */
export const question = shallowRef<Question | null>(null);
export const busy = ref(false);

/** Moves that need no word more when they are of one incident. */
const AT_ONCE = new Set<Wanted>(["acknowledge", "unshelve"]);

/**
 * Make a move, after asking for what it needs. Those that do not allow it are left out.
 *
 * @param done - Called with the incidents as they stand after it.
 */
export function act(
  move: Wanted,
  some: readonly Incident[],
  done: Question["done"] = () => undefined,
): boolean {
  const targets = allowing(move, some);
  if (targets.length === 0 || busy.value) return false;
  if (targets.length === 1 && AT_ONCE.has(move)) {
    void carryOut({ move, targets, done }, {});
  } else question.value = { move, targets, done };
  return true;
}

export interface Outcome {
  changed: Incident[];
  /** Why those that are left did not move, in words. */
  failures: string[];
}

/** Make the move of each target, one after the other; each that somebody else moved first is shown as it stands now. */
export async function carryOut(asked: Question, body: object): Promise<Outcome> {
  const { move, targets } = asked;
  const outcome: Outcome = { changed: [], failures: [] };
  busy.value = true;
  try {
    for (const one of targets) {
      try {
        if (move === "dispatch") await dispatch(one, body as Parameters<typeof dispatch>[1]);
        else {
          const now = await make(one, move, body as Bodies[typeof move]);
          put(now);
          outcome.changed.push(now);
        }
      } catch (error) {
        const now = newestOf(error);
        if (now !== null) {
          put(now);
          outcome.changed.push(now);
        }
        outcome.failures.push(explainMove(error));
      }
    }
  } finally {
    busy.value = false;
  }
  report(asked, outcome);
  asked.done(outcome.changed);
  return outcome;
}

function report({ move, targets }: Question, { changed, failures }: Outcome): void {
  const done = targets.length - failures.length;
  if (failures.length === 0) {
    const [only] = targets;
    const message =
      targets.length === 1 && only ? doneWord(move, only.number) : say("done-many", { n: done });
    ElMessage({ type: "success", message, duration: 3_000, grouping: true });
  } else if (targets.length === 1) {
    if (question.value !== null && changed.length === 0) return; // the dialog says it, and stays
    ElMessage({ type: "warning", message: failures[0] ?? "", duration: 8_000, showClose: true });
  } else {
    const message = say("done-some", { n: done, left: failures.length, why: failures[0] ?? "" });
    ElMessage({ type: "warning", message, duration: 8_000, showClose: true });
  }
}
