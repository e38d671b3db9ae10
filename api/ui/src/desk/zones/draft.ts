/** A camera's zones, lines and ground while they are drawn; never changed, only replaced. */

import type { Of } from "@/hub/client";

import { area, clamped, crossing, MIN_AREA, middle, spans, type Spot } from "./geometry";

export type Zone = Of<"Zone">;
export type Line = Of<"Line">;
export type Ground = Of<"Ground">;
export type Use = Of<"ZoneUse">;

export interface Draft {
  zones: Zone[];
  lines: Line[];
  ground: Ground | null;
}

/** What of a draft is meant: a zone, its way of driving, a line, or the measured places. */
export interface Ref {
  sort: "zone" | "way" | "line" | "ground";
  id: string;
}

export const GROUND: Ref = { sort: "ground", id: "" };
export const sameRef = (one: Ref | null, other: Ref | null) =>
  one?.sort === other?.sort && one?.id === other?.id;

/** How many points one may have, and must. */
export const LIMITS: Record<Ref["sort"], [number, number]> = {
  zone: [3, 64],
  way: [2, 2],
  line: [2, 16],
  ground: [4, 16],
};
const MIN_GROUND_M2 = 0.125;

/** As the API gives it, where pairs have become lists on the way through its types. */
interface Given {
  zones?: readonly { id: string }[];
  lines?: readonly { id: string }[];
  ground?: Ground | null;
}

export function draftOf({ zones, lines, ground }: Given): Draft {
  return { zones: (zones ?? []) as Zone[], lines: (lines ?? []) as Line[], ground: ground ?? null };
}

export function pointsOf(draft: Draft, what: Ref): Spot[] {
  switch (what.sort) {
    case "zone":
      return draft.zones.find((each) => each.id === what.id)?.points ?? [];
    case "way":
      return draft.zones.find((each) => each.id === what.id)?.way ?? [];
    case "line":
      return draft.lines.find((each) => each.id === what.id)?.points ?? [];
    case "ground":
      return draft.ground?.points.map((each): Spot => [each.x, each.y]) ?? [];
  }
}

export function withZone(draft: Draft, id: string, change: Partial<Zone>): Draft {
  return { ...draft, zones: draft.zones.map((each) => (each.id === id ? { ...each, ...change } : each)) };
}

export function withLine(draft: Draft, id: string, change: Partial<Line>): Draft {
  return { ...draft, lines: draft.lines.map((each) => (each.id === id ? { ...each, ...change } : each)) };
}

export function withPoints(draft: Draft, what: Ref, points: Spot[]): Draft {
  const kept = points.map(clamped);
  switch (what.sort) {
    case "zone":
      return withZone(draft, what.id, { points: kept });
    case "way":
      return withZone(draft, what.id, { way: [kept[0] as Spot, kept[1] as Spot] });
    case "line":
      return withLine(draft, what.id, { points: kept });
    case "ground": {
      const before = draft.ground?.points ?? [];
      const made = kept.map(([x, y], number) => ({
        ...(before[number] ?? { east_m: 0, north_m: 0 }),
        x,
        y,
      }));
      return { ...draft, ground: { points: made } };
    }
  }
}

/** With one more point after the given one; as it is where no more are allowed. */
export function inserted(draft: Draft, what: Ref, after: number, point: Spot): Draft {
  const points = pointsOf(draft, what);
  if (points.length >= LIMITS[what.sort][1]) return draft;
  if (what.sort === "ground" && draft.ground) {
    const [x, y] = clamped(point);
    return {
      ...draft,
      ground: { points: draft.ground.points.toSpliced(after + 1, 0, { x, y, east_m: 0, north_m: 0 }) },
    };
  }
  return withPoints(draft, what, points.toSpliced(after + 1, 0, point));
}

/** Without a point; as it is where so many are needed. */
export function taken(draft: Draft, what: Ref, number: number): Draft {
  const points = pointsOf(draft, what);
  if (points.length <= LIMITS[what.sort][0]) return draft;
  if (what.sort === "ground" && draft.ground) {
    return { ...draft, ground: { points: draft.ground.points.toSpliced(number, 1) } };
  }
  return withPoints(draft, what, points.toSpliced(number, 1));
}

/** Without the whole thing. */
export function removed(draft: Draft, what: Ref): Draft {
  switch (what.sort) {
    case "zone":
      return { ...draft, zones: draft.zones.filter((each) => each.id !== what.id) };
    case "way":
      return withZone(draft, what.id, { way: null });
    case "line":
      return { ...draft, lines: draft.lines.filter((each) => each.id !== what.id) };
    case "ground":
      return { ...draft, ground: null };
  }
}

/** An id that none of them has yet: `zone-3`. */
export function freeId(taken: readonly { id: string }[], stem: string): string {
  const known = new Set(taken.map((each) => each.id));
  if (!known.has(stem) && !/^(zone|line)$/.test(stem)) return stem;
  for (let number = 1; ; number += 1) if (!known.has(`${stem}-${number}`)) return `${stem}-${number}`;
}

/** With those of another camera besides, under ids that are free here. */
export function copied(draft: Draft, from: Draft): Draft {
  const zones = from.zones.reduce<Zone[]>(
    (made, each) => [...made, { ...each, id: freeId(made, each.id) }],
    draft.zones,
  );
  const lines = from.lines.reduce<Line[]>(
    (made, each) => [...made, { ...each, id: freeId(made, each.id) }],
    draft.lines,
  );
  return { zones, lines, ground: draft.ground };
}

/** The way of driving through a new lane: up its middle. */
export function wayThrough(points: readonly Spot[]): [Spot, Spot] {
  const [x] = middle(points);
  const heights = points.map((each) => each[1]);
  const [top, bottom] = [Math.min(...heights), Math.max(...heights)];
  const inset = (bottom - top) / 5;
  return [clamped([x, bottom - inset]), clamped([x, top + inset])];
}

export interface Fault {
  what: Ref;
  why: "crossing" | "small" | "ground";
  sides: [number, number] | null;
}

/** Why a draft cannot be saved, as the hub would say. */
export function faultsOf(draft: Draft): Fault[] {
  const found: Fault[] = [];
  for (const { id, points } of draft.zones) {
    const sides = crossing(points);
    if (sides !== null) found.push({ what: { sort: "zone", id }, why: "crossing", sides });
    else if (area(points) < MIN_AREA) found.push({ what: { sort: "zone", id }, why: "small", sides: null });
  }
  const places = draft.ground?.points;
  if (places !== undefined) {
    const seen = places.map((each): Spot => [each.x, each.y]);
    const measured = places.map((each): Spot => [each.east_m, each.north_m]);
    if (!spans(seen, MIN_AREA / 2) || !spans(measured, MIN_GROUND_M2))
      found.push({ what: GROUND, why: "ground", sides: null });
  }
  return found;
}

export interface Change {
  sort: "zone" | "line" | "ground";
  id: string;
  change: "added" | "removed" | "changed";
}

const said = (value: unknown) => JSON.stringify(value ?? null, (_key, inner: unknown) => inner ?? undefined);
export const sameDraft = (one: Draft, other: Draft) => changesOf(one, other).length === 0;

function between(
  sort: "zone" | "line",
  before: readonly { id: string }[],
  after: readonly { id: string }[],
): Change[] {
  const [old, now] = [before, after].map((each) => new Map(each.map((one) => [one.id, said(sorted(one))])));
  const ids = new Set([...before, ...after].map((each) => each.id));
  return [...ids].flatMap((id) => {
    const [one, other] = [old?.get(id), now?.get(id)];
    if (one === other) return [];
    return [{ sort, id, change: one === undefined ? "added" : other === undefined ? "removed" : "changed" }];
  });
}

const isEmpty = (value: unknown) => value == null || (Array.isArray(value) && value.length === 0);
const sorted = (thing: object) =>
  Object.fromEntries(
    Object.entries(thing)
      .filter(([, value]) => !isEmpty(value))
      .sort(([a], [b]) => a.localeCompare(b)),
  );

/** What is other in `after`. */
export function changesOf(before: Draft, after: Draft): Change[] {
  const ground: Change[] =
    said(before.ground) === said(after.ground) ? [] : [{ sort: "ground", id: "", change: "changed" }];
  return [
    ...between("zone", before.zones, after.zones),
    ...between("line", before.lines, after.lines),
    ...ground,
  ];
}

/** What I made of `base`, made of what somebody else made of it meanwhile; where both changed one thing, mine stands. */
export function redone(base: Draft, mine: Draft, theirs: Draft): { draft: Draft; both: Change[] } {
  const my = changesOf(base, mine);
  const their = changesOf(base, theirs);
  const both = my.filter((one) => their.some((other) => one.sort === other.sort && one.id === other.id));
  const apply = <T extends { id: string }>(sort: Change["sort"], into: T[], from: T[]): T[] => {
    let made = into;
    for (const { id, change } of my.filter((each) => each.sort === sort)) {
      const wanted = from.find((each) => each.id === id);
      if (change === "removed" || wanted === undefined) made = made.filter((each) => each.id !== id);
      else if (made.some((each) => each.id === id))
        made = made.map((each) => (each.id === id ? wanted : each));
      else made = [...made, wanted];
    }
    return made;
  };
  const ground = my.some((each) => each.sort === "ground") ? mine.ground : theirs.ground;
  return {
    draft: {
      zones: apply("zone", theirs.zones, mine.zones),
      lines: apply("line", theirs.lines, mine.lines),
      ground,
    },
    both,
  };
}
