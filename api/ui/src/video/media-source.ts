/** What Media Source needs around it: which one a browser has, appending, and following the pictures as they are shown. */

const BEHIND_S = 30;

/** The browser's Media Source, that of iPhones included; undefined where it has none. */
export function mediaSource(): typeof MediaSource | undefined {
  const there = window as unknown as {
    ManagedMediaSource?: typeof MediaSource;
    MediaSource?: typeof MediaSource;
  };
  return there.ManagedMediaSource ?? there.MediaSource;
}

/** Append bytes; where there is no more room, what was shown a while ago goes. */
export async function append(
  buffer: SourceBuffer,
  bytes: ArrayBuffer,
  video: HTMLVideoElement,
): Promise<void> {
  for (;;) {
    try {
      buffer.appendBuffer(bytes);
      break;
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== "QuotaExceededError") throw error;
      buffer.remove(0, Math.max(1, video.currentTime - BEHIND_S));
      await done(buffer);
    }
  }
  await done(buffer);
}

function done(buffer: SourceBuffer): Promise<void> {
  if (!buffer.updating) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const over = new AbortController();
    const end = (act: () => void) => () => {
      over.abort();
      act();
    };
    buffer.addEventListener("updateend", end(resolve), { signal: over.signal });
    buffer.addEventListener(
      "error",
      end(() => reject(new Error("the browser cannot read this recording"))),
      {
        signal: over.signal,
      },
    );
  });
}

/**
 * Hear of each picture as it is shown.
 *
 * @param seen - Gets its time on the player's line, and how long one picture lasts where that is known, both in seconds.
 */
export function followPictures(
  video: HTMLVideoElement,
  seen: (mediaTime: number, frameS: number | null) => void,
  signal: AbortSignal,
): void {
  if (!("requestVideoFrameCallback" in video)) {
    const element: HTMLElement = video;
    const tell = () => seen((video as HTMLVideoElement).currentTime, null);
    for (const what of ["timeupdate", "seeked"]) element.addEventListener(what, tell, { signal });
    return;
  }
  let count = 0;
  let last: number | null = null;
  const next = (_now: number, about: { mediaTime: number; presentedFrames: number }) => {
    if (signal.aborted) return;
    const apart = last === null ? 0 : about.mediaTime - last;
    const known = about.presentedFrames - count === 1 && apart > 0.008 && apart < 1.1;
    count = about.presentedFrames;
    last = about.mediaTime;
    seen(about.mediaTime, known ? apart : null);
    video.requestVideoFrameCallback(next);
  };
  video.requestVideoFrameCallback(next);
}
