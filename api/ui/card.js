// One incident in the list: its picture, what it is, where, how old, and what can be done about it.

import * as session from "./session.js";
import { age, language, said, word } from "./words.js";

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function button(text, className, press) {
  const node = make("button", className, text);
  node.type = "button";
  node.addEventListener("click", press);
  return node;
}

/** Who hides it, why and until when. */
function hidden({ display, hidden_by: by, hidden_why: why, hidden_until: until }) {
  if (display === "muted") return word("muted");
  const end = until && new Date(until).toLocaleString(language() === "zh" ? "zh-CN" : "en-GB");
  return word(end ? "hidden.until" : "hidden", { how: word(`display.${display}`), by, why, until: end });
}

// To the recording, from ten seconds before an alert.
function recorded(alert) {
  const link = make("a", "recorded", word("play.alert"));
  link.href = `/playback#${new URLSearchParams({ camera: alert.camera, at: alert.raised, alert: 1 })}`;
  link.target = "_blank";
  link.rel = "noopener";
  return link;
}

export class Card {
  // room: move(card, name, extra), resolve(card), picture(url, alt), now()
  constructor(incident, room) {
    this.room = room;
    this.incident = incident;
    this.node = make("li", "incident");
    this.node.tabIndex = 0;
    this.open = false;
    this.stillUrl = null;
    this.stillOf = null;
    this.details = null;
    this.build();
    this.show();
  }

  build() {
    this.still = make("button", "still");
    this.still.type = "button";
    this.still.addEventListener("click", () => { if (this.stillUrl) this.room.picture(this.stillUrl, this.stillAlt()); });
    this.image = make("img");
    this.image.hidden = true;
    this.noPicture = make("span", "no-picture");
    this.still.append(this.image, this.noPicture);
    this.head = make("p", "head");
    this.level = make("span", "chip");
    this.number = make("span", "number");
    this.age = make("time", "age");
    this.head.append(this.level, this.number, this.age);
    this.text = make("h3", "text");
    this.place = make("p", "place");
    this.state = make("p", "state");
    this.todo = make("p", "todo");
    this.actions = make("div", "actions");
    this.more = make("div", "details");
    this.more.hidden = true;
    const body = make("div", "body");
    body.append(this.head, this.text, this.place, this.state, this.todo, this.actions, this.more);
    this.node.append(this.still, body);
  }

  can(name) {
    return (this.incident.allowed || []).includes(name);
  }

  stillAlt() {
    return word("picture", { camera: this.incident.camera ?? "" });
  }

  update(incident) {
    if (incident.version < this.incident.version) return; // an older answer overtaken by a newer one
    this.incident = incident;
    this.show();
  }

  // A picture is kept a moment after its alert is raised; until then, and for a minute, it is worth asking again.
  awaitsPicture(now) {
    return Boolean(this.incident.camera) && !this.incident.still && now - Date.parse(this.incident.opened) < 60_000;
  }

  show() {
    const { incident } = this;
    const asks = incident.handling === "new" && incident.display === "shown";
    this.node.className = `incident ${incident.colour} ${asks ? "unseen" : "seen"}`;
    this.level.className = `chip ${incident.colour}`;
    this.level.textContent = word(`level.${incident.colour}`);
    this.number.textContent = `#${incident.number}`;
    this.age.dateTime = incident.opened;
    this.age.title = new Date(incident.opened).toLocaleString(language() === "zh" ? "zh-CN" : "en-GB");
    this.text.textContent = said(incident.text);
    const place = incident.place || {};
    this.place.textContent = [said(place.site) || incident.site, said(place.area) || incident.area].filter(Boolean).join(" · ");
    const parts = [word(`handling.${incident.handling}`), word(`active.${incident.active}`)];
    if (incident.alert_count > 1) parts.push(word("alerts", { n: incident.alert_count }));
    if (incident.display !== "shown") parts.push(hidden(incident));
    if (incident.verdict !== "none") parts.push(word(`verdict.${incident.verdict}`));
    this.state.textContent = parts.join(" · ");
    this.todo.textContent = said(incident.do) ? `${word("todo")}: ${said(incident.do)}` : "";
    this.todo.hidden = !this.todo.textContent;
    this.buttons();
    this.picture();
    this.tick(this.room.now());
    if (this.open) this.fill();
  }

  buttons() {
    const hadFocus = this.actions.contains(document.activeElement);
    this.actions.replaceChildren();
    if (this.can("acknowledge")) this.actions.append(button(word("do.acknowledge"), "main", () => this.room.move(this, "acknowledge")));
    if (this.can("resolve")) this.actions.append(button(word("do.resolve"), "", () => this.room.resolve(this)));
    if (this.can("reopen")) this.actions.append(button(word("do.reopen"), "", () => this.room.move(this, "reopen")));
    const details = button(word("do.details"), "quiet", () => this.toggle());
    details.setAttribute("aria-expanded", String(this.open));
    this.actions.append(details);
    if (hadFocus) this.node.focus();
  }

  busy(on) {
    for (const each of this.actions.children) each.disabled = on;
  }

  tick(now) {
    const text = word("ago", { age: age((now - Date.parse(this.incident.opened)) / 1000) });
    if (this.age.textContent !== text) this.age.textContent = text;
  }

  // The picture needs the token, so it is fetched and shown from memory; a newer one comes with a newer alert.
  async picture() {
    this.node.classList.toggle("blind", !this.incident.camera && !this.incident.still);
    this.noPicture.textContent = word("no-picture");
    this.image.alt = this.stillAlt();
    const wanted = this.incident.still;
    if (!wanted || wanted === this.stillOf) return;
    this.stillOf = wanted;
    try {
      const blob = await (await session.call(wanted)).blob();
      if (this.stillUrl) URL.revokeObjectURL(this.stillUrl);
      this.stillUrl = URL.createObjectURL(blob);
      this.image.src = this.stillUrl;
      this.image.hidden = false;
      this.noPicture.hidden = true;
    } catch {
      this.stillOf = null; // it may be kept a moment later: the next change asks again
    }
  }

  toggle() {
    this.open = !this.open;
    this.more.hidden = !this.open;
    this.buttons();
    if (this.open) this.fill();
  }

  async fill() {
    let whole;
    try {
      whole = await session.json(`/api/v1/incidents/${encodeURIComponent(this.incident.id)}`);
    } catch {
      return; // the list says why: the connection line, or the sign-in
    }
    const typing = this.more.querySelector("input");
    const draft = typing?.value ?? "";
    const hadFocus = typing && typing === document.activeElement;
    this.more.replaceChildren();
    this.more.append(make("h4", "", word("why")));
    const why = make("ul", "why");
    for (const alert of whole.alerts || []) {
      const item = make("li", "");
      item.append(make("span", `chip ${alert.colour}`, word(`level.${alert.colour}`)), make("span", "", ` ${said(alert.text)} `), make("code", "", alert.rule));
      if (alert.camera) item.append(" ", recorded(alert));
      why.append(item);
    }
    this.more.append(why, make("h4", "", word("history")));
    const history = make("ol", "history");
    for (const entry of whole.history || []) {
      const item = make("li", "");
      const at = make("time", "", new Date(entry.at).toLocaleTimeString(language() === "zh" ? "zh-CN" : "en-GB"));
      at.dateTime = entry.at;
      const who = entry.who === "engine" ? word("engine") : entry.who;
      item.append(at, make("span", "", ` ${who}: ${word(`move.${entry.move}`)}${entry.note ? ` – ${entry.note}` : ""}`));
      history.append(item);
    }
    this.more.append(history);
    if (this.can("comment")) this.more.append(this.commenting(draft, hadFocus));
  }

  commenting(draft, focus) {
    const form = make("form", "comment");
    const input = make("input");
    input.maxLength = 2000;
    input.placeholder = word("comment");
    input.setAttribute("aria-label", word("comment"));
    input.value = draft;
    const add = make("button", "", word("do.comment"));
    add.type = "submit";
    form.append(input, add);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const note = input.value.trim();
      if (note && (await this.room.move(this, "comment", { note }))) input.value = "";
    });
    if (focus) queueMicrotask(() => input.focus());
    return form;
  }

  remove() {
    this.node.remove();
    if (this.stillUrl) URL.revokeObjectURL(this.stillUrl);
  }
}
