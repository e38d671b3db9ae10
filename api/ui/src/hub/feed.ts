/**
 * The live feed: server-sent events read with fetch, because EventSource cannot send a token. It comes back by itself
 * with the number of the last entry seen, so that nothing that happened meanwhile is missed.
 */

import { heardOf } from "./link";
import { may, me } from "./me";
import { Problem, problemOf } from "./problem";
import { authorised, signedIn } from "./session";

const SILENT_MS = 40_000; // the hub says something every 15 s; after two missed it is not there any more
const LEAST_PAUSE_MS = 500;
const MOST_PAUSE_MS = 10_000;

export interface Entry {
  seq: number;
  [more: string]: unknown;
}
type Heard = (topic: string, entry: Entry) => void;

const listeners = new Set<Heard>();
const greeted = new Set<() => void>();
let last: string | null = null;
let reading: AbortController | null = null;

/**
 * Hear every entry of the feed from now on.
 *
 * @param heard - Called with the topic (`incident`, `alert`, `health`, ...) and the entry.
 * @param anew - Called whenever the feed begins anew: what was read before may have changed.
 * @returns What ends it; the feed is closed when nobody listens.
 */
export function listen(heard: Heard, anew: () => void = () => undefined): () => void {
  listeners.add(heard);
  greeted.add(anew);
  if (reading === null) void run();
  return () => {
    listeners.delete(heard);
    greeted.delete(anew);
    if (listeners.size === 0) reading?.abort();
  };
}

async function run(): Promise<void> {
  let pause = LEAST_PAUSE_MS;
  const stop = (reading = new AbortController());
  while (!stop.signal.aborted && signedIn.value && isForMe()) {
    try {
      await read(stop.signal, () => {
        pause = LEAST_PAUSE_MS;
      });
      continue; // ended in good order (a token ran out): come back at once
    } catch (error) {
      if (stop.signal.aborted || (error instanceof Problem && error.status < 500)) break;
    }
    await new Promise((done) => setTimeout(done, pause * (0.75 + Math.random() / 2)));
    pause = Math.min(pause * 2, MOST_PAUSE_MS);
  }
  if (reading === stop) reading = null;
  if (listeners.size > 0 && stop.signal.aborted && signedIn.value) void run();
}

/** Who may see neither incidents nor orders gets no feed; who is not known yet finds out. */
function isForMe(): boolean {
  return me.value === null || may("incidents.view") || may("orders.answer");
}

async function read(stop: AbortSignal, lives: () => void): Promise<void> {
  const silence = new AbortController();
  const headers: Record<string, string> = { Accept: "text/event-stream" };
  if (last !== null) headers["Last-Event-ID"] = last;
  const answer = await authorised("/api/v1/feed", {
    headers,
    signal: AbortSignal.any([stop, silence.signal]),
    cache: "no-store",
  });
  if (!answer.ok || answer.body === null) throw await problemOf(answer);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const watchdog = setTimeout(() => {
      silence.abort();
    }, SILENT_MS);
    const { value, done } = await reader.read().finally(() => {
      clearTimeout(watchdog);
    });
    if (done) return;
    lives();
    heardOf();
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop() ?? "";
    blocks.forEach(take);
  }
}

function take(block: string): void {
  let topic = "message";
  let data = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("id: ")) last = line.slice(4);
    else if (line.startsWith("event: ")) topic = line.slice(7);
    else if (line.startsWith("data: ")) data += line.slice(6);
  }
  if (data === "") return; // a heartbeat
  if (topic === "hello") {
    for (const act of [...greeted]) act();
    return;
  }
  const entry = JSON.parse(data) as Entry;
  for (const heard of [...listeners]) heard(topic, entry);
}
