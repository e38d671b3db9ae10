/** The keys of the watch: what each does, and when a key belongs to a field instead. */

import { onBeforeUnmount, onMounted } from "vue";

export type Action =
  | "down"
  | "up"
  | "open"
  | "back"
  | "acknowledge"
  | "dispatch"
  | "resolve"
  | "shelve"
  | "comment"
  | "sound"
  | "search"
  | "help";

export const KEYS: Readonly<Record<string, Action>> = {
  j: "down",
  arrowdown: "down",
  k: "up",
  arrowup: "up",
  enter: "open",
  escape: "back",
  a: "acknowledge",
  d: "dispatch",
  r: "resolve",
  s: "shelve",
  c: "comment",
  m: "sound",
  "/": "search",
  "?": "help",
};

/** What a list tells about its keys, in the order of use. */
export const TOLD: readonly (readonly [keys: string, action: Action])[] = [
  ["J ↓", "down"],
  ["K ↑", "up"],
  ["Enter", "open"],
  ["Esc", "back"],
  ["A", "acknowledge"],
  ["D", "dispatch"],
  ["R", "resolve"],
  ["S", "shelve"],
  ["C", "comment"],
  ["M", "sound"],
  ["/", "search"],
  ["?", "help"],
];

const FIELDS = new Set(["INPUT", "TEXTAREA", "SELECT"]);
const PRESSED = new Set(["A", "BUTTON", "SUMMARY", "VIDEO"]);

/** What a key means here; null where it is the browser's, a field's or a dialog's. */
export function actionOf(event: KeyboardEvent): Action | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented)
    return null;
  const at = event.target instanceof HTMLElement ? event.target : null;
  if (at !== null && (FIELDS.has(at.tagName) || at.isContentEditable)) return null;
  if (document.querySelector("dialog[open], [role=dialog][aria-modal=true]:not([style*='display: none'])")) {
    return null;
  }
  const action = KEYS[event.key.toLowerCase()] ?? null;
  // Enter presses what has the focus; arrows move in a video or a list of choices
  if (action === "open" && at !== null && PRESSED.has(at.tagName)) return null;
  if (at?.tagName === "VIDEO" && event.key.startsWith("Arrow")) return null;
  return action;
}

/** Where the next one is in a list: stays at its ends; from nowhere to the first. */
export function moved(at: number, by: 1 | -1, length: number): number {
  if (length === 0) return -1;
  if (at < 0) return by > 0 ? 0 : length - 1;
  return Math.min(length - 1, Math.max(0, at + by));
}

/** Act on keys while the component is there. What the handler does not take (false) is left to the browser. */
export function useKeys(act: (action: Action) => boolean): void {
  const pressed = (event: KeyboardEvent) => {
    const action = actionOf(event);
    if (action !== null && act(action)) event.preventDefault();
  };
  onMounted(() => {
    document.addEventListener("keydown", pressed);
  });
  onBeforeUnmount(() => {
    document.removeEventListener("keydown", pressed);
  });
}
