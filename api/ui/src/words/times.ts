/** Times as people read them, on the clock of this machine. */

import { hubNow } from "@/hub/link";

import { locale, words } from ".";

const say = words(
  "times",
  { now: "刚刚", seconds: "{n} 秒", minutes: "{n} 分钟", hours: "{n} 小时", days: "{n} 天", ago: "{age}前" },
  { now: "just now", seconds: "{n} s", minutes: "{n} min", hours: "{n} h", days: "{n} d", ago: "{age} ago" },
);

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

/** So many seconds in the largest unit that is not 0: `3 min`. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < MINUTE_S) return say("seconds", { n: whole });
  if (whole < HOUR_S) return say("minutes", { n: Math.floor(whole / MINUTE_S) });
  if (whole < DAY_S) return say("hours", { n: Math.floor(whole / HOUR_S) });
  return say("days", { n: Math.floor(whole / DAY_S) });
}

/** How long ago, by the hub's clock; read in a template it goes on by itself. */
export function age(at: string | number | Date): string {
  const seconds = (hubNow.value - new Date(at).getTime()) / 1000;
  return seconds < 1 ? say("now") : span(seconds);
}

/** The same as part of a sentence: `3 min ago`, `just now`. */
export function ago(at: string | number | Date): string {
  const seconds = (hubNow.value - new Date(at).getTime()) / 1000;
  return seconds < 1 ? say("now") : say("ago", { age: span(seconds) });
}

/** `20:15:03`. */
export function clockTime(at: string | number | Date, seconds = true): string {
  return new Date(at).toLocaleTimeString(locale(), {
    hour: "2-digit",
    minute: "2-digit",
    ...(seconds ? { second: "2-digit" } : {}),
    hourCycle: "h23",
  });
}

/** The time, with the day where it is not today: `11-22 20:15:03`. */
export function dayTime(at: string | number | Date, seconds = false): string {
  const then = new Date(at);
  const time = clockTime(then, seconds);
  if (then.toDateString() === new Date(hubNow.value).toDateString()) return time;
  const day = then.toLocaleDateString(locale(), { month: "2-digit", day: "2-digit" });
  return `${day} ${time}`;
}
