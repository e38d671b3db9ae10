/**
 * A rule while it is edited: one text and one body, kept in step by the hub's own reader, with all that is wrong.
 *
 * What is typed last wins: an answer about an older text or form is dropped.
 */

import { computed, onScopeDispose, ref, shallowRef, watch } from "vue";

import { api, got, type Of } from "@/hub/client";
import { explain } from "@/kit/faults";
import { language } from "@/words";

import { keepComments, saysTheSame } from "./comments";
import { type Body, mistakesIn } from "./written";

const WAIT_MS = 350;

export type Draft = ReturnType<typeof useDraft>;

/** Ask the hub what is written in a rule, as YAML or as JSON. */
function read(rule: string, written: string | Body, signal: AbortSignal): Promise<Of<"RuleDraft">> {
  const yaml = typeof written === "string";
  return got(
    api.POST("/api/v1/rules/check", {
      params: { query: { rule } },
      headers: { "Content-Type": yaml ? "application/yaml" : "application/json" },
      body: written as never,
      bodySerializer: (body: unknown) => (yaml ? (body as string) : JSON.stringify(body)),
      signal,
    }),
  );
}

export function useDraft() {
  const text = ref("");
  const body = shallowRef<Body | null>(null);
  const found = shallowRef<Of<"RuleMistake">[]>([]);
  const checking = ref(false);
  const fault = ref("");
  const kept = ref("");
  let rule = "";
  /** The newest text that the hub could read, and what it says. */
  let known: { text: string; body: Body } | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking: AbortController | null = null;

  /** Begin with a rule as it stands; `of` is empty for one that is new. */
  function begin(of: string, written: string, stored: Body): void {
    drop();
    rule = of;
    text.value = kept.value = written;
    body.value = stored;
    known = { text: written, body: stored };
    found.value = [];
    fault.value = "";
  }

  function drop(): void {
    clearTimeout(timer);
    asking?.abort();
    checking.value = false;
  }

  function soon(what: () => string | Body): void {
    drop();
    checking.value = true;
    timer = setTimeout(() => void check(what()), WAIT_MS);
  }

  async function check(written: string | Body): Promise<void> {
    const mine = (asking = new AbortController());
    try {
      let answer = await read(rule, written, mine.signal);
      if (typeof written === "string") body.value = answer.body as Body | null;
      else {
        answer = await asItWas(answer, mine.signal);
        text.value = answer.text;
      }
      if (answer.body) known = { text: answer.text, body: answer.body as Body };
      found.value = answer.mistakes;
      fault.value = "";
    } catch (error) {
      if (!mine.signal.aborted) fault.value = explain(error);
    } finally {
      if (asking === mine) checking.value = false;
    }
  }

  /** What the hub wrote, with the comments of the text before; as the hub wrote it where that would say something else. */
  async function asItWas(answer: Of<"RuleDraft">, signal: AbortSignal): Promise<Of<"RuleDraft">> {
    if (!known || !answer.body) return answer;
    const kept = keepComments(known.text, known.body, answer.text, answer.body as Body);
    const again = await read(rule, kept, signal);
    return again.body && saysTheSame(again.body as Body, answer.body as Body) ? again : answer;
  }

  /** Somebody typed in the text. */
  function write(written: string): void {
    if (written === text.value) return;
    text.value = written;
    soon(() => text.value);
  }

  /** Somebody changed the form. */
  function fill(changed: Body): void {
    body.value = changed;
    soon(() => changed);
  }

  /** Wait until the hub has read what was written last. */
  async function settled(): Promise<void> {
    while (checking.value) await new Promise<unknown>((done) => watch(checking, done, { once: true }));
  }

  onScopeDispose(drop);
  return {
    text,
    body,
    mistakes: computed(() => mistakesIn(language.value, found.value)),
    checking,
    fault,
    changed: computed(() => text.value !== kept.value),
    begin,
    write,
    fill,
    settled,
  };
}
