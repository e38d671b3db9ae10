// The live feed: server-sent events read with fetch, because EventSource cannot send a token.
// Comes back by itself with the number of the last entry seen, so nothing that happened meanwhile is missed.

import { call } from "./session.js";

const SILENT_MS = 40_000; // the hub says something every 15 s; after two missed it is not there any more

export class Feed {
  // handlers: entry(topic, data), hello(data), state("connecting" | "live" | "lost"), refused(problem)
  constructor(handlers) {
    this.handlers = handlers;
    this.last = null;
    this.stopped = false;
  }

  stop() {
    this.stopped = true;
    this.abort?.abort();
  }

  async run() {
    let pause = 500;
    this.handlers.state("connecting");
    while (!this.stopped) {
      const began = Date.now();
      try {
        await this.read(() => { pause = 500; });
        if (Date.now() - began > 5_000) continue; // ended in good order (a token ran out): come back at once
      } catch (error) {
        if (this.stopped) return;
        if (error.status === 401) { this.handlers.refused(error); return; }
      }
      this.handlers.state("lost");
      await new Promise((done) => setTimeout(done, pause * (0.75 + Math.random() / 2)));
      pause = Math.min(pause * 2, 10_000);
    }
  }

  async read(onLive) {
    this.abort = new AbortController();
    const headers = { Accept: "text/event-stream" };
    if (this.last !== null) headers["Last-Event-ID"] = this.last;
    const answer = await call("/api/v1/feed", { headers, signal: this.abort.signal, cache: "no-store" });
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    try {
      for (;;) {
        const watchdog = setTimeout(() => this.abort.abort(), SILENT_MS);
        const { value, done } = await reader.read().finally(() => clearTimeout(watchdog));
        if (done) return;
        onLive();
        rest += value;
        const blocks = rest.split("\n\n");
        rest = blocks.pop();
        for (const block of blocks) this.block(block);
        this.handlers.state("live");
      }
    } finally {
      reader.cancel().catch(() => {});
    }
  }

  block(text) {
    let topic = "message";
    let data = "";
    for (const line of text.split("\n")) {
      if (line.startsWith("id: ")) this.last = line.slice(4);
      else if (line.startsWith("event: ")) topic = line.slice(7);
      else if (line.startsWith("data: ")) data += line.slice(6);
    }
    if (!data) return; // a heartbeat
    const body = JSON.parse(data);
    if (topic === "hello") this.handlers.hello(body);
    else this.handlers.entry(topic, body);
  }
}
