/**
 * Plays a camera live in a `<video>`: fragments over a WebSocket, shown by `edge.ts`; HLS where a browser has no Media
 * Source, or where something between here and the hub lets no WebSocket through. Comes back by itself.
 */

import { api, got, type Of, Problem } from "@/hub/client";

import { type Beginning, Edge, Source, UnsupportedError } from "./edge";
import { type Playlist, playPlaylist } from "./playlist";

const TICK_MS = 100;
const SILENT_MS = 4_000; // nothing came for so long: say so
const DEAF_MS = 12_000; // and after this begin anew
const LEAST_PAUSE_MS = 500;
const MOST_PAUSE_MS = 8_000;
const UNOPENED_MOST = 3; // so many WebSockets that never opened, and the playlist is tried
const RENEW_AT = 0.6; // of a link's life

export type Stream = Of<"LiveWish">["stream"] & string;

/**
 * How it stands; the word says, `detail` tells more: of `paused` and `refused` why, of `unsupported` the codecs. After
 * `unsupported` and `refused` it does not try again.
 */
export type State =
  "connecting" | "live" | "back" | "paused" | "late" | "silent" | "lost" | "unsupported" | "refused";

export interface Told {
  state: (state: State, detail: string) => void;
  /** The first picture is there, so many seconds after it was asked for. */
  shown?: (delayS: number) => void;
}

export interface Wish {
  stream: Stream;
  sound: boolean;
  /** Seconds that stay to be looked back at. */
  keepS?: number;
}

type Message =
  | ({ type: "begins" } & Beginning)
  | { type: "paused"; because: string }
  | { type: "dropped"; pictures: number }
  | { type: "ends"; because: string };

/** Nothing of it is wanted any more. One that is not open yet is closed when it is: browsers complain of the other. */
function hangUp(socket: WebSocket | null): void {
  if (socket === null) return;
  socket.onmessage = null;
  if (socket.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close();
  else socket.close();
}

export class Live {
  readonly counts = { dropped: 0, connections: 0 };
  readonly edge: Edge;
  private name: State | "" = "";
  private detail = "";
  private stopped = true;
  private looked = true;
  private wake: (() => void) | null = null;
  private socket: WebSocket | null = null;
  private list: Playlist | null = null;
  private heard = 0;
  private began = 0;
  private unopened = 0;
  private isBack = false;
  private timer: ReturnType<typeof setInterval> | undefined;
  private renewal: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly video: HTMLVideoElement,
    readonly camera: string,
    private readonly wish: Wish,
    private readonly told: Told,
  ) {
    this.edge = new Edge(video, wish.keepS ?? 8, () => this.socket?.close());
  }

  start(): void {
    if (!this.stopped) return;
    this.stopped = false;
    this.video.muted = !this.wish.sound;
    this.video.playsInline = true;
    this.video.disableRemotePlayback = true;
    this.timer = setInterval(() => {
      this.tick();
    }, TICK_MS);
    void this.run();
  }

  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    clearInterval(this.timer);
    clearTimeout(this.renewal);
    hangUp(this.socket);
    this.list?.stop();
    this.wake?.();
    this.edge.close();
  }

  /** Whether somebody looks at it: nothing is fetched for nobody. */
  seen(looked: boolean): void {
    if (this.looked === looked) return;
    this.looked = looked;
    if (looked) this.wake?.();
    else {
      hangUp(this.socket);
      this.list?.stop();
    }
  }

  /** Show so many seconds ago; gives how many it really are, null where nothing is held. */
  back(seconds: number): number | null {
    const found = this.edge.back(seconds);
    this.isBack = found !== null;
    if (this.isBack) this.state("back");
    return found;
  }

  toLive(): void {
    this.isBack = false;
    this.edge.toLive();
    this.state("live");
  }

  private state(name: State, detail = ""): void {
    if (this.stopped || (this.name === name && this.detail === detail)) return;
    this.name = name;
    this.detail = detail;
    this.told.state(name, detail);
  }

  private async run(): Promise<void> {
    let pause = LEAST_PAUSE_MS;
    while (!this.stopped) {
      if (!this.looked) {
        await new Promise<void>((done) => {
          this.wake = done;
        });
        continue;
      }
      this.state("connecting");
      this.began = performance.now();
      const before = this.edge.counts.pictures;
      try {
        const addresses = await this.ask();
        if (this.isOver()) return;
        if (Source === undefined || this.unopened >= UNOPENED_MOST) await this.play(addresses);
        else await this.watch(addresses);
      } catch (error) {
        if (this.isOver() || this.refuses(error)) return;
      }
      this.isBack = false;
      if (this.isOver() || !this.looked) continue;
      if (this.edge.counts.pictures > before) pause = LEAST_PAUSE_MS;
      this.state("lost");
      await new Promise((done) => setTimeout(done, pause * (0.75 + Math.random() / 2)));
      pause = Math.min(pause * 2, MOST_PAUSE_MS);
    }
  }

  private isOver(): boolean {
    return this.stopped;
  }

  private refuses(error: unknown): boolean {
    if (error instanceof UnsupportedError) this.state("unsupported", error.codecs);
    else if (error instanceof Problem && error.status === 401) this.state("refused", "signed_out");
    else if (error instanceof Problem && error.status === 403) this.state("refused", "not_allowed");
    else if (error instanceof Problem && error.status === 404) this.state("refused", "gone");
    else return false;
    this.stop();
    return true;
  }

  private ask(): Promise<Of<"LiveAddresses">> {
    const { stream, sound } = this.wish;
    const params = { path: { camera_id: this.camera } };
    return got(api.POST("/api/v1/cameras/{camera_id}/live", { params, body: { stream, sound } }));
  }

  private watch(addresses: Of<"LiveAddresses">): Promise<void> {
    return new Promise((done, failed) => {
      const socket = new WebSocket(new URL(addresses.socket, location.href.replace(/^http/, "ws")));
      this.socket = socket;
      this.counts.connections++;
      this.unopened++;
      socket.binaryType = "arraybuffer";
      this.heard = performance.now();
      socket.onopen = () => {
        this.unopened = 0;
      };
      socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
        this.heard = performance.now();
        try {
          if (typeof data === "string") this.said(JSON.parse(data) as Message);
          else this.edge.take(data);
        } catch (error) {
          failed(error as Error);
          socket.close();
        }
      };
      socket.onclose = (event) => {
        clearTimeout(this.renewal);
        if (this.socket === socket) this.socket = null;
        if (event.reason === "not_allowed") failed(new Problem(404, {}));
        else done(); // a link that ended, a hub that restarts: a new link says whether one may go on
      };
      this.renewSoon(socket, addresses.link_lives_s);
    });
  }

  private renewSoon(socket: WebSocket, livesS: number): void {
    const renew = async () => {
      try {
        const { link } = await this.ask();
        if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ link }));
      } catch {
        // the connection lasts as long as its link, and then the reason is found out
      }
      if (this.socket === socket) this.renewSoon(socket, livesS);
    };
    clearTimeout(this.renewal);
    this.renewal = setTimeout(() => void renew(), livesS * 1000 * RENEW_AT);
  }

  private said(message: Message): void {
    if (message.type === "begins") {
      this.edge.begin(message);
      this.isBack = false;
    } else if (message.type === "paused") {
      this.edge.waits = true;
      this.state(message.because === "connecting" ? "connecting" : "paused", message.because);
    } else if (message.type === "dropped") {
      this.counts.dropped += message.pictures;
      this.state("late");
    }
  }

  private async play(addresses: Of<"LiveAddresses">): Promise<void> {
    this.list = playPlaylist(this.video, addresses.playlist, () => {
      this.first();
      this.state("live");
    });
    try {
      await this.list.over;
    } finally {
      this.list = null;
    }
  }

  private first(): void {
    if (this.began === 0) return;
    this.told.shown?.((performance.now() - this.began) / 1000);
    this.began = 0;
  }

  private tick(): void {
    if (this.socket !== null && !this.edge.waits) {
      const silent = performance.now() - this.heard;
      if (silent > DEAF_MS) this.socket.close();
      else if (silent > SILENT_MS) this.state("silent");
    }
    this.edge.tick();
    if (this.socket === null || this.edge.waits || !this.edge.shows) return;
    this.first();
    if (performance.now() - this.heard < SILENT_MS) this.state(this.isBack ? "back" : "live");
  }
}
