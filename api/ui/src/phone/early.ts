/**
 * A program of its own, loaded beside the page's and far smaller: asks the hub what this page asked first the last time
 * it began (`hub/early.ts`), and loads the files that it loaded later, so that all is there when the page is. It imports
 * nothing, for that would be waited for.
 */

import type { Early } from "@/hub/early";

const REFRESH = "/api/v1/auth/refresh";

/** What was kept, where it is of this page. */
function known(): Early | null {
  try {
    const kept = JSON.parse(localStorage.getItem("kept:early") ?? "null") as Early | null;
    return kept?.path === location.pathname ? kept : null;
  } catch {
    return null;
  }
}

/** Load what the page loaded later, if it is still of the program that wrote that down. */
function load({ build, files }: Early): void {
  const named = [
    ...document.head.querySelectorAll<HTMLElement & { src?: string; href?: string }>("script, link"),
  ];
  const here = new Set(named.map(({ src, href }) => src ?? href));
  if (!here.has(build)) return;
  for (const each of files) if (!here.has(each)) void fetch(each).catch(() => undefined);
}

function begin(answers: Map<string, Promise<Response>>, before: Early | null): void {
  const locks = navigator.locks as LockManager | undefined;
  const refresh = () => fetch(REFRESH, { method: "POST" });
  const alone = async () => (locks ? await locks.request("hub-refresh", refresh) : refresh());
  const refreshed = alone();
  const token = refreshed.then(async (answer) => {
    if (!answer.ok) throw new Error("nobody is signed in");
    return ((await answer.clone().json()) as { access_token: string }).access_token;
  });
  token.catch(() => undefined); // who takes the refusal hears of it
  answers.set(REFRESH, refreshed);
  for (const each of before?.asked ?? []) {
    const ask = async () => fetch(each, { headers: { Authorization: `Bearer ${await token}` } });
    answers.set(each, ask());
  }
  if (before !== null) load(before);
  for (const each of answers.values()) each.catch(() => undefined);
}

if (window.early === undefined) {
  window.early = new Map();
  if (localStorage.getItem("signed-in") === "yes") begin(window.early, known());
}
