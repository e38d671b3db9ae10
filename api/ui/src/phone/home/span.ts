/** Spans of time as the pages of a home ask for them. */

const DAY_MS = 86_400_000;
const EVENING_H = 18;
const MOST_DAYS = 31;

/** 18:00 of yesterday; before 6 in the morning still that evening. */
export function lastEvening(now: Date): Date {
  const then = new Date(now.getTime() - DAY_MS);
  then.setHours(EVENING_H, 0, 0, 0);
  return then;
}

/** A moment as `<input type="datetime-local">` writes it, in the time of this phone. */
export function localText(at: Date): string {
  const shifted = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

/** Whether something recorded may be deleted from then to then. */
export function isDeletable(from: Date, to: Date, now: number): boolean {
  const [begin, end] = [from.getTime(), to.getTime()];
  return begin < end && end <= now && end - begin <= MOST_DAYS * DAY_MS;
}

/** Bytes in words: `12 MB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1e5) return `${Math.ceil(bytes / 1e3)} kB`;
  const mega = bytes / 1e6;
  return mega >= 1000
    ? `${(mega / 1000).toFixed(1)} GB`
    : `${mega < 10 ? mega.toFixed(1) : mega.toFixed(0)} MB`;
}
