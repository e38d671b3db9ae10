/** What a play-list of recordings says, and where its parts stand on a player's own time line. Times are ms since 1970. */

/** A stretch of a file that can be fetched by itself and begins with a key picture. */
export interface Part {
  url: string;
  first: number;
  size: number;
  began: number;
  ended: number;
}

/** What one file has of the list's span. */
export interface Run {
  codecs: string;
  /** When the file's own time was 0. */
  zero: number;
  /** How many bytes stand before the parts. */
  init: number;
  began: number;
  ended: number;
  parts: Part[];
}

/** A run with its place on the player's time line, seconds. */
export interface Placed extends Run {
  start: number;
  end: number;
  /** What is added to the file's times. */
  offset: number;
}

/** Less than this between two runs is shown without a break, ms. */
export const SEAM_MS = 500;

/** The runs of a play-list whose address is `base`. */
export function parse(text: string, base: string): Run[] {
  const runs: Run[] = [];
  let codecs = "";
  let zero = 0;
  let lasts = 0;
  let range: [number, number] = [0, 0];
  for (const line of text.split("\n")) {
    const value = line.slice(line.indexOf(":") + 1);
    const run = runs.at(-1);
    if (line.startsWith("#CODECS:")) codecs = value;
    else if (line.startsWith("#ZERO:")) zero = Date.parse(value);
    else if (line.startsWith("#EXT-X-MAP:")) {
      const init = Number(/BYTERANGE="(\d+)@0"/.exec(value)?.[1] ?? 0);
      runs.push({ codecs, zero, init, began: 0, ended: 0, parts: [] });
    } else if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:") && run) run.began = run.ended = Date.parse(value);
    else if (line.startsWith("#EXTINF:")) lasts = parseFloat(value) * 1000;
    else if (line.startsWith("#EXT-X-BYTERANGE:")) {
      const [size, first] = value.split("@").map(Number);
      range = [size ?? 0, first ?? 0];
    } else if (line && !line.startsWith("#") && run) {
      const began = run.ended;
      run.ended += lasts;
      run.parts.push({
        url: new URL(line, base).href,
        size: range[0],
        first: range[1],
        began,
        ended: run.ended,
      });
    }
  }
  return runs.filter((run) => run.parts.length > 0);
}

/** Runs placed behind others: one after the other, gaps as long as they were. */
export function placed(before: readonly Placed[], runs: readonly Run[]): Placed[] {
  const all = [...before];
  for (const run of runs) {
    const last = all.at(-1);
    let start = 0;
    if (last !== undefined) {
      const origin = all[0] as Placed;
      if (run.zero === last.zero)
        start = last.start + (run.began - last.began) / 1000; // the same file, grown
      else if (Math.abs(run.began - last.ended) < SEAM_MS) start = last.end;
      else start = Math.max(last.end, (run.began - origin.began) / 1000); // a clock that was set back overlaps
    }
    all.push({
      ...run,
      start,
      end: start + (run.ended - run.began) / 1000,
      offset: start - (run.began - run.zero) / 1000,
    });
  }
  return all.slice(before.length);
}

/** A run without what lies before a moment, which was shown already; null when nothing is left. */
export function later(run: Run, at: number): Run | null {
  const parts = run.parts.filter((part) => part.ended > at + 1);
  const [first] = parts;
  return first ? { ...run, parts, began: first.began } : null;
}

/** The part that shows a moment, or the first one after it; null where the list does not reach. */
export function placeOf(runs: readonly Placed[], at: number): { run: Placed; part: number } | null {
  const [first] = runs;
  const run = runs.find((each) => at < each.ended);
  if (!first || !run || at < first.began) return null;
  return {
    run,
    part: Math.max(
      0,
      run.parts.findLastIndex((part) => part.began <= at),
    ),
  };
}

/** The run that is shown at a time of the player's line, seconds. */
export function runAt<R extends Placed>(runs: readonly R[], time: number): R | undefined {
  return runs.findLast((run) => run.start <= time + 0.001) ?? runs[0];
}

/** The hole in which a moment lies, or null where something was recorded. */
export function holeAt(runs: readonly Placed[], at: number): { from: number; to: number | null } | null {
  const next = runs.findIndex((run) => at < run.ended);
  const run = runs[next];
  const before = runs[next === -1 ? runs.length - 1 : next - 1];
  if (!run) return { from: before?.ended ?? at, to: null };
  if (at >= run.began - SEAM_MS) return null;
  return { from: before?.ended ?? at, to: run.began };
}
