/** What keys do on the wall; typed digits make one number where more than nine pictures are there. */

export type Act =
  | "enlarge"
  | "shrink"
  | "full"
  | "tour"
  | "back"
  | "choose"
  | "remove"
  | "fine"
  | "something"
  | { select: number }
  | { arrow: string }
  | { swap: string };

const DIGITS_WITHIN_MS = 900;
const ACTS: Partial<Record<string, Act>> = {
  Enter: "enlarge",
  Escape: "shrink",
  Delete: "remove",
  f: "full",
  t: "tour",
  b: "back",
  c: "choose",
  y: "fine",
  n: "something",
};

/** Makes a reader of keys, which keeps the digits typed last. */
export function keyReader(now: () => number = () => performance.now()) {
  let typed = "";
  let at = 0;
  /** What a key asks for; null for nothing here. `size` is how many places there are. */
  return (event: KeyboardEvent, size: number): Act | null => {
    if (event.ctrlKey || event.metaKey || event.altKey || elsewhere(event)) return null;
    if (event.shiftKey && event.code.startsWith("Digit")) return null; // a stored position, of whoever turns a camera
    if (/^\d$/.test(event.key)) {
      const joined = now() - at < DIGITS_WITHIN_MS ? Number(typed + event.key) : Number.NaN;
      typed = joined >= 1 && joined <= size ? String(joined) : event.key;
      at = now();
      const number = Number(typed);
      return number >= 1 && number <= size ? { select: number - 1 } : null;
    }
    typed = "";
    if (event.key.startsWith("Arrow")) return event.shiftKey ? { swap: event.key } : { arrow: event.key };
    return ACTS[event.key.length === 1 ? event.key.toLowerCase() : event.key] ?? null;
  };
}

/** Whether a key belongs to what it was typed into: a field, or a button that it presses. */
function elsewhere(event: KeyboardEvent): boolean {
  const at = event.target;
  if (!(at instanceof HTMLElement)) return false;
  if (at.closest("input, select, textarea, [contenteditable]") !== null) return event.key !== "Escape";
  return event.key === "Enter" && at.closest("button, a") !== null;
}
