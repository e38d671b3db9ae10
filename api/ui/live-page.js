// The live page: click cameras of the list to watch them side by side, click a picture to see it large. The address
// after # says what is watched: #cam-1,cam-7, so that a screen on a wall comes back with what it showed.

import { Live } from "./live.js";
import * as session from "./session.js";
import * as signIn from "./sign-in.js";
import { choose, language, PAGES, said, word } from "./words.js";

const $ = (id) => document.getElementById(id);
const MOST_TILES = 25;

const tiles = new Map(); // camera id -> { item, live, name, told }
let cameras = [];
let large = null;

function words() {
  document.title = word("live.title");
  for (const [id, key] of [
    ["title", "live.title"], ["language-word", "language"], ["sign-out", "sign-out"], ...PAGES, ["sign-in-title", "sign-in"],
    ["sign-in-do", "sign-in"], ["username-word", "username"], ["password-word", "password"], ["list-word", "live.list"],
    ["large-past", "live.past"], ["large-close", "close"],
  ]) $(id).textContent = word(key);
  $("language").value = language();
  soundWord();
  list();
  for (const [id, tile] of tiles) {
    tile.name.textContent = nameOf(id);
    tile.close.setAttribute("aria-label", word("close"));
    tell(tile.item, tile.told, ...tile.told.state);
  }
  if (large) {
    $("large-name").textContent = nameOf(large.camera);
    tell(large.box, large.told, ...large.told.state);
  }
}

const nameOf = (id) => said(cameras.find((camera) => camera.id === id)?.name) || id;

// Why there is no picture, in words; a picture speaks for itself.
function tell(box, told, state, detail) {
  told.state = [state, detail];
  box.dataset.state = state;
  const why = state === "paused" ? word(`live.paused.${detail}`) : detail;
  told.textContent = word(`live.${state}`, { why: state === "refused" ? word(`live.refused.${detail}`) : why });
}

// --- the list and the tiles ---

function list() {
  $("cameras").replaceChildren(...cameras.map((camera) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = said(camera.name) || camera.id;
    button.dataset.camera = camera.id;
    button.setAttribute("aria-pressed", String(tiles.has(camera.id)));
    button.addEventListener("click", () => (tiles.has(camera.id) ? hide(camera.id) : show(camera.id)));
    item.append(button);
    return item;
  }));
}

function changed() {
  list();
  history.replaceState(null, "", `#${[...tiles.keys()].map(encodeURIComponent).join(",")}`);
}

function show(id) {
  $("fault").textContent = "";
  if (tiles.size >= MOST_TILES) {
    $("fault").textContent = word("live.most", { most: MOST_TILES });
    return;
  }
  const item = document.createElement("li");
  item.className = "tile";
  item.dataset.camera = id;
  const video = document.createElement("video");
  const told = document.createElement("p");
  told.className = "told";
  told.setAttribute("role", "status");
  told.state = ["connecting", ""];
  const name = document.createElement("button");
  name.type = "button";
  name.className = "name";
  name.textContent = nameOf(id);
  name.addEventListener("click", () => enlarge(id));
  video.addEventListener("click", () => enlarge(id));
  const close = document.createElement("button");
  close.type = "button";
  close.className = "close";
  close.textContent = "×";
  close.setAttribute("aria-label", word("close"));
  close.addEventListener("click", () => hide(id));
  item.append(video, told, name, close);
  const live = new Live(video, id, { stream: "sub", told: { state: (...state) => stated(item, told, state) } });
  tiles.set(id, { item, live, name, told, close });
  $("tiles").append(item);
  live.start();
  changed();
}

function stated(box, told, state) {
  tell(box, told, ...state);
  if (state[0] === "refused" && state[1] === "signed_out") signedOut();
}

function hide(id) {
  const tile = tiles.get(id);
  tile.live.stop();
  tile.item.remove();
  tiles.delete(id);
  changed();
}

// --- one camera, large ---

function enlarge(id, sound = false) {
  shrink();
  const box = $("large").querySelector(".tile");
  const told = box.querySelector(".told");
  told.state = ["connecting", ""];
  const live = new Live($("large-video"), id, { stream: "main", sound, told: { state: (...state) => stated(box, told, state) } });
  large = { camera: id, live, box, told, sound };
  $("large-name").textContent = nameOf(id);
  $("large-past").href = `/playback#camera=${encodeURIComponent(id)}`;
  soundWord();
  $("large").hidden = false;
  live.start();
  $("large").scrollIntoView({ block: "start" });
}

function shrink() {
  large?.live.stop();
  large = null;
  $("large").hidden = true;
}

function soundWord() {
  $("large-sound").textContent = word(large?.sound ? "sound.on" : "sound.off");
  $("large-sound").setAttribute("aria-pressed", String(Boolean(large?.sound)));
}

// --- who ---

function signedOut() {
  for (const id of [...tiles.keys()]) { tiles.get(id).live.stop(); tiles.get(id).item.remove(); tiles.delete(id); }
  shrink();
  $("room").hidden = true;
  $("sign-out").hidden = true;
  $("sign-in").hidden = false;
  $("username").focus();
}

async function signedIn() {
  $("fault").textContent = "";
  const found = [];
  try {
    let next = null;
    do {
      const page = await session.json(`/api/v1/recordings/cameras?limit=500${next ? `&cursor=${encodeURIComponent(next)}` : ""}`);
      found.push(...page.items);
      next = page.next;
    } while (next);
  } catch (error) {
    if (error.status === 401) return signedOut();
    $("fault").textContent = error instanceof session.Problem ? word("fault.other", { detail: error.message }) : word("fault.network");
  }
  cameras = found;
  $("sign-in").hidden = true;
  $("sign-out").hidden = false;
  $("room").hidden = false;
  if (!cameras.length && !$("fault").textContent) $("fault").textContent = word("play.none");
  list();
  const asked = location.hash.slice(1).split(",").map(decodeURIComponent);
  for (const id of asked) if (cameras.some((camera) => camera.id === id) && !tiles.has(id)) show(id);
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
$("large-close").addEventListener("click", shrink);
$("large-sound").addEventListener("click", () => enlarge(large.camera, !large.sound));
document.addEventListener("keydown", (event) => { if (event.key === "Escape") shrink(); });

words();
if (session.wasSignedIn()) session.refresh().then(signedIn, signedOut);
else signedOut();
signIn.offer();
