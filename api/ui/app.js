// The watch desk: what is open, worst first, live; acknowledge and resolve. Texts go in as text nodes only.

import { Card } from "./card.js";
import { Feed } from "./feed.js";
import { Chime } from "./chime.js";
import { askVerdict } from "./resolve.js";
import * as session from "./session.js";
import * as signIn from "./sign-in.js";
import { age, choose, language, PAGES, said, word } from "./words.js";

const $ = (id) => document.getElementById(id);
const RANK = { red: 4, orange: 3, yellow: 2, blue: 1, green: 0 };
const PAGE = 50;

const cards = new Map(); // incident id -> Card
const chime = new Chime();
let view = "open";
let next = null; // cursor of the next page
let feed = null;
let offset = 0; // hub time minus this machine's, ms
let lostSince = null;
let cameras = new Map();
const dirty = new Set();
let dirtyTimer = null;

const now = () => Date.now() + offset;

// --- words and frame ---

function words() {
  document.title = word("title");
  for (const [id, key] of [
    ["title", "title"], ["language-word", "language"], ["sign-out", "sign-out"], ...PAGES, ["sign-in-title", "sign-in"],
    ["sign-in-do", "sign-in"], ["username-word", "username"], ["password-word", "password"], ["view-open", "view.open"],
    ["view-done", "view.done"], ["more", "more"], ["keys", "keys"], ["picture-close", "close"],
  ]) $(id).textContent = word(key);
  $("sound").textContent = word(chime.on ? "sound.on" : "sound.off");
  $("sound").setAttribute("aria-pressed", String(chime.on));
  $("language").value = language();
  for (const card of cards.values()) card.show();
  counts();
  health();
}

function toast(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { $("toast").hidden = true; }, 6000);
}

function fault(error) {
  if (error instanceof session.Problem) {
    if (error.status === 401) return signedOut();
    toast(word("fault.other", { detail: error.message }));
  } else toast(word("fault.network"));
}

function linkState(state) {
  if (state === "live") lostSince = null;
  else if (state === "lost") lostSince ??= Date.now();
  $("link").dataset.state = state;
  $("link").textContent = word(`link.${state}`);
  ticking();
}

function ticking() {
  for (const card of cards.values()) card.tick(now());
  if (feed && ++ticking.count % 3 === 0) for (const [id, card] of cards) if (card.awaitsPicture(now())) touch(id);
  const lostS = lostSince === null ? 0 : (Date.now() - lostSince) / 1000;
  $("stale").hidden = lostS < 5;
  if (lostS >= 5) $("stale").textContent = word("stale", { age: age(lostS) });
}

ticking.count = 0;

function counts() {
  const list = $("counts");
  list.replaceChildren();
  const open = [...cards.values()].map((card) => card.incident);
  const unseen = open.filter(asks).length;
  if (unseen && view === "open") {
    const item = document.createElement("li");
    item.className = "unseen-count";
    item.textContent = `${word("unseen")} ${unseen}`;
    list.append(item);
  }
  for (const colour of Object.keys(RANK)) {
    const number = open.filter((incident) => incident.colour === colour).length;
    if (!number) continue;
    const item = document.createElement("li");
    item.className = `chip ${colour}`;
    item.textContent = `${word(`level.${colour}`)} ${number}`;
    list.append(item);
  }
  if (view === "open") document.title = `${unseen ? `(${unseen}) ` : ""}${word("title")}`;
  $("empty").hidden = cards.size > 0;
  $("empty").textContent = word(`empty.${view}`);
}

function health() {
  const all = [...cameras.values()].filter((camera) => camera.enabled);
  const away = all.filter((camera) => camera.status?.state !== "live");
  $("health").dataset.state = away.length ? "bad" : "ok";
  if (!all.length) $("health").textContent = "";
  else if (!away.length) $("health").textContent = word("health.ok", { online: all.length, total: all.length });
  else {
    const names = away.slice(0, 4).map((camera) => said(camera.name) || camera.id).join(", ");
    const rest = away.length > 4 ? ` … +${away.length - 4}` : "";
    $("health").textContent = word("health.bad", { offline: away.length, names: names + rest });
  }
}

// --- the list ---

function order() {
  const sorted = [...cards.values()].sort((a, b) => {
    if (view === "open") {
      const hidden = Number(a.incident.display !== "shown") - Number(b.incident.display !== "shown");
      if (hidden) return hidden;
      const unseen = Number(b.incident.handling === "new") - Number(a.incident.handling === "new");
      const rank = RANK[b.incident.level] - RANK[a.incident.level];
      if (rank || unseen) return rank || unseen;
    }
    return b.incident.opened.localeCompare(a.incident.opened);
  });
  const list = $("incidents");
  const focused = document.activeElement;
  sorted.forEach((card, index) => {
    if (list.children[index] !== card.node) list.insertBefore(card.node, list.children[index] ?? null);
  });
  if (focused && list.contains(focused)) focused.focus();
}

function put(incident, { announce = false } = {}) {
  const open = !["resolved", "closed"].includes(incident.handling);
  const known = cards.get(incident.id);
  if (open !== (view === "open")) {
    known?.remove();
    cards.delete(incident.id);
    return;
  }
  if (known) {
    const before = known.incident;
    known.update(incident);
    if (announce && asks(incident) && (!asks(before) || RANK[incident.level] > RANK[before.level])) alarm(incident);
    return;
  }
  const card = new Card(incident, { move, resolve, picture, now });
  cards.set(incident.id, card);
  if (announce && asks(incident)) alarm(incident);
}

/** What somebody has to look at: nobody has yet, and neither a person nor a graver alert hides it. */
function asks(incident) {
  return incident.handling === "new" && incident.display === "shown";
}

function alarm(incident) {
  const text = word("new", { level: word(`level.${incident.colour}`), text: said(incident.text) });
  $("said").textContent = text;
  chime.ring(incident.level);
}

async function load({ more = false } = {}) {
  const wanted = view;
  const query = new URLSearchParams({ state: wanted, limit: String(PAGE) });
  if (more && next) query.set("cursor", next);
  const page = await session.json(`/api/v1/incidents?${query}`);
  if (wanted !== view) return;
  if (!more) {
    const kept = new Set(page.items.map((incident) => incident.id));
    for (const [id, card] of cards) if (!kept.has(id)) { card.remove(); cards.delete(id); }
  }
  for (const incident of page.items) put(incident);
  next = page.next;
  $("more").hidden = !next;
  order();
  counts();
  ticking();
}

async function loadCameras() {
  const page = await session.json("/api/v1/cameras?limit=500");
  cameras = new Map(page.items.map((camera) => [camera.id, camera]));
  health();
}

// Entries come in bursts; the incidents they name are fetched together, and shown as the hub has them now.
function touch(id) {
  dirty.add(id);
  dirtyTimer ??= setTimeout(async () => {
    dirtyTimer = null;
    const ids = [...dirty];
    dirty.clear();
    try {
      const found = await Promise.all(ids.map((each) => session.json(`/api/v1/incidents/${encodeURIComponent(each)}`).catch((error) => {
        if (error.status === 404) return null;
        throw error;
      })));
      for (const incident of found) if (incident) put(incident, { announce: view === "open" });
      order();
      counts();
      ticking();
    } catch (error) {
      ids.forEach((id) => dirty.add(id));
      fault(error);
    }
  }, 120);
}

// --- what people do ---

// A move on the version that is on the screen. Where only the hub itself changed something that does not matter for the
// decision (it happened again, it returned), the move is made on the new version.
async function made(incident, name, extra) {
  const send = (version) => session.post(`/api/v1/incidents/${encodeURIComponent(incident.id)}/${name}`, extra, { "If-Match": `"${version}"` });
  try {
    return await send(incident.version);
  } catch (error) {
    const now = error.status === 412 ? error.body.current : null;
    if (!now || now.level !== incident.level || now.handling !== incident.handling) throw error;
    return send(now.version);
  }
}

async function move(card, name, extra = {}) {
  const { incident } = card;
  card.busy(true);
  try {
    const changed = await made(incident, name, extra);
    put(changed);
    order();
    counts();
    if (name !== "comment") toast(word(`done.${name}`, { number: incident.number }));
    return true;
  } catch (error) {
    if (error instanceof session.Problem && error.status === 412) {
      put(error.body.current);
      order();
      counts();
      const first = error.body.first;
      const byPerson = first && first.who && first.who !== "engine";
      toast(byPerson ? word("fault.first", { who: first.who, move: word(`move.${first.move}`) }) : word("fault.changed"));
      return false;
    }
    if (error instanceof session.Problem && name === "resolve" && [409, 422].includes(error.status)) throw error;
    fault(error);
    return false;
  } finally {
    card.busy(false);
  }
}

async function resolve(card) {
  await askVerdict(card.incident, (answer) => move(card, "resolve", answer));
}

function picture(url, text) {
  $("picture-img").src = url;
  $("picture-img").alt = text;
  $("picture").showModal();
}

function show(which) {
  view = which;
  $("view-open").setAttribute("aria-pressed", String(view === "open"));
  $("view-done").setAttribute("aria-pressed", String(view === "done"));
  for (const card of cards.values()) card.remove();
  cards.clear();
  next = null;
  load().catch(fault);
}

function keys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (["INPUT", "TEXTAREA", "SELECT"].includes(event.target.tagName)) return;
  const nodes = [...$("incidents").children];
  if (!nodes.length) return;
  const at = nodes.findIndex((node) => node.contains(document.activeElement));
  const card = at < 0 ? null : [...cards.values()].find((each) => each.node === nodes[at]);
  const key = event.key.toLowerCase();
  if (key === "j" || key === "k") nodes[Math.min(nodes.length - 1, Math.max(0, at + (key === "j" ? 1 : -1)))].focus();
  else if (key === "a" && card?.can("acknowledge")) move(card, "acknowledge");
  else if (key === "r" && card?.can("resolve")) resolve(card);
  else if (key === "enter" && card && document.activeElement === card.node) card.toggle();
  else return;
  event.preventDefault();
}

// --- in and out ---

function signedOut() {
  feed?.stop();
  feed = null;
  for (const card of cards.values()) card.remove();
  cards.clear();
  $("room").hidden = true;
  $("sign-out").hidden = true;
  $("who").textContent = "";
  $("link").textContent = "";
  $("stale").hidden = true;
  lostSince = null;
  $("sign-in").hidden = false;
  $("username").focus();
}

async function signedIn() {
  const me = await session.json("/api/v1/me");
  $("who").textContent = me.username;
  $("sign-in").hidden = true;
  $("password").value = "";
  $("room").hidden = false;
  $("sign-out").hidden = false;
  feed?.stop();
  feed = new Feed({
    state: linkState,
    refused: signedOut,
    // The place in the journal comes first, then the list: what happens between the two is in the feed.
    hello: (data) => {
      offset = Date.parse(data.at) - Date.now();
      load().catch(fault);
      loadCameras().catch(fault);
    },
    entry: (topic, data) => {
      if (data.incident) touch(data.incident);
      if (topic === "health") loadCameras().catch(fault);
    },
  });
  feed.run();
}

async function start() {
  words();
  linkState("connecting");
  setInterval(ticking, 1000);
  // A camera's state also changes without a health entry (it was added, or switched off).
  setInterval(() => { if (feed && !document.hidden) loadCameras().catch(() => {}); }, 30_000);
  $("language").addEventListener("change", (event) => { choose(event.target.value); words(); linkState($("link").dataset.state); });
  $("sound").addEventListener("click", () => { chime.toggle(); words(); });
  $("sign-out").addEventListener("click", () => session.signOut().catch(() => {}).finally(signedOut));
  $("view-open").addEventListener("click", () => show("open"));
  $("view-done").addEventListener("click", () => show("done"));
  $("more").addEventListener("click", () => load({ more: true }).catch(fault));
  $("picture-close").addEventListener("click", () => $("picture").close());
  document.addEventListener("keydown", keys);
  $("sign-in").addEventListener("submit", async (event) => {
    event.preventDefault();
    $("sign-in-fault").textContent = "";
    $("sign-in-do").disabled = true;
    chime.unlock();
    try {
      await signIn.submit();
      await signedIn();
    } catch (error) {
      $("sign-in-fault").textContent = signIn.explain(error);
    } finally {
      $("sign-in-do").disabled = false;
    }
  });
  if (!session.wasSignedIn()) {
    signedOut();
    signIn.offer();
    return;
  }
  try {
    await session.refresh();
    await signedIn();
  } catch (error) {
    signedOut();
    if (!(error instanceof session.Problem)) $("sign-in-fault").textContent = word("fault.network");
  }
}

start();
