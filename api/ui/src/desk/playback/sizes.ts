/** Sizes, file names and the text of date fields. */

const MIB = 1024 * 1024;

/** `3.4 MB`; what people call megabytes. */
export function sizeOf(bytes: number): string {
  if (bytes >= 1024 * MIB) return `${(bytes / 1024 / MIB).toFixed(1)} GB`;
  if (bytes >= 100 * MIB) return `${(bytes / MIB).toFixed(0)} MB`;
  return `${Math.max(0.1, bytes / MIB).toFixed(1)} MB`;
}

/** What the hub calls a clip that begins about here. */
export function fileName(camera: string, stream: string, from: number): string {
  const [day, time] = new Date(from).toISOString().slice(0, 19).split("T");
  return `${camera}_${stream}_${day ?? ""}_${(time ?? "").replaceAll(":", "-")}Z.mp4`;
}

/** A moment as a field for dates and times has it, by this machine's clock. */
export function localText(at: number): string {
  const shifted = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 19);
}

export function momentOf(text: string): number | null {
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at;
}
