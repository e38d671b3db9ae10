// Plays recordings in a <video>: reads the hub's play-list, fetches its parts and feeds them to the browser by the clock.
// Where a browser has no Media Source (older phones), the play-list itself is given to it.

import * as session from "./session.js";

const WINDOW_MS = 30 * 60_000; // of a play-list; the next one is asked for when this one runs out
const DAY_MS = 86_400_000;
const AHEAD_S = 20;
const BEHIND_S = 30;
const SEAM_MS = 500; // less than this between two recordings is shown without a break
const LAST_S = 0.5; // a browser stops within the last picture before a gap

// The runs of a play-list; times are milliseconds since 1970.
export function parse(text, base) {
  const runs = [];
  let run = null;
  let codecs = "";
  let zero = 0;
  let lasts = 0;
  let range = null;
  for (const line of text.split("\n")) {
    const value = line.slice(line.indexOf(":") + 1);
    if (line.startsWith("#CODECS:")) codecs = value;
    else if (line.startsWith("#ZERO:")) zero = Date.parse(value);
    else if (line.startsWith("#EXT-X-MAP:")) {
      run = { codecs, zero, init: Number(/BYTERANGE="(\d+)@0"/.exec(value)[1]), began: 0, parts: [] };
      runs.push(run);
    } else if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) run.began = run.ended = Date.parse(value);
    else if (line.startsWith("#EXTINF:")) lasts = parseFloat(value) * 1000;
    else if (line.startsWith("#EXT-X-BYTERANGE:")) range = value.split("@").map(Number);
    else if (line && !line.startsWith("#")) {
      run.parts.push({ url: new URL(line, base).href, first: range[1], size: range[0], began: run.ended, ended: run.ended + lasts });
      run.ended += lasts;
    }
  }
  return runs;
}

export class Player {
  // told: { fault(key, values), ended(), began(ms) }
  constructor(video, told) {
    this.video = video;
    this.told = told;
    this.turn = 0; // what an older turn still brings is thrown away
    video.addEventListener("timeupdate", () => this.#pump());
    video.addEventListener("waiting", () => this.#skipHole());
    video.addEventListener("ended", () => this.#ended());
  }

  // The moment that is shown, or null.
  get at() {
    if (this.native) return this.native + this.video.currentTime * 1000;
    const run = this.#runAt(this.video.currentTime);
    return run ? run.wall + (this.video.currentTime - run.start) * 1000 : null;
  }

  async show(camera, stream, at, { play = true } = {}) {
    const place = camera === this.camera && stream === this.stream ? this.#place(at) : null;
    if (place && place.run.codecs === this.codecs && ["open", "ended"].includes(this.source?.readyState)) {
      const time = this.#mediaTime(place.run, at);
      if (!this.#goesOn(time)) {
        this.next = place;
        this.again = true;
        this.then = null;
      }
      this.video.currentTime = time;
      if (play) this.#play();
      return this.#pump();
    }
    const turn = ++this.turn;
    Object.assign(this, { camera, stream, runs: [], next: null, source: null, native: 0, loading: null, then: null, again: false });
    let runs;
    try {
      runs = await this.#list(at);
    } catch (error) {
      if (turn === this.turn) this.#fault(error);
      return;
    }
    if (turn !== this.turn) return;
    const codecs = runs[0].codecs;
    const mime = `video/mp4; codecs="${codecs}"`;
    const MediaSource = window.ManagedMediaSource ?? window.MediaSource;
    if (!MediaSource) return this.#native(at);
    if (!MediaSource.isTypeSupported(mime)) return this.told.fault("play.codec", { codecs });
    this.codecs = codecs;
    this.#line(runs);
    const source = new MediaSource();
    this.source = source;
    this.video.disableRemotePlayback = Boolean(window.ManagedMediaSource);
    URL.revokeObjectURL(this.url ?? "");
    this.url = URL.createObjectURL(source);
    this.video.src = this.url;
    source.addEventListener("sourceopen", () => {
      if (turn !== this.turn) return;
      this.buffer = source.addSourceBuffer(mime);
      source.duration = this.runs.at(-1).end; // without one a seek ends where loading has come to
      this.next = this.#place(at) ?? { run: this.runs[0], part: 0 };
      this.again = true;
      this.video.currentTime = Math.max(this.#mediaTime(this.next.run, at), this.next.run.start);
      if (play) this.#play();
      this.#pump();
    }, { once: true });
  }

  #play() {
    this.video.play().catch(() => {}); // a browser may want a click first; the controls are there
  }

  async #list(at) {
    const query = new URLSearchParams({
      from: new Date(at).toISOString(), to: new Date(at + WINDOW_MS).toISOString(), stream: this.stream,
    });
    const path = `/api/v1/cameras/${encodeURIComponent(this.camera)}/recordings.m3u8?${query}`;
    return parse(await (await session.call(path)).text(), new URL(path, location.href));
  }

  // When the next recording begins, be it hours later; null when there is none within a day.
  async #nextRecorded(at) {
    if (at > Date.now() - SEAM_MS) return null;
    const query = new URLSearchParams({
      from: new Date(at).toISOString(), to: new Date(at + DAY_MS).toISOString(), stream: this.stream, resolution_s: 1,
    });
    const { ranges } = await session.json(`/api/v1/cameras/${encodeURIComponent(this.camera)}/recordings?${query}`);
    return ranges.length ? Math.max(at, Date.parse(ranges[0].from)) : null;
  }

  // Where each run stands on the player's own time line: one behind the other, gaps as long as they were.
  #line(runs) {
    let before = this.runs.at(-1);
    this.origin = before ? this.origin : runs[0].began;
    for (const run of runs) {
      run.wall = run.began;
      if (!before) run.start = 0;
      else if (run.zero === before.zero) run.start = before.start + (run.began - before.began) / 1000; // the same file, grown
      else if (Math.abs(run.began - before.ended) < SEAM_MS) run.start = before.end;
      else run.start = Math.max(before.end, (run.began - this.origin) / 1000); // a clock that was set back overlaps
      run.offset = run.start - (run.began - run.zero) / 1000;
      run.end = run.start + (run.ended - run.began) / 1000;
      this.runs.push(run);
      before = run;
    }
  }

  #runAt(time) {
    return this.runs?.findLast((run) => run.start <= time + 0.001) ?? this.runs?.[0];
  }

  #begins({ run, part }) {
    return run.start + (run.parts[part].began - run.began) / 1000;
  }

  // Whether a time is loaded already, and what is loaded next follows on it.
  #goesOn(time) {
    const { buffered } = this.video;
    for (let i = 0; i < buffered.length; i++) {
      if (time < buffered.start(i) || time >= buffered.end(i)) continue;
      return !this.again && (this.next ? Math.abs(this.#begins(this.next) - buffered.end(i)) < SEAM_MS / 1000 : this.source.readyState === "ended");
    }
    return false;
  }

  #mediaTime(run, at) {
    return run.start + Math.max(0, at - run.began) / 1000;
  }

  // The part that shows a moment, or the first one after it if that is not beyond what is known.
  #place(at) {
    const run = this.runs?.find((each) => at < each.ended);
    if (!run || at < this.runs[0].began) return null;
    return { run, part: Math.max(0, run.parts.findLastIndex((part) => part.began <= at)) };
  }

  async #pump() {
    const turn = this.turn;
    if (this.loading || !this.source || this.source.readyState === "closed" || !this.buffer || !this.next) return;
    const { run, part } = this.next;
    // What comes after a gap is wanted when what lies before it runs out.
    const begins = part ? this.#begins(this.next) : this.runs[this.runs.indexOf(run) - 1]?.end ?? run.start;
    if (begins - this.video.currentTime > AHEAD_S) return;
    this.loading = this.#load(run, part, turn).catch((error) => { if (turn === this.turn) this.#fault(error); });
    await this.loading;
    if (turn !== this.turn) return;
    this.loading = null;
    this.#skipHole();
    this.#pump();
  }

  async #load(run, part, turn) {
    if (run.codecs !== this.codecs) { // another form: played to the end, then begun anew with it
      this.next = null;
      this.then = run.began;
      return this.source.endOfStream();
    }
    const fresh = this.again || this.fed !== run;
    this.again = false;
    const wanted = run.parts[part];
    let bytes;
    if (fresh && part === 0) bytes = [await fetched(wanted.url, 0, wanted.first + wanted.size)];
    else {
      const head = fresh ? fetched(wanted.url, 0, run.init) : null;
      bytes = [...(head ? [await head] : []), await fetched(wanted.url, wanted.first, wanted.size)];
    }
    if (turn !== this.turn) return;
    if (this.next?.run !== run || this.next.part !== part) return; // somebody moved on meanwhile
    if (fresh) {
      if (this.source.readyState === "open") this.buffer.abort();
      this.buffer.timestampOffset = run.offset;
      this.fed = run;
    }
    for (const each of bytes) await this.#append(each);
    if (turn !== this.turn || this.next?.run !== run || this.next.part !== part) return;
    if (part + 1 < run.parts.length) this.next = { run, part: part + 1 };
    else await this.#further(run, turn);
  }

  async #further(run, turn) {
    const place = this.runs.indexOf(run) + 1;
    if (place === this.runs.length) {
      const at = await this.#nextRecorded(run.ended + 1);
      const runs = at === null ? [] : (await this.#list(at)).filter((each) => each.ended > run.ended + SEAM_MS);
      if (turn !== this.turn) return;
      this.#line(runs.map((each) => later(each, run.ended)));
      if (runs.length) this.source.duration = this.runs.at(-1).end;
    }
    this.next = place < this.runs.length ? { run: this.runs[place], part: 0 } : null;
    if (this.next) return;
    this.then = null;
    this.source.endOfStream();
  }

  async #append(bytes) {
    for (;;) {
      try {
        this.buffer.appendBuffer(bytes);
        break;
      } catch (error) {
        if (error.name !== "QuotaExceededError") throw error;
        this.buffer.remove(0, Math.max(1, this.video.currentTime - BEHIND_S));
        await done(this.buffer);
      }
    }
    await done(this.buffer);
  }

  // Nothing was recorded for a while: go on where something was.
  #skipHole() {
    const { buffered, currentTime, readyState } = this.video;
    if (this.native || !this.runs?.length || readyState > HTMLMediaElement.HAVE_CURRENT_DATA) return;
    const run = this.#runAt(currentTime);
    const next = this.runs[this.runs.indexOf(run) + 1];
    if (!next || currentTime < run.end - LAST_S) return;
    for (let i = 0; i < buffered.length; i++) {
      if (buffered.end(i) <= next.start + LAST_S || buffered.start(i) > next.start + LAST_S) continue;
      this.video.currentTime = Math.max(buffered.start(i), next.start) + 0.001;
      return;
    }
  }

  #ended() {
    if (this.then) this.show(this.camera, this.stream, this.then);
    else this.told.ended();
  }

  async #native(at) {
    const wish = { what: "playback", stream: this.stream, from: new Date(at).toISOString(), to: new Date(at + WINDOW_MS).toISOString() };
    const link = await session.post(`/api/v1/cameras/${encodeURIComponent(this.camera)}/links`, wish);
    this.native = at;
    this.video.src = link.url;
    this.#play();
  }

  #fault(error) {
    if (error instanceof session.Problem) this.told.fault(error.status === 404 ? "play.nothing" : "fault.other", { detail: error.message });
    else this.told.fault("fault.network", {});
    console.debug(error);
  }
}

// A run without what lies before a moment, which was shown already.
function later(run, at) {
  const parts = run.parts.filter((part) => part.ended > at + 1);
  return parts.length ? { ...run, parts, began: parts[0].began } : run;
}

async function fetched(url, first, size) {
  const answer = await fetch(url, { headers: { Range: `bytes=${first}-${first + size - 1}` } });
  if (!answer.ok) throw new session.Problem(answer.status, await answer.json().catch(() => ({})));
  return answer.arrayBuffer();
}

function done(buffer) {
  if (!buffer.updating) return Promise.resolve();
  return new Promise((resolve, reject) => {
    buffer.addEventListener("updateend", resolve, { once: true });
    buffer.addEventListener("error", () => reject(new Error("the browser cannot read this recording")), { once: true });
  });
}
