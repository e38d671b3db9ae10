// Who is signed in. The access token lives in memory only; the refresh token is in a cookie that no script can read.

let access = null;
let goodUntil = 0;
let refreshing = null;

export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || (body.errors || []).map((item) => item.message).join("; ") || body.title || String(status));
    this.status = status;
    this.type = body.type || "";
    this.body = body;
  }
}

async function problemOf(answer) {
  try {
    return new Problem(answer.status, await answer.json());
  } catch {
    return new Problem(answer.status, {});
  }
}

async function take(answer) {
  if (!answer.ok) throw await problemOf(answer);
  const body = await answer.json();
  access = body.access_token;
  goodUntil = Date.now() + body.expires_in * 1000;
  localStorage.setItem("signed-in", "yes");
}

export async function signIn(username, password, code = "") {
  const form = new URLSearchParams({ grant_type: "password", username, password, client: "page" });
  if (code) form.set("code", code);
  await take(await fetch("/api/v1/auth/token", { method: "POST", body: form }));
}

// Two tabs share the cookie, and a refresh token works once: where the browser can, one tab refreshes at a time.
export function refresh() {
  const ask = async () => take(await fetch("/api/v1/auth/refresh", { method: "POST" }));
  refreshing ??= (navigator.locks ? navigator.locks.request("hub-refresh", ask) : ask()).finally(() => {
    refreshing = null;
  });
  return refreshing;
}

export async function signOut() {
  try {
    await call("/api/v1/auth/logout", { method: "POST" });
  } finally {
    access = null;
    localStorage.removeItem("signed-in");
  }
}

// Whether there may be a cookie to come back with; it cannot be looked at.
export function wasSignedIn() {
  if (location.hash === "#outside=in") {
    localStorage.setItem("signed-in", "yes"); // back from the provider, which leaves a cookie
    history.replaceState(null, "", location.pathname);
  }
  return localStorage.getItem("signed-in") === "yes";
}

// A fetch with the token, refreshed half a minute before it ends and once more if the hub refuses it.
export async function call(path, options = {}) {
  if (!access || Date.now() > goodUntil - 30_000) await refresh();
  const ask = () => fetch(path, { ...options, headers: { ...options.headers, Authorization: `Bearer ${access}` } });
  let answer = await ask();
  if (answer.status === 401) {
    await refresh();
    answer = await ask();
  }
  if (!answer.ok) throw await problemOf(answer);
  return answer;
}

export async function json(path, options = {}) {
  const answer = await call(path, options);
  return answer.status === 204 ? null : answer.json();
}

export function post(path, body, headers = {}) {
  return json(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}
