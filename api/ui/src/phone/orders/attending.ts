/** Attending to orders while the page is open, whichever part of it: the list, its sound, and what could not be sent. */

import { computed, effectScope, onScopeDispose, ref, watch } from "vue";

import { api, got, type Of, type Problem } from "@/hub/client";
import { onReturn } from "@/hub/link";
import { me } from "@/hub/me";
import { problemOf } from "@/hub/problem";
import { authorised, signedIn } from "@/hub/session";
import { keepRinging, soundOnTouch } from "@/kit/chime";
import { explain } from "@/kit/faults";
import { rank } from "@/kit/incidents";

import { newId } from "../ids";
import { useKept } from "../kept";
import { type Answer, type Line, load, say, send, unsent } from "./outbox";

export type Order = Of<"OrderView">;

const EVERY_S = 20;
/** A line that is there again may still fail the first that is sent over it. */
const AGAIN_MS = 5_000;
const WITHIN_MS = 15_000;
const PHOTO_WITHIN_MS = 120_000;
const BUZZ_MS = [400, 200, 400, 200, 400];

const line: Line = {
  read: (order) =>
    got(
      api.GET("/api/v1/dispatches/{order_id}", {
        params: { path: { order_id: order } },
        signal: AbortSignal.timeout(WITHIN_MS),
      }),
    ),
  async photo(order, photo) {
    const answer = await authorised(`/api/v1/dispatches/${encodeURIComponent(order)}/photo`, {
      method: "PUT",
      headers: { "Content-Type": "image/jpeg" },
      body: photo,
      signal: AbortSignal.timeout(PHOTO_WITHIN_MS),
    });
    if (!answer.ok) throw await problemOf(answer);
  },
  async say(order, answer, body, version) {
    const params = { path: { order_id: order }, header: { "If-Match": `"${version}"` } };
    await got(
      api.POST(
        `/api/v1/dispatches/{order_id}/${answer}` as "/api/v1/dispatches/{order_id}/accept",
        { params, body, signal: AbortSignal.timeout(WITHIN_MS) } as never,
      ),
    );
  },
};

/** Why the hub refuses is said in its own words where it knows better. */
const refusal = (problem: Problem) =>
  problem.status === 409 || problem.status === 422 ? problem.message : explain(problem);

function begin() {
  const live = useKept(
    "orders",
    async () =>
      (await got(api.GET("/api/v1/dispatches", { params: { query: { mine: true, state: ["live"] } } })))
        .items,
    { everyS: EVERY_S, on: (topic) => topic === "order" || topic === "incident" },
  );
  const known = new Set<string>();
  /** Orders that were looked at: they need not ring any more. */
  const heard = ref(new Set<string>());
  const fresh = computed(() =>
    (live.data.value ?? []).filter((each) => each.state === "ordered" && !heard.value.has(each.id)),
  );
  watch(
    fresh,
    (found) => {
      const gravest = [...found].sort((one, other) => rank(other.level) - rank(one.level))[0];
      keepRinging(gravest?.level ?? null);
      if (found.some((each) => !known.has(each.id))) navigator.vibrate?.(BUZZ_MS);
      for (const each of found) known.add(each.id);
    },
    { immediate: true },
  );
  soundOnTouch();
  const flush = async () => {
    await send(line, refusal);
    await live.reload();
  };
  onReturn(() => void flush());
  const again = setInterval(() => {
    if (unsent.value.some((each) => each.refused === undefined)) void flush();
  }, AGAIN_MS);
  onScopeDispose(() => {
    clearInterval(again);
  });
  void load(me.value?.id ?? "", Date.now()).then(flush);
  return {
    ...live,
    fresh,
    hush: (id: string) => (heard.value = new Set([...heard.value, id])),
    async answer(order: string, answer: Answer, body: Record<string, unknown>, photo?: Blob) {
      const one = { id: newId(), account: me.value?.id ?? "", order, answer, body, at: Date.now() };
      await say(line, photo === undefined ? one : { ...one, photo }, refusal);
      await live.reload();
    },
  };
}

type Attending = ReturnType<typeof begin>;
let scope = effectScope(true);
let current: Attending | undefined;

/** The same for every page of this room, from the first that is opened until somebody signs out. */
export function attending(): Attending {
  if (current !== undefined) return current;
  const begun = scope.run(begin);
  if (begun === undefined) throw new Error("it is over");
  return (current = begun);
}

watch(signedIn, (there) => {
  if (there) return;
  keepRinging(null);
  scope.stop();
  scope = effectScope(true);
  current = undefined;
});
