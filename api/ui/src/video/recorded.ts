/**
 * Plays recordings in a <video>: reads the hub's play-list, fetches its parts by byte ranges and feeds them to the browser.
 *
 * Any moment can be asked for and is shown to the picture; the moment of the picture that is seen is known by the clock.
 * Where a browser has no Media Source (older phones), the play-list itself is given to it.
 */

import { Problem } from "@/hub/problem";

import { append, followPictures, mediaSource } from "./media-source";
import { fetched, nextRecorded, playLink, recordedList, type StreamName } from "./recorded-fetch";
import { later, type Placed, placed, placeOf, runAt, SEAM_MS } from "./recorded-list";

export type { StreamName };
export type Trouble = "nothing" | "codec" | "unreadable" | "away" | "refused" | "ended";

const AHEAD_S = 20;
const STEP_S = 0.02;
const STEP_TRIES = 60;
const LAST_S = 0.5; // a browser stops within the last picture before a gap

export interface Told {
  /** Nothing is shown, or nothing more, and why. */
  trouble(what: Trouble, detail: string): void;
  /** Something is shown: the trouble is over. */
  shown(at: number): void;
  /** From `from` to `to` nothing was recorded; it went on behind that. */
  skipped(from: number, to: number): void;
}

export interface Wish {
  camera: string;
  /** `auto` is the large stream, and the small one where that has nothing or cannot be played. */
  stream: StreamName | "auto";
  /** Whether what was not recorded is jumped over; else it stops there until it is told where to go. */
  jump: boolean;
}

interface Feeding {
  source: MediaSource;
  buffer: SourceBuffer;
  codecs: string;
}

export class Player {
  private runs: Placed[] = [];
  private feeding: Feeding | null = null;
  private next: { run: Placed; part: number } | null = null;
  private fed: Placed | null = null;
  private again = false;
  private then: number | null = null;
  private loading = false;
  private turn = 0; // what an older turn still brings is thrown away
  private native = 0;
  private url = "";
  private stream: StreamName = "main";
  private frameS = 0.04;
  private lastFrame: number | null = null;
  private over = new AbortController();
  private playing = false;

  constructor(
    readonly video: HTMLVideoElement,
    private readonly wish: Wish,
    private readonly told: Told,
  ) {
    const { signal } = this.over;
    video.addEventListener("timeupdate", () => void this.pump(), { signal });
    video.addEventListener("waiting", () => this.skipHole(), { signal });
    video.addEventListener("ended", () => this.finished(), { signal });
    video.addEventListener("error", () => this.broken(), { signal });
    const seen = (mediaTime: number, frameS: number | null) => {
      this.lastFrame = mediaTime;
      this.frameS = frameS ?? this.frameS;
      if (this.at !== null) this.told.shown(this.at);
    };
    followPictures(video, seen, signal);
  }

  /** The moment of the picture that is shown, ms; null before the first. */
  get at(): number | null {
    const time = this.lastFrame !== null && this.video.paused ? this.lastFrame : this.video.currentTime;
    if (this.native) return this.native + time * 1000;
    const run = runAt(this.runs, time);
    return run ? run.began + (time - run.start) * 1000 : null;
  }

  /** Which stream is shown. */
  get showing(): StreamName {
    return this.stream;
  }

  /** Show a moment, and go on from there if it is to play. */
  async show(at: number, play = this.playing): Promise<void> {
    this.playing = play;
    const place = this.feeding && this.feeding.source.readyState !== "closed" ? placeOf(this.runs, at) : null;
    if (place?.run.codecs !== undefined && place.run.codecs === this.feeding?.codecs) {
      const time = Math.min(this.mediaTime(place.run, at), place.run.end - 0.01);
      if (!this.goesOn(time)) {
        this.next = place;
        this.again = true;
        this.then = null;
      }
      this.lastFrame = null;
      this.video.currentTime = time;
      this.tell(play);
      await this.pump();
      return;
    }
    await this.begin(at);
  }

  play(): void {
    this.playing = true;
    this.tell(true);
  }

  pause(): void {
    this.playing = false;
    this.video.pause();
  }

  /** So many pictures on, or back, standing still. */
  step(pictures: number): void {
    this.pause();
    const from = this.lastFrame ?? this.video.currentTime;
    // into the middle of that picture, so that no rounding shows its neighbour
    this.stepTo(from, from + (pictures + 0.5) * this.frameS, pictures > 0 ? STEP_TRIES : 0);
  }

  /** Nobody says how long a picture is shown: go on in small steps until another one is there. */
  private stepTo(from: number, target: number, tries: number): void {
    this.video.currentTime = Math.max(0, target);
    void this.pump();
    if (tries === 0) return;
    const look = () => {
      const same = this.lastFrame !== null && Math.abs(this.lastFrame - from) < 0.001;
      if (same && this.video.paused) this.stepTo(from, target + STEP_S, tries - 1);
    };
    // A picture is reported in the turn of the screen after the one that shows it.
    const shown = () => requestAnimationFrame(() => requestAnimationFrame(look));
    this.video.addEventListener("seeked", shown, { once: true, signal: this.over.signal });
  }

  close(): void {
    this.turn += 1;
    this.over.abort();
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
    if (this.url) URL.revokeObjectURL(this.url);
  }

  private async begin(at: number): Promise<void> {
    const turn = ++this.turn;
    Object.assign(this, {
      runs: [],
      next: null,
      fed: null,
      feeding: null,
      native: 0,
      loading: false,
      then: null,
      again: false,
      lastFrame: null,
    });
    const wanted: StreamName[] = this.wish.stream === "auto" ? ["main", "sub"] : [this.wish.stream];
    try {
      for (const [number, stream] of wanted.entries()) {
        this.stream = stream;
        if (await this.tried(at, turn, number === wanted.length - 1)) return;
      }
    } catch (error) {
      if (turn === this.turn) this.fault(error);
    }
  }

  /** Whether that stream has something for here, or this turn is over. */
  private async tried(at: number, turn: number, last: boolean): Promise<boolean> {
    let runs;
    try {
      runs = await recordedList(this.wish.camera, this.stream, at);
    } catch (error) {
      if (turn !== this.turn) return true;
      if (!(error instanceof Problem) || error.name !== "nothing-recorded") throw error;
      const on = this.wish.jump ? await nextRecorded(this.wish.camera, this.stream, at) : null;
      if (turn !== this.turn) return true;
      if (on === null) {
        if (last) throw error;
        return false;
      }
      this.told.skipped(at, on);
      runs = await recordedList(this.wish.camera, this.stream, (at = on));
    }
    if (turn !== this.turn) return true;
    const codecs = runs[0]?.codecs ?? "";
    const mime = `video/mp4; codecs="${codecs}"`;
    const Source = mediaSource();
    if (!Source) {
      await this.natively(at);
      return true;
    }
    if (!Source.isTypeSupported(mime)) {
      if (last) this.told.trouble("codec", codecs);
      return last;
    }
    this.runs = placed([], runs);
    this.feed(new Source(), mime, codecs, at, turn);
    return true;
  }

  private feed(source: MediaSource, mime: string, codecs: string, at: number, turn: number): void {
    const opened = () => {
      if (turn !== this.turn) return;
      this.feeding = { source, buffer: source.addSourceBuffer(mime), codecs };
      source.duration = this.runs.at(-1)?.end ?? 0; // without one a seek ends where loading has come to
      const [first] = this.runs;
      this.next = placeOf(this.runs, at) ?? (first ? { run: first, part: 0 } : null);
      if (!this.next) return;
      this.again = true;
      if (this.wish.jump && at < this.next.run.began - SEAM_MS) this.told.skipped(at, this.next.run.began);
      this.video.currentTime = Math.max(this.mediaTime(this.next.run, at), this.next.run.start);
      this.tell(this.playing);
      void this.pump();
    };
    source.addEventListener("sourceopen", opened, { once: true });
    this.video.disableRemotePlayback = true;
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = URL.createObjectURL(source);
    const rate = this.video.playbackRate;
    this.video.src = this.url;
    this.video.playbackRate = rate; // a new source begins at the usual speed
  }

  private tell(play: boolean): void {
    if (play)
      this.video.play().catch(() => undefined); // a browser may want a click first
    else this.video.pause();
  }

  private begins({ run, part }: { run: Placed; part: number }): number {
    return run.start + ((run.parts[part]?.began ?? run.began) - run.began) / 1000;
  }

  private mediaTime(run: Placed, at: number): number {
    return run.start + Math.max(0, at - run.began) / 1000;
  }

  /** Whether a time is loaded already, and what is loaded next follows on it. */
  private goesOn(time: number): boolean {
    const { buffered } = this.video;
    for (let i = 0; i < buffered.length; i++) {
      if (time < buffered.start(i) || time >= buffered.end(i)) continue;
      if (this.again) return false;
      if (!this.next) return this.feeding?.source.readyState === "ended";
      return Math.abs(this.begins(this.next) - buffered.end(i)) < SEAM_MS / 1000;
    }
    return false;
  }

  private async pump(): Promise<void> {
    const { turn, feeding, next } = this;
    if (this.loading || !feeding || feeding.source.readyState === "closed" || !next) return;
    // What comes after a gap is wanted when what lies before it runs out.
    const before = this.runs[this.runs.indexOf(next.run) - 1]?.end ?? next.run.start;
    const begins = next.part ? this.begins(next) : before;
    if (begins - this.video.currentTime > AHEAD_S * Math.max(1, this.video.playbackRate / 2)) return;
    this.loading = true;
    try {
      await this.load(feeding, next, turn);
    } catch (error) {
      if (turn !== this.turn) return;
      this.fault(error);
      this.next = null;
    } finally {
      if (turn === this.turn) this.loading = false;
    }
    if (turn !== this.turn) return;
    this.skipHole();
    void this.pump();
  }

  private async load(feeding: Feeding, wanted: { run: Placed; part: number }, turn: number): Promise<void> {
    const { run, part } = wanted;
    if (run.codecs !== feeding.codecs) {
      // another form: played to the end, then begun anew with it
      this.next = null;
      this.then = run.began;
      if (feeding.source.readyState === "open") feeding.source.endOfStream();
      return;
    }
    const fresh = this.again || this.fed !== run;
    this.again = false;
    const what = run.parts[part];
    if (!what) return;
    const bytes =
      fresh && part === 0
        ? [await fetched(what.url, 0, what.first + what.size)]
        : await Promise.all([
            ...(fresh ? [fetched(what.url, 0, run.init)] : []),
            fetched(what.url, what.first, what.size),
          ]);
    const stays = () => turn === this.turn && this.next === wanted;
    if (!stays()) return; // somebody moved on meanwhile
    if (fresh) {
      if (feeding.source.readyState === "open") feeding.buffer.abort();
      feeding.buffer.timestampOffset = run.offset;
      this.fed = run;
    }
    for (const each of bytes) await append(feeding.buffer, each, this.video);
    if (!stays()) return;
    if (part + 1 < run.parts.length) this.next = { run, part: part + 1 };
    else await this.further(feeding, run, turn);
  }

  private async further(feeding: Feeding, run: Placed, turn: number): Promise<void> {
    const place = this.runs.indexOf(run) + 1;
    if (place === this.runs.length) {
      const at = await nextRecorded(this.wish.camera, this.stream, run.ended + 1);
      const found = at === null ? [] : await recordedList(this.wish.camera, this.stream, at);
      if (turn !== this.turn) return;
      const more = found
        .filter((each) => each.ended > run.ended + SEAM_MS)
        .flatMap((each) => later(each, run.ended) ?? []);
      this.runs.push(...placed(this.runs, more));
      if (more.length && feeding.source.readyState === "open")
        feeding.source.duration = this.runs.at(-1)?.end ?? 0;
    }
    const following = this.runs[place];
    this.next = following ? { run: following, part: 0 } : null;
    if (this.next) return;
    this.then = null;
    if (feeding.source.readyState === "open") feeding.source.endOfStream();
  }

  /** Nothing was recorded for a while: go on where something was. */
  private skipHole(): void {
    const { buffered, currentTime, readyState } = this.video;
    if (this.native || !this.wish.jump || readyState > HTMLMediaElement.HAVE_CURRENT_DATA) return;
    const run = runAt(this.runs, currentTime);
    const next = run && this.runs[this.runs.indexOf(run) + 1];
    if (!next || currentTime < run.end - LAST_S) return;
    for (let i = 0; i < buffered.length; i++) {
      if (buffered.end(i) <= next.start + LAST_S || buffered.start(i) > next.start + LAST_S) continue;
      this.video.currentTime = Math.max(buffered.start(i), next.start) + 0.001;
      if (next.began - run.ended > SEAM_MS) this.told.skipped(run.ended, next.began);
      return;
    }
  }

  private finished(): void {
    if (this.then !== null) {
      const run = this.runs.findLast((each) => each.began < (this.then ?? 0));
      if (run && this.then - run.ended > SEAM_MS) this.told.skipped(run.ended, this.then);
      if (this.wish.jump || (run && this.then - run.ended < SEAM_MS)) void this.begin(this.then);
    } else this.told.trouble("ended", "");
  }

  private async natively(at: number): Promise<void> {
    const url = await playLink(this.wish.camera, this.stream, at);
    this.native = at;
    this.video.src = url;
    this.tell(this.playing);
  }

  private broken(): void {
    if (this.video.error && this.video.getAttribute("src"))
      this.told.trouble("unreadable", this.video.error.message);
  }

  private fault(error: unknown): void {
    if (!(error instanceof Problem))
      this.told.trouble(error instanceof TypeError ? "away" : "unreadable", String(error));
    else this.told.trouble(error.name === "nothing-recorded" ? "nothing" : "refused", error.message);
  }
}
