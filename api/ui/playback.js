// Playback: choose a camera and a day, see what is recorded, play from any second, jump to an alert, take a clip home.
// The address after # says where one is: #camera=cam-1&at=2026-05-04T06:00:00Z; with &alert=1 ten seconds before it.

import { Player } from "./player.js";
import * as session from "./session.js";
import * as signIn from "./sign-in.js";
import { Timeline } from "./timeline.js";
import { choose, language, PAGES, said, word } from "./words.js";

const $ = (id) => document.getElementById(id);
const DAY_MS = 86_400_000;
const BEFORE_ALERT_MS = 10_000;
const RESOLUTION_S = 30; // a pixel of a wide timeline
const GAPS_SHOWN = 8;

let cameras = [];
let recorded = null;
let glancing = null;

const player = new Player($("video"), {
  fault: (key, values) => { $("fault").textContent = word(key, values); },
  ended: () => nextRange(),
});
const timeline = new Timeline($("timeline"), { pick: (at) => show(at), hover: glance });

function words() {
  document.title = word("play.title");
  for (const [id, key] of [
    ["title", "play.title"], ["language-word", "language"], ["sign-out", "sign-out"], ...PAGES, ["sign-in-title", "sign-in"],
    ["sign-in-do", "sign-in"], ["username-word", "username"], ["password-word", "password"], ["camera-word", "play.camera"],
    ["stream-word", "play.stream"], ["day-word", "play.day"], ["time-word", "play.time"], ["play", "play.do"],
    ["clip-from-word", "play.from"], ["clip-to-word", "play.to"], ["clip-do", "play.clip"], ["marks-word", "play.marks"],
  ]) $(id).textContent = word(key);
  $("timeline").setAttribute("aria-label", word("play.timeline"));
  $("language").value = language();
  fill();
}

// --- moments ---

const two = (number) => String(number).padStart(2, "0");
const clock = (ms) => { const date = new Date(ms); return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`; };
const dayOf = (ms) => { const date = new Date(ms); return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`; };
const momentOf = (time) => new Date(`${$("day").value}T${time}`).getTime();
const dayStart = () => momentOf("00:00:00");
const path = (rest) => `/api/v1/cameras/${encodeURIComponent($("camera").value)}/${rest}`;

function fault(error) {
  if (error instanceof session.Problem && error.status === 401) return signedOut();
  $("fault").textContent = error instanceof session.Problem ? word("fault.other", { detail: error.message }) : word("fault.network");
}

// --- what there is ---

function fill() {
  const chosen = $("camera").value;
  $("camera").replaceChildren(...cameras.map((camera) => new Option(said(camera.name) || camera.id, camera.id)));
  if (cameras.some((camera) => camera.id === chosen)) $("camera").value = chosen;
  streams();
  if (recorded) shown();
}

function streams() {
  const camera = cameras.find((each) => each.id === $("camera").value);
  const chosen = $("stream").value;
  const there = camera?.streams.length ? camera.streams : ["main"];
  $("stream").replaceChildren(...there.map((stream) => new Option(word(`play.${stream}`), stream)));
  const small = matchMedia("(max-width: 40rem)").matches && there.includes("sub") ? "sub" : there[0];
  $("stream").value = there.includes(chosen) ? chosen : small;
}

async function look() {
  if (!$("camera").value || !$("day").value) return;
  $("fault").textContent = "";
  const query = new URLSearchParams({
    from: new Date(dayStart()).toISOString(), to: new Date(dayStart() + DAY_MS).toISOString(),
    stream: $("stream").value, resolution_s: RESOLUTION_S,
  });
  try {
    recorded = await session.json(path(`recordings?${query}`));
    shown();
  } catch (error) {
    recorded = null;
    timeline.show(dayStart(), null);
    fault(error);
  }
}

function shown() {
  timeline.show(dayStart(), recorded);
  const notes = [];
  if (!recorded.ranges.length) notes.push(word("play.empty"));
  if (recorded.sound_left_out) notes.push(word("play.silent", { sound: recorded.sound }));
  $("note").textContent = notes.join(" ");
  const gaps = recorded.gaps.slice(-GAPS_SHOWN).map((gap) => {
    const item = document.createElement("li");
    item.textContent = `${clock(Date.parse(gap.from))}–${clock(Date.parse(gap.to))} ${word(`gap.${gap.reason}`)}`;
    return item;
  });
  $("gaps").replaceChildren(...gaps);
  const marks = recorded.marks.map((mark) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `${clock(Date.parse(mark.at))} ${word(`level.${mark.level}`)} ${mark.kind}${mark.alerts > 1 ? ` ×${mark.alerts}` : ""}`;
    button.addEventListener("click", () => show(Date.parse(mark.at) - BEFORE_ALERT_MS));
    item.append(button);
    return item;
  });
  $("marks").replaceChildren(...marks);
  $("marks-word").hidden = !marks.length;
}

// --- playing ---

async function show(at, { play = true } = {}) {
  if (!$("camera").value) return;
  $("fault").textContent = "";
  if (dayOf(at) !== $("day").value) {
    $("day").value = dayOf(at);
    look();
  }
  moved(at);
  const where = new URLSearchParams({ camera: $("camera").value, at: new Date(at).toISOString() });
  history.replaceState(null, "", `#${where}`);
  await player.show($("camera").value, $("stream").value, at, { play });
}

function moved(at) {
  timeline.move(at);
  $("moment").textContent = `${dayOf(at)} ${clock(at)}`;
  if (document.activeElement !== $("time")) $("time").value = clock(at);
}

function nextRange() {
  const at = player.at;
  const next = recorded?.ranges.find((range) => Date.parse(range.from) > at);
  if (next) show(Date.parse(next.from));
}

// A small picture of the moment under the pointer, when it rests there.
function glance(at, x) {
  clearTimeout(glancing);
  if (at === null || !recorded) {
    $("glance").hidden = true;
    return;
  }
  glancing = setTimeout(async () => {
    try {
      const query = new URLSearchParams({ at: new Date(at).toISOString(), stream: $("stream").value, width: 192, key: true });
      const answer = await session.call(path(`still.jpg?${query}`));
      URL.revokeObjectURL($("glance").src);
      $("glance").src = URL.createObjectURL(await answer.blob());
      $("glance").style.left = `${Math.max(0, Math.min(x - 96, $("timeline").clientWidth - 192))}px`;
      $("glance").hidden = false;
    } catch {
      $("glance").hidden = true; // nothing was recorded then
    }
  }, 150);
}

async function clip(event) {
  event.preventDefault();
  $("fault").textContent = "";
  $("clip-link").hidden = true;
  const wish = {
    what: "clip", stream: $("stream").value,
    from: new Date(momentOf($("clip-from").value)).toISOString(), to: new Date(momentOf($("clip-to").value)).toISOString(),
  };
  try {
    const { url } = await session.post(path("links"), wish);
    const head = await fetch(url, { method: "HEAD" });
    if (!head.ok) { // a HEAD has no body, so the reason is asked for
      const told = await fetch(url, { headers: { Range: "bytes=0-0" } });
      throw new session.Problem(told.status, await told.json());
    }
    const link = $("clip-link");
    link.href = url;
    link.download = "";
    link.textContent = word("play.save", { mib: (Number(head.headers.get("content-length")) / 1048576).toFixed(1) });
    link.hidden = false;
    link.click();
  } catch (error) {
    fault(error);
  }
}

// --- who ---

function signedOut() {
  $("room").hidden = true;
  $("sign-out").hidden = true;
  $("sign-in").hidden = false;
  $("username").focus();
}

async function signedIn() {
  try {
    const found = [];
    let next = null;
    do {
      const page = await session.json(`/api/v1/recordings/cameras?limit=500${next ? `&cursor=${encodeURIComponent(next)}` : ""}`);
      found.push(...page.items);
      next = page.next;
    } while (next);
    cameras = found;
  } catch (error) {
    $("sign-in").hidden = true;
    return fault(error);
  }
  $("sign-in").hidden = true;
  $("sign-out").hidden = false;
  $("room").hidden = false;
  fill();
  if (!cameras.length) $("note").textContent = word("play.none");
  const asked = new URLSearchParams(location.hash.slice(1));
  if (cameras.some((camera) => camera.id === asked.get("camera"))) $("camera").value = asked.get("camera");
  streams();
  const at = Date.parse(asked.get("at") ?? "");
  $("day").value = dayOf(Number.isNaN(at) ? Date.now() : at);
  await look();
  if (!Number.isNaN(at)) show(asked.has("alert") ? at - BEFORE_ALERT_MS : at);
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
$("camera").addEventListener("change", () => { streams(); look(); });
for (const id of ["stream", "day"]) $(id).addEventListener("change", look);
$("play").addEventListener("click", () => {
  const first = recorded?.ranges[0];
  show($("time").value ? momentOf($("time").value) : first ? Date.parse(first.from) : dayStart());
});
$("clip").addEventListener("submit", clip);
$("video").addEventListener("timeupdate", () => { if (player.at !== null) moved(player.at); });

words();
if (session.wasSignedIn()) session.refresh().then(signedIn, signedOut);
else signedOut();
signIn.offer();
