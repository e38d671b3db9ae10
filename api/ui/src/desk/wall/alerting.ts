/** Cameras that just alerted, in a new incident or in one that was open already: they come forward for some seconds. */

import { computed, onScopeDispose, reactive, ref, watch } from "vue";

import { api, got } from "@/hub/client";
import { type Entry, listen } from "@/hub/feed";
import { hubNow } from "@/hub/link";
import { inLanguage } from "@/words";

export type Level = "red" | "orange" | "yellow" | "blue" | "green";
export type How = "first" | "enlarge" | "frame";

export interface Alarm {
  camera: string;
  incident: string;
  level: Level;
  text: string;
  /** When it came, and until when it is in front: this machine's clock, ms. */
  at: number;
  until: number;
}

interface Body {
  camera?: string | null;
  colour?: Level | null;
  level?: Level;
  text?: { zh?: string | null; en?: string | null };
  /** It is part of something else that is shown. */
  muted?: boolean;
  /** A person hid it. */
  hidden?: string;
}

/** After which of its moves an alert asks to be looked at (anew). */
const ASKS = new Set(["raised", "recurred", "reactivated", "rose", "shown"]);
const GRAVE: Level[] = ["red", "orange", "yellow", "blue", "green"];
const KEPT = "wall-forward";
const LEAST_S = 5;
const MOST_S = 600;

/** The alarm that a feed entry tells of; null for what is not one with a camera. */
export function alarmOf(topic: string, entry: Entry, now: number, forS: number): Alarm | null {
  const again = topic === "incident" && entry.move === "reopened";
  if (!again && !(topic === "alert" && ASKS.has(String(entry.move)))) return null;
  const body = entry.body as Body | undefined;
  const level = body?.colour ?? body?.level;
  if (!body?.camera || body.muted || body.hidden || level === undefined || !GRAVE.includes(level))
    return null;
  const text = inLanguage(body.text);
  return {
    camera: body.camera,
    incident: String(entry.incident),
    level,
    text,
    at: now,
    until: now + forS * 1000,
  };
}

/** The gravest first, of these the newest. */
export function inOrder(alarms: Iterable<Alarm>): Alarm[] {
  return [...alarms].sort((a, b) => GRAVE.indexOf(a.level) - GRAVE.indexOf(b.level) || b.at - a.at);
}

/** What is kept in this browser of how alarms come forward. */
function settings(): { how: How; seconds: number } {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}") as { how?: How; seconds?: number };
    const how = (["first", "enlarge", "frame"] as const).find((each) => each === kept.how) ?? "first";
    const seconds = Math.min(MOST_S, Math.max(LEAST_S, Number(kept.seconds ?? 30) || 30));
    return { how, seconds };
  } catch {
    return { how: "first", seconds: 30 };
  }
}

/** Follow the feed while the component lives. */
export function useAlerting() {
  const chosen = reactive(settings());
  const alarms = ref(new Map<string, Alarm>());
  function heard(topic: string, entry: Entry): void {
    const alarm = alarmOf(topic, entry, Date.now(), chosen.seconds);
    if (alarm !== null) alarms.value.set(alarm.camera, alarm);
  }
  /** What was raised just before the feed began, or while it was away. */
  async function catchUp(): Promise<void> {
    try {
      const { items } = await got(api.GET("/api/v1/alerts", { params: { query: { limit: 20 } } }));
      for (const body of items) {
        if (hubNow.value - Date.parse(body.raised) > chosen.seconds * 1000) continue;
        heard("alert", { seq: 0, move: "raised", subject: body.id, incident: body.incident, body });
      }
    } catch {
      // the feed itself tells of the next one
    }
  }
  const end = listen(heard, () => void catchUp());
  const timer = setInterval(() => {
    for (const [camera, { until }] of alarms.value) if (until < Date.now()) alarms.value.delete(camera);
  }, 500);
  watch(chosen, () => {
    localStorage.setItem(KEPT, JSON.stringify(chosen));
  });
  onScopeDispose(() => {
    end();
    clearInterval(timer);
  });
  return {
    chosen,
    alarms,
    cameras: computed(() => inOrder(alarms.value.values()).map((each) => each.camera)),
    /** Seen: it does not come forward any more. */
    dismiss: (camera: string) => alarms.value.delete(camera),
  };
}
