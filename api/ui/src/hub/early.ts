/**
 * What a page asks first is known from the last time it began: `early.ts` of the phone asks it again while the program of
 * the page is still on its way, and here the program finds the answers. A thin line carries both at once.
 */

const KEPT = "kept:early"; // goes with all that a phone keeps of who signed in
const MOST = 8;
const WITHIN_MS = 5_000;

export interface Early {
  /** The address of the page. */
  path: string;
  /** The program that said so; of another one the files have other names. */
  build: string;
  /** What it asked first, with the token. */
  asked: string[];
  /** Its files that were loaded then. */
  files: string[];
}

declare global {
  interface Window {
    /** Answers that are on their way, by the address in the API. Only where a page has an `early.ts`. */
    early?: Map<string, Promise<Response>>;
  }
}

const FILE = /\/ui\/assets\/.+\.(js|css)$/;

const path = location.pathname;
const asked: string[] = [];
let since = 0;

/** Which program this is: the name of its largest file. */
const build = () => document.querySelector<HTMLLinkElement>("link[rel=modulepreload]")?.href ?? "";

/** The answer to what was asked already; each once. */
export function early(address: string): Promise<Response> | undefined {
  const found = window.early?.get(address);
  window.early?.delete(address);
  return found;
}

/** Keep what the page asks in its first seconds, for the next time. */
export function askedFirst(address: string): void {
  since ||= performance.now();
  if (window.early === undefined || asked.length >= MOST || performance.now() - since > WITHIN_MS) return;
  if (asked.includes(address)) return;
  asked.push(address);
  const files = performance
    .getEntriesByType("resource")
    .flatMap(({ name }) => (FILE.test(name) ? [name] : []));
  try {
    localStorage.setItem(KEPT, JSON.stringify({ path, build: build(), asked, files } satisfies Early));
  } catch {
    // the phone is full: the next start takes a little longer
  }
}
