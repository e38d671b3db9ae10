/**
 * What somebody said to his orders and could not be sent: kept on the phone, sent when there is a line, and never twice.
 *
 * Before each sending the order is asked for: what it shows already was said before (the answer was lost on the way), and
 * is not said again; else the answer names the version that was just read, so that nothing comes in between.
 */

import { readonly, shallowRef } from "vue";

import { Problem } from "@/hub/client";

import { forget, kept, remember } from "./shelf";

export type Answer = "accept" | "decline" | "arrive" | "done";

export interface Unsent {
  id: string;
  account: string;
  order: string;
  answer: Answer;
  /** As the API takes it. */
  body: Record<string, unknown>;
  /** Of the arrival: sent before the answer. */
  photo?: Blob;
  /** ms since 1970. */
  at: number;
  /** Why the hub did not take it; it is not tried again. */
  refused?: string;
}

export interface Standing {
  state: string;
  version: number;
  allowed: string[];
}

/** How the hub is asked; a Problem is a refusal, anything else means that it could not be reached. */
export interface Line {
  read: (order: string) => Promise<Standing>;
  photo: (order: string, photo: Blob) => Promise<void>;
  say: (order: string, answer: Answer, body: Record<string, unknown>, version: number) => Promise<void>;
}

const REACHED: Record<Answer, readonly string[]> = {
  accept: ["accepted", "arrived", "done"],
  arrive: ["arrived", "done"],
  done: ["done"],
  decline: ["declined"],
};
const LONGEST_MS = 3 * 86_400_000;
const TRIES = 3;

/** Whether an order shows that this was said, may be told it, or does not take it any more. */
export function standing(order: Standing, answer: Answer): "said" | "say" | "refused" {
  if (REACHED[answer].includes(order.state)) return "said";
  return order.allowed.includes(answer) ? "say" : "refused";
}

const items = shallowRef<Unsent[]>([]);
/** What is still on this phone, the oldest first. */
export const unsent = readonly(items);

let sending: Promise<void> | null = null;

/** What was left over from before, of this account. */
export async function load(account: string, now: number): Promise<void> {
  const all = await kept<Unsent>();
  for (const each of all) if (now - each.at > LONGEST_MS) await forget(each.id);
  items.value = all.filter((each) => each.account === account && now - each.at <= LONGEST_MS);
}

/** Say something; it is on the phone before it is tried. */
export async function say(line: Line, one: Unsent, refusal: (problem: Problem) => string): Promise<void> {
  await remember(one);
  items.value = [...items.value, one];
  await send(line, refusal);
}

export async function drop(id: string): Promise<void> {
  await forget(id);
  items.value = items.value.filter((each) => each.id !== id);
}

/** Send what there is, in the order in which it was said; one at a time, whoever asks. */
export async function send(line: Line, refusal: (problem: Problem) => string): Promise<void> {
  sending ??= run(line, refusal).finally(() => {
    sending = null;
  });
  await sending;
}

async function run(line: Line, refusal: (problem: Problem) => string): Promise<void> {
  for (let one = next(); one !== undefined; one = next()) {
    try {
      const why = await settle(line, one);
      if (why === null) await drop(one.id);
      else await refuse(one, why);
    } catch (error) {
      if (!(error instanceof Problem) || error.status >= 500 || error.status === 429 || error.status === 401)
        return;
      await refuse(one, refusal(error));
    }
  }
}

const next = () => items.value.find((each) => each.refused === undefined);

async function settle(line: Line, one: Unsent): Promise<string | null> {
  for (let tries = 1; ; tries++) {
    const order = await line.read(one.order);
    const how = standing(order, one.answer);
    if (how === "said") return null;
    if (how === "refused") return order.state;
    try {
      if (one.photo !== undefined) await line.photo(one.order, one.photo);
      await line.say(one.order, one.answer, one.body, order.version);
      return null;
    } catch (error) {
      // Somebody moved in between: look once more whether it may still be said.
      if (tries === TRIES || !(error instanceof Problem) || error.status !== 412) throw error;
    }
  }
}

async function refuse(one: Unsent, why: string): Promise<void> {
  const told = { ...one, refused: why };
  await remember(told);
  items.value = items.value.map((each) => (each.id === one.id ? told : each));
}
