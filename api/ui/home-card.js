// One camera of one's home: its picture, what it is for in plain words, and with whom it is shared.

import { say, when } from "./home-words.js";
import * as session from "./session.js";
import { said, word } from "./words.js";

const DAYS = [null, 0, 1, 3, 7, 14, 30, 60, 90];
const SHARES = [["day", 1], ["week", 7], ["month", 30], ["year", 365]];

export function make(tag, text = "", more = {}) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  return Object.assign(made, more);
}

const send = (path, method, body, headers = {}) => session.json(path, {
  method, headers: { "Content-Type": "application/json", ...headers }, body: body === undefined ? undefined : JSON.stringify(body),
});

export function problem(error) {
  return error instanceof session.Problem ? word("fault.other", { detail: error.message }) : word("fault.network");
}

// The picture of now; whoever may not see it, or a camera that has none, gets words.
export async function still(camera, box) {
  try {
    const answer = await session.call(`/api/v1/cameras/${encodeURIComponent(camera.id)}/still.jpg`);
    const url = URL.createObjectURL(await answer.blob());
    const image = make("img", "", { src: url, alt: said(camera.name) || camera.id });
    image.addEventListener("load", () => URL.revokeObjectURL(url));
    box.replaceChildren(image);
  } catch {
    box.replaceChildren(make("p", say("no-picture")));
  }
}

export function card(camera, changed) {
  const item = make("li", "", { className: "card" });
  item.dataset.camera = camera.id;
  const picture = make("div", "", { className: "still" });
  const inside = make("div", "", { className: "inside" });
  const head = make("h3", said(camera.name) || camera.id);
  head.append(make("span", `${say(`state.${camera.state}`)} · ${say(camera.watched ? "watched-now" : "own-only")}`, { className: "now" }));
  inside.append(head, choices(camera, changed), sharing(camera, changed));
  item.append(picture, inside);
  still(camera, picture);
  return item;
}

// --- what it is for ---

function choices(camera, changed) {
  const { consent } = camera;
  const form = make("form", "", { className: "inside consent" });
  const told = consent.version ? say("decided", { who: consent.author, at: when(consent.at) }) : say("undecided");
  const answer = make("p", "", { className: "saved" });
  answer.setAttribute("role", "status");
  const keep = make("select");
  keep.name = "keep_days";
  for (const days of DAYS.includes(consent.keep_days) ? DAYS : [...DAYS, consent.keep_days]) {
    const key = days === null ? "keep.null" : days === 0 ? "keep.0" : "keep.days";
    keep.append(make("option", say(key, { n: days }), { value: String(days), selected: days === consent.keep_days }));
  }
  const days = make("label", "", { className: "days" });
  const now = camera.keeps_days ? say("keep.now", { n: Math.round(camera.keeps_days) }) : say("keep.none");
  days.append(make("span", say("keep")), keep, make("span", now, { className: "dim" }));
  form.append(
    make("p", told, { className: "dim" }),
    options(camera, "analyse", ["nothing", "safety", "all"]),
    options(camera, "watch", ["never", "incident", "always"]),
    days,
    make("button", say("save"), { type: "submit", className: "main" }),
    answer,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wanted = new FormData(form);
    const kept = wanted.get("keep_days");
    const body = { analyse: wanted.get("analyse"), watch: wanted.get("watch"), keep_days: kept === "null" ? null : Number(kept) };
    try {
      const path = `/api/v1/cameras/${encodeURIComponent(camera.id)}/consent`;
      await send(path, "PUT", body, { "If-Match": `"${consent.version}"` });
      await changed(camera.id, say("saved"));
    } catch (error) {
      if (error.status === 409) return changed(camera.id, say("late"), "bad");
      answer.dataset.state = "bad";
      answer.textContent = problem(error);
    }
  });
  return form;
}

function options(camera, name, values) {
  const set = make("fieldset");
  set.append(make("legend", say(name)));
  for (const value of values) {
    const option = make("label", "", { className: "option" });
    const input = make("input", "", { type: "radio", name, value, checked: camera.consent[name] === value });
    option.append(input, make("span", say(`${name}.${value}`)), make("span", say(`${name}.${value}.more`)));
    set.append(option);
  }
  return set;
}

// --- with whom ---

function sharing(camera, changed) {
  const box = make("details");
  box.append(make("summary", `${say("shares")} (${camera.shares.length})`));
  const list = make("ul", "", { className: "shares" });
  for (const share of camera.shares) {
    const item = make("li");
    const how = say(share.recordings ? "share.recordings" : "share.live");
    const end = make("button", say("share.end"), { type: "button" });
    end.addEventListener("click", async () => {
      await session.json(`/api/v1/cameras/${encodeURIComponent(camera.id)}/shares/${encodeURIComponent(share.id)}`, { method: "DELETE" });
      await changed(camera.id, "");
    });
    item.append(make("span", `${share.username} · ${how} · ${say("share.until", { until: when(share.until) })}`), end);
    list.append(item);
  }
  if (!camera.shares.length) list.append(make("li", say("shares.none"), { className: "dim" }));
  box.append(list, shareForm(camera, changed));
  return box;
}

function shareForm(camera, changed) {
  const form = make("form", "", { className: "share-form" });
  const name = make("label");
  const input = make("input", "", { name: "username", required: true, maxLength: 64, autocapitalize: "none", spellcheck: false });
  name.append(make("span", say("share.name")), input);
  const long = make("label");
  const days = make("select", "", { name: "days" });
  for (const [key, count] of SHARES) days.append(make("option", say(`share.${key}`), { value: count }));
  long.append(make("span", say("share.days")), days);
  const also = make("label", "", { className: "check" });
  also.append(make("input", "", { type: "checkbox", name: "recordings" }), document.createTextNode(say("share.also")));
  const fault = make("p", "", { className: "fault" });
  fault.setAttribute("role", "alert");
  form.append(name, long, also, make("p", say("share.hint"), { className: "dim" }), fault, make("button", say("share.do"), { type: "submit" }));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wanted = new FormData(form);
    const until = new Date(Date.now() + Number(wanted.get("days")) * 86_400_000).toISOString();
    try {
      const body = { username: wanted.get("username"), until, recordings: wanted.get("recordings") === "on" };
      await session.post(`/api/v1/cameras/${encodeURIComponent(camera.id)}/shares`, body);
      await changed(camera.id, "");
    } catch (error) {
      fault.textContent = problem(error);
    }
  });
  return form;
}
