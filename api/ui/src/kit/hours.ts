/** Hours and days as the hub writes them, `22:00-06:00` on some days, and how people set and read them. */

import type { Of } from "@/hub/client";

import { say } from "./words";

export type Hours = Of<"HoursSpec">;
export type Day = NonNullable<Hours["days"]>[number];
export const DAYS: readonly Day[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/** Calendars that have a meaning of their own for the hub; others are the community's. */
export const CALENDARS = ["workday", "holiday"] as const;
const MOST = 12;

/** Its two times, `["", ""]` for the whole day. */
export function timesOf({ between }: Hours): [string, string] {
  const [from = "", to = ""] = (between ?? "").split("-");
  return [from, to];
}

/** A time as people type it, `8:00` or `0800`, as the hub writes it; null when it is none. */
export function clock(text: string): string | null {
  const [, hour, minute] = /^(\d{1,2})[:：.]?(\d{2})$/.exec(text.trim()) ?? [];
  if (hour === undefined || minute === undefined || Number(minute) > 59) return null;
  const whole = `${hour.padStart(2, "0")}:${minute}`;
  return Number(hour) < 24 || whole === "24:00" ? whole : null;
}

/** With other times; twice the same, or one left out, is the whole day. */
export function withTimes(hours: Hours, from: string, to: string): Hours {
  if (from === "" || to === "" || from === to) return { ...hours, between: null };
  return { ...hours, between: `${from === "24:00" ? "00:00" : from}-${to === "00:00" ? "24:00" : to}` };
}

export function withDay(hours: Hours, day: Day, on: boolean): Hours {
  const had = hours.days ?? [];
  return { ...hours, days: DAYS.filter((each) => (each === day ? on : had.includes(each))) };
}

export function withCalendar(hours: Hours, name: string, on: boolean): Hours {
  const others = (hours.calendar ?? []).filter((each) => each !== name);
  return { ...hours, calendar: on ? [...others, name] : others };
}

/** What nothing is said in holds always: the hub refuses it, so it is left out. */
export const said = (list: readonly Hours[]): Hours[] =>
  list.filter((each) => !!each.between || !!each.days?.length || !!each.calendar?.length);
export const isFull = (list: readonly Hours[]) => list.length >= MOST;

const CALLED: Partial<Record<string, () => string>> = {
  workday: () => say("hours-workday"),
  holiday: () => say("hours-holiday"),
};
export const calendarName = (name: string) => CALLED[name]?.() ?? name;

function one(hours: Hours): string {
  const days = (hours.days ?? []).map((day) => say(`day-${day}`)).join(say("hours-comma"));
  const calendars = (hours.calendar ?? []).map(calendarName).join(say("hours-comma"));
  return [days, calendars, hours.between ?? ""].filter((each) => each !== "").join(" ");
}
/** In words; empty for always. */
export const hoursText = (list: readonly Hours[] | undefined) => (list ?? []).map(one).join("; ");
