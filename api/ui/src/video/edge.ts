/**
 * What a `<video>` holds of a live picture: fragments put into Media Source, shown a little behind the newest one.
 *
 * It plays a little faster or slower to stay there, keeps more in hand where the line is uneven, and jumps where it is
 * too far off. `back` looks at some seconds ago instead, in what is still held.
 */

import { isBeginning, joined, lengthen } from "./fragments";

const START_BEHIND_S = 0.1; // what is kept in hand against the unevenness of lines; grows when it was not enough
const SOUND_BEHIND_S = 0.25; // sound comes in pieces, and with the next picture
const MOST_BEHIND_S = 0.8;
const STALL_EVERY_MS = 500;
const CALM_MS = 20_000; // so long without a stall before less is kept in hand again
const JUMP_BEHIND_S = 1.5; // further behind than that is not caught up with by playing faster
const JUMP_AHEAD_S = 0.6;
const TRIM_S = 8; // what is held beyond what is wanted before it is cut off in one go
const MOST_QUEUED_BYTES = 16 * 1024 * 1024;

interface Sources {
  ManagedMediaSource?: typeof MediaSource;
  MediaSource?: typeof MediaSource;
}
/** Undefined where a browser has none (older iPhones). */
export const Source = (globalThis as Sources).ManagedMediaSource ?? (globalThis as Sources).MediaSource;

/** This browser cannot play what the camera sends. */
export class UnsupportedError extends Error {
  constructor(readonly codecs: string) {
    super(`no ${codecs} here`);
  }
}

export interface Beginning {
  mime: string;
  codecs: string;
  sound: boolean;
}

export class Edge {
  readonly counts = { pictures: 0, jumps: 0, stalls: 0 };
  /** Whether pictures are expected now; while the camera is away nothing counts as a stall. */
  waits = false;
  private source: MediaSource | null = null;
  private buffer: SourceBuffer | null = null;
  private url = "";
  private queue: ArrayBuffer[] = [];
  private queued = 0;
  private newest: number | null = null;
  private fresh = true;
  private came = false;
  private lag = 0;
  private least = START_BEHIND_S;
  private behind = START_BEHIND_S;
  private stalledAt = 0;
  private backS: number | null = null;

  /**
   * @param video - What shows it.
   * @param keepS - Seconds that stay to be looked back at.
   * @param broken - The browser takes nothing any more: the line has to begin anew.
   */
  constructor(
    private readonly video: HTMLVideoElement,
    private readonly keepS: number,
    private readonly broken: () => void,
  ) {
    video.addEventListener("waiting", this.onStall);
  }

  /** Whether pictures are there and shown. */
  get shows(): boolean {
    return this.newest !== null && this.video.readyState >= 2;
  }

  /** Seconds behind the newest picture; null before the first. */
  get behindS(): number | null {
    return this.newest === null ? null : this.newest - this.video.currentTime;
  }

  /** Something new begins: a first connection, another format, the end of a break. */
  begin(message: Beginning): void {
    if (Source === undefined || !Source.isTypeSupported(message.mime)) {
      throw new UnsupportedError(message.codecs);
    }
    this.drop(true);
    this.waits = false;
    this.fresh = true;
    this.least = message.sound ? SOUND_BEHIND_S : START_BEHIND_S;
    this.behind = Math.max(this.least, this.behind);
    const source = new Source();
    this.source = source;
    this.url = URL.createObjectURL(source);
    source.addEventListener(
      "sourceopen",
      () => {
        if (this.source !== source) return;
        const buffer = source.addSourceBuffer(message.mime);
        this.buffer = buffer;
        buffer.addEventListener("updateend", () => {
          this.append();
        });
        buffer.addEventListener("error", this.broken);
        this.append();
      },
      { once: true },
    );
    this.video.src = this.url;
    this.play();
  }

  /** A piece came over the line. */
  take(data: ArrayBuffer): void {
    if (this.source === null) return;
    if (!isBeginning(data)) {
      this.counts.pictures++;
      this.newest = lengthen(data);
      this.came = true;
    }
    this.queue.push(data);
    this.queued += data.byteLength;
    if (this.queued > MOST_QUEUED_BYTES) {
      this.broken();
      return;
    }
    this.append();
  }

  /** To be called ten times a second. */
  tick(): void {
    const ranges = this.buffer?.buffered;
    if (this.buffer === null || !ranges?.length || this.newest === null) return;
    const now = this.video.currentTime;
    if (this.came && this.backS === null) this.steer(ranges.start(ranges.length - 1));
    this.came = false;
    const kept = now - this.keepS;
    if (!this.buffer.updating && !this.queue.length && kept - ranges.start(0) > TRIM_S) {
      this.buffer.remove(0, kept);
    }
  }

  /**
   * Show what was so many seconds ago, and go on from there.
   *
   * @returns How many seconds it is really, which is less where less is held; null where there is nothing.
   */
  back(seconds: number): number | null {
    const ranges = this.buffer?.buffered;
    if (!ranges?.length || this.newest === null) return null;
    const to = Math.max(ranges.start(ranges.length - 1), this.newest - seconds);
    this.backS = this.newest - to;
    this.video.playbackRate = 1;
    this.video.currentTime = to;
    this.play();
    return this.backS;
  }

  /** Back to what happens now. */
  toLive(): void {
    this.backS = null;
    this.fresh = true;
    this.came = true;
    this.tick();
  }

  /** Forget what plays; the last picture stays to be seen where `keep`. */
  drop(keep = false): void {
    if (this.source === null) return;
    if (keep) this.keepPicture();
    this.source = null;
    this.buffer = null;
    this.newest = null;
    this.backS = null;
    this.queue = [];
    this.queued = 0;
    this.video.removeAttribute("src");
    this.video.load();
    URL.revokeObjectURL(this.url);
  }

  close(): void {
    this.video.removeEventListener("waiting", this.onStall);
    this.drop(true);
  }

  private keepPicture(): void {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!width || this.video.readyState < 2) return;
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    canvas.getContext("2d")?.drawImage(this.video, 0, 0);
    this.video.poster = canvas.toDataURL("image/jpeg", 0.7);
  }

  private play(): void {
    this.video.play().catch(() => undefined); // muted pictures always may; with sound a browser waits for a touch
  }

  private append(): void {
    if (this.buffer === null || this.buffer.updating || !this.queue.length) return;
    const all = joined(this.queue);
    this.queue = [];
    this.queued = 0;
    try {
      this.buffer.appendBuffer(all);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      this.broken(); // full, or closed by the browser: begin anew
      return;
    }
    this.tick();
  }

  /** A picture has come: how far ahead of what is shown it is says whether to play faster or slower. */
  private steer(first: number): void {
    const { video } = this;
    if (this.newest === null) return;
    const lag = this.newest - video.currentTime;
    if (this.fresh || video.currentTime < first || lag > JUMP_BEHIND_S || lag < -JUMP_AHEAD_S) {
      if (!this.fresh) this.counts.jumps++;
      this.fresh = false;
      this.lag = this.behind;
      video.playbackRate = 1;
      video.currentTime = Math.max(first, this.newest - this.behind);
      if (video.paused) this.play();
      return;
    }
    if (video.seeking) return;
    if (lag < 0) this.onStall();
    this.lag += (lag - this.lag) / 8;
    const over = this.lag - this.behind;
    video.playbackRate = over > 0.3 ? 1.25 : over > 0.04 ? 1.08 : over < -0.04 ? 0.93 : 1;
    const now = performance.now();
    if (now - this.stalledAt > CALM_MS && this.behind > this.least) {
      this.behind = Math.max(this.least, this.behind - 0.03);
      this.stalledAt = now;
    }
  }

  /** A picture came when it should have been shown already: more is kept in hand from now on. */
  private readonly onStall = (): void => {
    const now = performance.now();
    if (this.buffer === null || this.fresh || this.waits || this.backS !== null || this.video.seeking) return;
    if (now - this.stalledAt < STALL_EVERY_MS) return;
    this.counts.stalls++;
    this.stalledAt = now;
    this.behind = Math.min(MOST_BEHIND_S, this.behind + 0.05);
  };
}
