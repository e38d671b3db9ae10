// The page of one's home: cameras and what they are for, who watched, and one's own data. Made for a phone.

import { card, make, problem, still } from "./home-card.js";
import { say, when } from "./home-words.js";
import * as session from "./session.js";
import * as signIn from "./sign-in.js";
import { choose, language, said, word } from "./words.js";

const $ = (id) => document.getElementById(id);
let mine = { homes: [], shared: [] };
let views = [];
let newcomers = [];
let following = null;
let confirmed = null;

function words() {
  document.title = say("title");
  for (const [id, key] of [
    ["title", "title"], ["shared-word", "shared"], ["watched-word", "watched"], ["watched-hint", "watched.hint"],
    ["more-views", "watched.more"], ["mine-word", "mine"], ["mine-hint", "mine.hint"], ["download", "download"],
    ["leave", "leave"], ["erase-word", "erase"], ["erase-hint", "erase.hint"], ["erase-password-word", "erase.password"],
    ["goes-word", "goes"], ["stays-word", "stays"],
  ]) $(id).textContent = say(key);
  for (const [id, key] of [
    ["language-word", "language"], ["sign-out", "sign-out"], ["sign-in-title", "sign-in"], ["sign-in-do", "sign-in"],
    ["username-word", "username"], ["password-word", "password"], ["to-live", "live.title"], ["to-past", "play.title"],
  ]) $(id).textContent = word(key);
  $("language").value = language();
  stepWord();
  draw();
}

// --- what there is ---

function draw() {
  const cameras = mine.homes.flatMap((home) => home.cameras);
  const nameOf = (id) => said(cameras.find((camera) => camera.id === id)?.name) || id;
  $("homes").replaceChildren(...mine.homes.map(homeOf));
  if (!mine.homes.length) $("homes").replaceChildren(make("p", say("no-home"), { className: "empty" }));
  $("glass").replaceChildren(...mine.homes.flatMap((home) => home.glass).slice(0, 5).map((each) => {
    const box = make("div", "", { className: "alarm" });
    const told = { who: each.who, camera: nameOf(each.camera), from: when(each.from), to: when(each.to), until: when(each.to) };
    box.append(make("p", say(each.open ? "glass.open" : "glass.was", told)), make("p", say("glass.why", { why: each.reason }), { className: "dim" }));
    return box;
  }));
  $("shared").hidden = !mine.shared.length;
  $("shared-cameras").replaceChildren(...mine.shared.map((camera) => {
    const item = make("li", "", { className: "card" });
    const picture = make("div", "", { className: "still" });
    const inside = make("div", "", { className: "inside" });
    const until = camera.until ? say("shared.by", { by: camera.by, until: when(camera.until) }) : say("shared.for-ever", { by: camera.by });
    inside.append(make("h3", said(camera.name) || camera.id), make("p", until, { className: "dim" }));
    item.append(picture, inside);
    still(camera, picture);
    return item;
  }));
  drawViews(nameOf);
}

function homeOf(home) {
  const box = make("section");
  const names = home.people.map((person) => (person.own ? say("you", { name: person.name }) : person.name)).join("、");
  box.append(make("h2", said(home.name) || home.site), make("p", say("people", { names }), { className: "dim" }));
  if (!home.household) box.append(make("p", say("not-household"), { className: "dim" }));
  box.append(...newcomers.filter((each) => each.site === home.site).map(newcomerOf));
  const list = make("ul", "", { className: "cards" });
  if (home.household) list.append(...home.cameras.map((camera) => card(camera, changed)));
  box.append(home.household && !home.cameras.length ? make("p", say("none"), { className: "dim" }) : list);
  return box;
}

function newcomerOf(each) {
  const box = make("div", "", { className: "alarm" });
  box.append(make("p", say(each.by ? "newcomer.by" : "newcomer", each)), make("p", say("newcomer.hint"), { className: "dim" }));
  const choices = make("div", "", { className: "choices" });
  const path = `/api/v1/me/home/newcomers/${encodeURIComponent(each.id)}`;
  for (const [key, method, url] of [["newcomer.yes", "POST", `${path}/confirm`], ["newcomer.no", "DELETE", path]]) {
    const button = make("button", say(key), { type: "button" });
    button.addEventListener("click", () => answered(method, url));
    choices.append(button);
  }
  box.append(choices);
  return box;
}

async function answered(method, url) {
  let fault = "";
  try {
    await session.call(url, { method });
  } catch (error) {
    fault = problem(error);
  }
  await load();
  if (fault) $("fault").textContent = fault;
}

async function changed(id, told, state = "") {
  await load();
  const answer = document.querySelector(`[data-camera="${CSS.escape(id)}"] .saved`);
  if (answer) Object.assign(answer, { textContent: told }).dataset.state = state;
}

function drawViews(nameOf) {
  $("watched").hidden = !mine.homes.some((home) => home.household);
  $("views").replaceChildren(...views.map((each) => {
    const item = make("li");
    const who = make("b", each.who);
    const more = each.own ? say("own") : each.household ? say("household") : say(`role.${each.role}`);
    const line = make("p", "", { className: each.own ? "own" : "" });
    line.append(who, ` (${more}) ${say(`what.${each.what}`)}`);
    const span = each.to > each.from ? `${when(each.from)} – ${when(each.to)}` : when(each.from);
    const times = each.times > 1 ? ` · ${say("times", { n: each.times })}` : "";
    item.append(line, make("p", `${nameOf(each.camera)} · ${span}${times}`, { className: "dim" }));
    if (each.reason) item.append(make("p", say("glass.why", { why: each.reason }), { className: "dim" }));
    return item;
  }));
  if (!views.length) $("views").replaceChildren(make("li", say("watched.none"), { className: "dim" }));
  $("more-views").hidden = !following;
}

async function load() {
  $("fault").textContent = "";
  try {
    mine = await session.json("/api/v1/me/home");
    await loadViews(false);
    newcomers = await waiting();
  } catch (error) {
    if (error.status === 401) return signedOut();
    $("fault").textContent = problem(error);
  }
  draw();
}

async function waiting() {
  try {
    return (await session.json("/api/v1/me/home/newcomers")).items;
  } catch (error) {
    if (error.status !== 403) throw error; // as with views
    return [];
  }
}

async function loadViews(more) {
  try {
    const page = await session.json(`/api/v1/me/home/views${more && following ? `?cursor=${encodeURIComponent(following)}` : ""}`);
    views = more ? [...views, ...page.items] : page.items;
    following = page.next;
  } catch (error) {
    if (error.status !== 403) throw error; // who only has cameras shared with him has no home to read of
  }
}

// --- one's data ---

async function download() {
  try {
    const answer = await session.call("/api/v1/me/data");
    const url = URL.createObjectURL(await answer.blob());
    make("a", "", { href: url, download: "my-data.json" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  } catch (error) {
    $("fault").textContent = problem(error);
  }
}

function stepWord() {
  $("erase-do").textContent = say(confirmed ? "erase.do" : "erase.ask");
  $("erase-do").dataset.step = confirmed ? "do" : "ask";
}

function listed(id, found) {
  $(id).replaceChildren(...found.map((each) => {
    const item = make("li", said(each.what));
    if (each.why) item.append(make("small", said(each.why)));
    return item;
  }));
}

async function erase(event) {
  event.preventDefault();
  $("erase-fault").textContent = "";
  try {
    const answer = await session.post("/api/v1/me/erase", { password: $("erase-password").value, confirm: confirmed });
    confirmed = answer.done ? null : answer.confirm;
    $("plan").hidden = false;
    listed("goes", answer.goes);
    listed("stays", answer.stays);
    stepWord();
    if (answer.done) {
      localStorage.removeItem("signed-in");
      $("erase-fault").textContent = say("erase.done");
      $("erase-do").disabled = true;
    }
  } catch (error) {
    confirmed = null;
    stepWord();
    $("erase-fault").textContent = error.status === 403 ? say("fault.password") : problem(error);
  }
}

// --- who ---

function signedOut() {
  $("home").hidden = true;
  $("sign-out").hidden = true;
  $("sign-in").hidden = false;
  $("username").focus();
  signIn.offer();
}

async function signedIn() {
  $("sign-in").hidden = true;
  $("sign-out").hidden = false;
  $("home").hidden = false;
  await load();
}

$("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  $("sign-in-fault").textContent = "";
  try {
    await signIn.submit();
    await signedIn();
  } catch (error) {
    $("sign-in-fault").textContent = signIn.explain(error);
  }
});
$("sign-out").addEventListener("click", async () => { await session.signOut().catch(() => {}); location.reload(); });
$("language").addEventListener("change", (event) => { choose(event.target.value); words(); });
$("more-views").addEventListener("click", async () => { await loadViews(true); draw(); });
$("download").addEventListener("click", download);
$("leave").addEventListener("click", async () => {
  await session.post("/api/v1/auth/logout-everywhere", {}).catch(() => {});
  localStorage.removeItem("signed-in");
  location.reload();
});
$("erase").addEventListener("submit", erase);

words();
if (session.wasSignedIn()) session.refresh().then(signedIn, signedOut);
else signedOut();
