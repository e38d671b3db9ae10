/** The pieces of an MP4 file that come over the line, as far as a player has to read them. */

const VIDEO_TICKS = 90_000;
const LONG_PICTURE_S = 2;
const HAS_DURATION = 0x8;

const box = (word: string) => [...word].reduce((value, letter) => value * 256 + letter.charCodeAt(0), 0);
const FTYP = box("ftyp");
const TRAF = box("traf");
const TFHD = box("tfhd");
const TFDT = box("tfdt");

/** Whether this is the beginning of a file and not one of its fragments. */
export function isBeginning(data: ArrayBuffer): boolean {
  return new DataView(data).getUint32(4) === FTYP;
}

/**
 * Make the last picture of a fragment last long, in place.
 *
 * A picture is sent before it is known how long it will be shown, and a browser that gets the next one later than twice
 * that waits for a key picture; so each says that it lasts long, and the next one ends it.
 *
 * @returns When it is decoded, on the stream's own time, s.
 */
export function lengthen(data: ArrayBuffer): number {
  const view = new DataView(data);
  const traf = inside(view, 0, TRAF); // of the video, which stands first
  const tfhd = inside(view, traf, TFHD);
  const tfdt = inside(view, traf, TFDT);
  if (view.getUint32(tfhd + 8) & HAS_DURATION) view.setUint32(tfhd + 16, LONG_PICTURE_S * VIDEO_TICKS);
  return Number(view.getBigUint64(tfdt + 12)) / VIDEO_TICKS;
}

function inside(view: DataView, at: number, wanted: number): number {
  const end = at + view.getUint32(at);
  for (let each = at + 8; each < end; each += view.getUint32(each)) {
    if (view.getUint32(each + 4) === wanted) return each;
    if (view.getUint32(each) < 8) break;
  }
  throw new Error("not a fragment");
}

/** All pieces as one, so that a browser is given them in one go. */
export function joined(pieces: ArrayBuffer[]): ArrayBuffer {
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1) return only;
  const all = new Uint8Array(pieces.reduce((bytes, piece) => bytes + piece.byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(new Uint8Array(piece), at);
    at += piece.byteLength;
  }
  return all.buffer;
}
