/**
 * Who is signed in. The access token lives in memory only; the refresh token is in a cookie that no script can read.
 */

import { ref } from "vue";

import { askedFirst, early } from "./early";
import { heardOf } from "./link";
import { Problem, problemOf } from "./problem";

const SIGNED_IN = "signed-in";
const REFRESH = "/api/v1/auth/refresh";
const EARLY_MS = 30_000;

let access: string | null = null;
let goodUntil = 0;
let refreshing: Promise<void> | null = null;

/** Whether somebody is signed in, as far as this page knows. */
export const signedIn = ref(false);

async function take(answer: Response): Promise<void> {
  if (!answer.ok) throw await problemOf(answer);
  const body = (await answer.json()) as { access_token: string; expires_in: number };
  access = body.access_token;
  goodUntil = Date.now() + body.expires_in * 1000;
  localStorage.setItem(SIGNED_IN, "yes");
  signedIn.value = true;
}

function forget(): void {
  access = null;
  localStorage.removeItem(SIGNED_IN);
  signedIn.value = false;
}

/** Sign in by password, with a code where a second factor asks for one. Throws a Problem as the hub refuses. */
export async function signIn(username: string, password: string, code = ""): Promise<void> {
  const form = new URLSearchParams({ grant_type: "password", username, password, client: "page" });
  if (code) form.set("code", code);
  await take(await fetch("/api/v1/auth/token", { method: "POST", body: form }));
}

/** Exchange the cookie for the next pair. Two tabs share it and it works once: one tab asks at a time. */
export async function refresh(): Promise<void> {
  const ask = async () => {
    const answer = await (early(REFRESH) ?? fetch(REFRESH, { method: "POST" }));
    if (answer.status === 401) forget();
    await take(answer);
  };
  const locks = navigator.locks as LockManager | undefined; // there on https and on this machine itself only
  refreshing ??= (locks ? locks.request("hub-refresh", ask).then(() => undefined) : ask()).finally(() => {
    refreshing = null;
  });
  await refreshing;
}

/** End this sign-in. It is over here even where the hub does not answer. */
export async function signOut(): Promise<void> {
  try {
    await authorised("/api/v1/auth/logout", { method: "POST" });
  } finally {
    forget();
  }
}

/** Come back with the cookie, if there may be one; it cannot be looked at. */
export async function resume(): Promise<void> {
  if (location.hash === "#outside=in") {
    localStorage.setItem(SIGNED_IN, "yes"); // back from the sign-in provider, which leaves a cookie
    history.replaceState(null, "", location.pathname + location.search);
  }
  if (localStorage.getItem(SIGNED_IN) !== "yes") return;
  try {
    await refresh();
  } catch (error) {
    if (!(error instanceof Problem)) signedIn.value = true; // the hub is away; what it says counts once it is back
  }
}

/** Of a plain question its address in the API; null for what changes something, or goes on. */
function addressOf(input: RequestInfo | URL, init?: RequestInit): string | null {
  const plain = input instanceof Request ? input.method === "GET" : !init?.method && !init?.headers;
  const { pathname, search } = new URL(input instanceof Request ? input.url : input, location.href);
  return plain ? pathname + search : null;
}

/** A fetch with the token: refreshed half a minute before it ends, and once more if the hub refuses it. */
export async function authorised(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  if (access === null || Date.now() > goodUntil - EARLY_MS) await refresh();
  const ask = () => {
    const request = new Request(input instanceof Request ? input.clone() : input, init);
    request.headers.set("Authorization", `Bearer ${access ?? ""}`);
    return fetch(request);
  };
  const address = addressOf(input, init);
  const begun = address === null ? undefined : early(address);
  if (address !== null) askedFirst(address);
  const answer = await (begun?.catch(ask) ?? ask());
  heardOf();
  if (answer.status !== 401) return answer;
  await refresh();
  return ask();
}
