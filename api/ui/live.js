// Plays a camera live in a <video>: fragments over a WebSocket into the browser's Media Source, kept at the live edge.
// Where a browser has no Media Source (older phones), the HLS play-list is given to it. Comes back by itself.

import * as session from "./session.js";

const START_BEHIND_S = 0.1; // what is kept in hand against the unevenness of lines; grows when it was not enough
const SOUND_BEHIND_S = 0.25; // sound comes in pieces, and with the next picture
const MOST_BEHIND_S = 0.8;
const STALL_EVERY_MS = 500;
const CALM_MS = 20_000; // so long without a stall before less is kept in hand again
const JUMP_BEHIND_S = 1.5; // further behind than that is not caught up with by playing faster
const JUMP_AHEAD_S = 0.6;
const LONG_PICTURE_S = 2; // see `lengthen`
const KEPT_S = 8;
const TICK_MS = 100;
const VIDEO_TICKS = 90_000;
const SILENT_MS = 4_000; // nothing came for so long: say so
const DEAF_MS = 12_000; // and after this begin anew
const HIDDEN_MS = 20_000; // a page that nobody looks at stops watching
const MOST_QUEUED_BYTES = 16 * 1024 * 1024;

const Source = globalThis.ManagedMediaSource ?? globalThis.MediaSource;
const wait = (ms) => new Promise((done) => { setTimeout(done, ms); });

export class Live {
  // told: { state(name, detail) }: "connecting", "live", "paused" (detail: why), "late", "silent", "lost", "unsupported"
  // (detail: codecs), "refused" (detail: why); the last two end it.
  constructor(video, camera, { stream = "sub", sound = false, told = {} } = {}) {
    this.video = video;
    video.live = this; // whoever looks at the page from outside finds the counts here
    this.camera = camera;
    this.wish = { stream, sound };
    this.told = told;
    this.behind = START_BEHIND_S;
    this.stalledAt = 0;
    this.counts = { pictures: 0, dropped: 0, jumps: 0, stalls: 0, connections: 0 };
    this.stopped = true;
    this.onVisible = () => this.visible();
    this.onStall = () => this.stalled();
  }

  start() {
    if (!this.stopped) return;
    this.stopped = false;
    this.video.muted = !this.wish.sound;
    this.video.playsInline = true;
    this.video.disableRemotePlayback = true;
    this.video.addEventListener("waiting", this.onStall);
    document.addEventListener("visibilitychange", this.onVisible);
    this.timer = setInterval(() => this.tick(), TICK_MS);
    this.run();
  }

  stop() {
    if (this.stopped) return;
    this.stopped = true;
    clearInterval(this.timer);
    clearTimeout(this.hiding);
    clearTimeout(this.renewal);
    document.removeEventListener("visibilitychange", this.onVisible);
    this.video.removeEventListener("waiting", this.onStall);
    this.socket?.close();
    this.wake?.();
    this.drop();
  }

  state(name, detail = "") {
    if (this.stopped || (this.name === name && this.detail === detail)) return;
    this.name = name;
    this.detail = detail;
    this.told.state?.(name, detail);
  }

  // --- the connection ---

  async run() {
    let pause = 500;
    while (!this.stopped) {
      if (this.hidden) await new Promise((done) => { this.wake = done; });
      if (this.stopped) return;
      this.state("connecting");
      const before = this.counts.pictures;
      try {
        const addresses = await this.ask();
        if (this.stopped) return;
        if (!Source) { this.playlist(addresses); return; }
        await this.watch(addresses);
      } catch (error) {
        if (this.stopped) return;
        if (error.final || error.status === 401 || error.status === 403 || error.status === 404) {
          this.refuse(error);
          return;
        }
      }
      if (this.stopped || this.hidden) continue;
      if (this.counts.pictures > before) pause = 500;
      this.state("lost");
      await wait(pause * (0.75 + Math.random() / 2));
      pause = Math.min(pause * 2, 8_000);
    }
  }

  refuse(error) {
    if (error.codecs) this.state("unsupported", error.codecs);
    else this.state("refused", error.status === 401 ? "signed_out" : error.status === 403 ? "not_allowed" : "gone");
    this.stop();
  }

  ask() {
    return session.post(`/api/v1/cameras/${encodeURIComponent(this.camera)}/live`, this.wish);
  }

  watch(addresses) {
    return new Promise((done, failed) => {
      const socket = new WebSocket(new URL(addresses.socket, location.href.replace(/^http/, "ws")));
      this.socket = socket;
      this.counts.connections++;
      socket.binaryType = "arraybuffer";
      this.heard = performance.now();
      socket.onmessage = ({ data }) => {
        this.heard = performance.now();
        try {
          if (typeof data === "string") this.said(JSON.parse(data));
          else this.take(data);
        } catch (error) {
          failed(error);
          socket.close();
        }
      };
      socket.onclose = (event) => {
        clearTimeout(this.renewal);
        if (this.socket === socket) this.socket = null;
        if (event.reason === "not_allowed") failed(Object.assign(new Error(event.reason), { status: 404 }));
        else done(); // a link that ended, a hub that restarts: a new link says whether one may go on
      };
      const renew = async () => {
        try {
          const { link } = await this.ask();
          if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ link }));
        } catch {
          // the connection lasts as long as its link, and then the reason is found out
        }
        this.renewal = setTimeout(renew, addresses.link_lives_s * 600);
      };
      this.renewal = setTimeout(renew, addresses.link_lives_s * 600);
    });
  }

  said(message) {
    if (message.type === "begins") this.begin(message);
    else if (message.type === "paused") {
      this.waits = true;
      this.state(message.because === "connecting" ? "connecting" : "paused", message.because);
    } else if (message.type === "dropped") {
      this.counts.dropped += message.pictures;
      this.state("late");
    }
  }

  playlist(addresses) {
    this.video.addEventListener("playing", () => this.state("live"));
    this.video.addEventListener("error", () => { this.stop(); this.start(); }, { once: true });
    this.video.src = addresses.playlist;
    this.video.play().catch(() => {});
  }

  // --- the browser's buffer ---

  begin(message) {
    if (!Source.isTypeSupported(message.mime)) {
      throw Object.assign(new Error("unsupported"), { final: true, codecs: message.codecs });
    }
    this.drop(true);
    this.waits = false;
    this.newest = undefined;
    this.least = message.sound ? SOUND_BEHIND_S : START_BEHIND_S;
    this.behind = Math.max(this.least, this.behind);
    this.mime = message.mime;
    this.queue = [];
    this.queued = 0;
    this.fresh = true;
    const source = new Source();
    this.source = source;
    this.url = URL.createObjectURL(source);
    source.addEventListener("sourceopen", () => {
      if (this.source !== source) return;
      this.buffer = source.addSourceBuffer(this.mime);
      this.buffer.addEventListener("updateend", () => this.append());
      this.buffer.addEventListener("error", () => this.socket?.close());
      this.append();
    }, { once: true });
    this.video.src = this.url;
    this.video.play().catch(() => {}); // muted pictures always may; with sound a browser waits for a touch
  }

  // Forgets what plays; the last picture stays to be seen where `keep`.
  drop(keep = false) {
    if (!this.source) return;
    if (keep && this.video.videoWidth) {
      const canvas = document.createElement("canvas");
      canvas.width = this.video.videoWidth;
      canvas.height = this.video.videoHeight;
      canvas.getContext("2d").drawImage(this.video, 0, 0);
      this.video.poster = canvas.toDataURL("image/jpeg", 0.7);
    }
    this.source = this.buffer = null;
    this.video.removeAttribute("src");
    this.video.load();
    URL.revokeObjectURL(this.url);
  }

  take(data) {
    if (!this.source) return;
    if (!isInit(data)) {
      this.counts.pictures++;
      this.newest = lengthen(data);
      this.came = true;
    }
    this.queue.push(data);
    this.queued += data.byteLength;
    if (this.queued > MOST_QUEUED_BYTES) this.socket?.close(); // the browser takes nothing: begin anew
    this.append();
  }

  append() {
    if (!this.buffer || this.buffer.updating || !this.queue.length) return;
    const all = this.queue.length === 1 ? this.queue[0] : joined(this.queue, this.queued);
    this.queue = [];
    this.queued = 0;
    try {
      this.buffer.appendBuffer(all);
    } catch (error) {
      if (error.name !== "QuotaExceededError") throw error;
      this.socket?.close();
    }
    this.tick();
  }

  // --- the live edge ---

  tick() {
    if (this.socket && !this.waits) {
      const silent = performance.now() - this.heard;
      if (silent > DEAF_MS) this.socket.close();
      else if (silent > SILENT_MS) this.state("silent");
    }
    const ranges = this.buffer?.buffered;
    if (!ranges?.length || this.newest === undefined) return;
    const { video } = this;
    const first = ranges.start(ranges.length - 1);
    if (this.came) this.steer(first);
    this.came = false;
    if (video.readyState >= 2 && this.name !== "live" && performance.now() - this.heard < SILENT_MS && !this.waits) this.state("live");
    if (!this.buffer.updating && !this.queue.length && video.currentTime - ranges.start(0) > 2 * KEPT_S) {
      this.buffer.remove(0, video.currentTime - KEPT_S);
    }
  }

  // A picture has come: how far ahead of what is shown it is says whether to play faster or slower.
  steer(first) {
    const { video } = this;
    const lag = this.newest - video.currentTime;
    if (this.fresh || video.currentTime < first || lag > JUMP_BEHIND_S || lag < -JUMP_AHEAD_S) {
      if (!this.fresh) this.counts.jumps++;
      this.fresh = false;
      this.lag = this.behind;
      video.playbackRate = 1;
      video.currentTime = Math.max(first, this.newest - this.behind);
      if (video.paused) video.play().catch(() => {});
      return;
    }
    if (video.seeking) return;
    if (lag < 0) this.stalled();
    this.lag += (lag - this.lag) / 8;
    const over = this.lag - this.behind;
    video.playbackRate = over > 0.3 ? 1.25 : over > 0.04 ? 1.08 : over < -0.04 ? 0.93 : 1;
    const now = performance.now();
    if (now - this.stalledAt > CALM_MS && this.behind > this.least) {
      this.behind = Math.max(this.least, this.behind - 0.03);
      this.stalledAt = now;
    }
  }

  // A picture came when it should have been shown already: more is kept in hand from now on.
  stalled() {
    const now = performance.now();
    if (!this.buffer || this.fresh || this.waits || this.video.seeking || now - this.stalledAt < STALL_EVERY_MS) return;
    this.counts.stalls++;
    this.stalledAt = now;
    this.behind = Math.min(MOST_BEHIND_S, this.behind + 0.05);
  }

  visible() {
    clearTimeout(this.hiding);
    if (document.hidden) {
      this.hiding = setTimeout(() => { this.hidden = true; this.socket?.close(); }, HIDDEN_MS);
    } else if (this.hidden) {
      this.hidden = false;
      this.wake?.();
    }
  }
}

function isInit(data) {
  return new DataView(data).getUint32(4) === 0x66747970; // "ftyp"
}

// A picture is sent before it is known how long it will be shown, and a browser that finds the next one later than twice
// that waits for a key picture; so each says that it lasts long, and the next one ends it. Gives when it is decoded, in s.
function lengthen(data) {
  const view = new DataView(data);
  const kind = (at) => view.getUint32(at + 4);
  const inside = (at, wanted) => {
    const end = at + view.getUint32(at);
    for (let each = at + 8; each < end; each += view.getUint32(each)) if (kind(each) === wanted) return each;
    throw new Error("not a fragment");
  };
  const traf = inside(0, 0x74726166); // of the video, which stands first
  const tfhd = inside(traf, 0x74666864);
  const tfdt = inside(traf, 0x74666474);
  if (view.getUint32(tfhd + 8) & 0x8) view.setUint32(tfhd + 16, LONG_PICTURE_S * VIDEO_TICKS);
  return Number(view.getBigUint64(tfdt + 12)) / VIDEO_TICKS;
}

function joined(pieces, bytes) {
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    all.set(new Uint8Array(piece), at);
    at += piece.byteLength;
  }
  return all;
}
