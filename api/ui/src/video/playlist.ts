/** Plays a live HLS playlist: natively where the browser can (iPhone), else with hls.js, which is loaded only then. */

const HLS_MIME = "application/vnd.apple.mpegurl";

const LOOK_EVERY_MS = 1_000;
const STANDS_MS = 8_000; // longer than the hub's list reaches: what stands so long does not go on by itself

export interface Playlist {
  /** Resolves when it has ended, for whatever reason; a new address is needed then. */
  over: Promise<void>;
  stop: () => void;
}

/**
 * @param video - What shows it.
 * @param address - The playlist, with a link in it.
 * @param playing - Pictures are there.
 */
export function playPlaylist(video: HTMLVideoElement, address: string, playing: () => void): Playlist {
  const stopping = new AbortController();
  const over = new Promise<void>((done) => {
    stopping.signal.addEventListener("abort", () => {
      done();
    });
  });
  const stop = () => {
    stopping.abort();
  };
  const { signal } = stopping;
  video.addEventListener("playing", playing, { signal });
  const begun = () => {
    watchOver(video, signal, stop);
  };
  video.addEventListener("playing", begun, { signal, once: true }); // how long the first picture takes is the line's affair
  if (video.canPlayType(HLS_MIME)) {
    video.addEventListener("error", stop, { signal });
    video.src = address;
    signal.addEventListener("abort", () => {
      video.removeAttribute("src");
      video.load();
    });
    video.play().catch(() => undefined);
  } else {
    void withLibrary(video, address, signal, stop);
  }
  return { over, stop };
}

/** A picture that stands still while it should play must not pass for a live one: it is begun anew. */
function watchOver(video: HTMLVideoElement, signal: AbortSignal, stop: () => void): void {
  let at = video.currentTime;
  let moved = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    if (video.currentTime !== at || video.paused || document.hidden) [at, moved] = [video.currentTime, now];
    else if (now - moved > STANDS_MS) stop();
  }, LOOK_EVERY_MS);
  signal.addEventListener("abort", () => {
    clearInterval(timer);
  });
}

async function withLibrary(
  video: HTMLVideoElement,
  address: string,
  signal: AbortSignal,
  stop: () => void,
): Promise<void> {
  const { default: Hls } = await import("hls.js");
  if (signal.aborted) return;
  if (!Hls.isSupported()) {
    stop();
    return;
  }
  const hls = new Hls({ enableWorker: false, liveSyncDurationCount: 2, backBufferLength: 15 });
  signal.addEventListener("abort", () => {
    hls.destroy();
  });
  hls.on(Hls.Events.ERROR, (_event, { fatal }) => {
    if (fatal) stop();
  });
  hls.on(Hls.Events.MANIFEST_PARSED, () => {
    video.play().catch(() => undefined);
  });
  hls.loadSource(address);
  hls.attachMedia(video);
}
