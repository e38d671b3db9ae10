/**
 * The service worker of the phone page: keeps the page itself, so that it opens without a line, and nothing else. What
 * the hub answers is never kept here: it would be read by whoever holds the phone next. A new build changes the list
 * below and with it this file, which browsers notice by themselves; the new one takes over at once.
 */

/// <reference lib="WebWorker" />

const worker = self as unknown as ServiceWorkerGlobalScope;

/** Filled in by the build: scripts and styles, each with a digest in its name. */
const shell = "__SHELL__" as unknown as string[];
const PAGE = "/m/";
const KEPT = "phone";
const ANSWER_WITHIN_MS = 2_500;

worker.addEventListener("install", (event) => {
  event.waitUntil(install());
});
worker.addEventListener("activate", (event) => {
  event.waitUntil(worker.clients.claim());
});
worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== worker.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (url.pathname.startsWith("/ui/assets/")) event.respondWith(asset(request));
});

/** What is there already is not fetched again, what no page asks for any more goes; the page comes last. */
async function install(): Promise<void> {
  const kept = await caches.open(KEPT);
  const wanted = new Set(shell.map((each) => new URL(each, worker.location.origin).href));
  for (const address of wanted) {
    if ((await kept.match(address)) === undefined) await kept.add(address);
  }
  await kept.put(PAGE, await whole(await fetch(PAGE, { cache: "no-cache" })));
  for (const request of await kept.keys()) {
    if (!wanted.has(request.url) && new URL(request.url).pathname !== PAGE) await kept.delete(request);
  }
  await worker.skipWaiting();
}

async function whole(answer: Response): Promise<Response> {
  if (!answer.ok) throw new Error(`the page answered ${answer.status}`);
  return answer;
}

/** The hub's page where it answers in time, else the one that is kept. */
async function page(request: Request): Promise<Response> {
  const kept = await caches.match(PAGE);
  if (kept === undefined) return fetch(request);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    return answer.status >= 500 ? kept : answer;
  } catch {
    return kept;
  }
}

async function asset(request: Request): Promise<Response> {
  return (await caches.match(request)) ?? fetch(request);
}
