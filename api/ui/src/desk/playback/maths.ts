/** What a timeline computes: which part of a day is looked at, where a moment lies in it, what is recorded. Times are ms. */

export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;

/** The part of a day that a timeline shows. */
export interface View {
  /** The day as a whole. */
  day: { from: number; to: number };
  from: number;
  span: number;
}

export interface Span {
  from: number;
  to: number;
}

const SHORTEST = 10 * SECOND;
const STEPS = [
  SECOND,
  2 * SECOND,
  5 * SECOND,
  10 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
];

/** The day of a moment by this machine's clock; 23 or 25 hours long where the clocks are changed. */
export function dayOf(at: number): Span {
  const from = new Date(at);
  from.setHours(0, 0, 0, 0);
  const to = new Date(from);
  to.setDate(to.getDate() + 1);
  return { from: from.getTime(), to: to.getTime() };
}

export const wholeDay = (at: number): View => {
  const day = dayOf(at);
  return { day, from: day.from, span: day.to - day.from };
};

/** So much of a day with a moment in its middle. */
export const around = (at: number, span: number): View => kept({ day: dayOf(at), from: at - span / 2, span });

/** A view that lies within its day. */
export function kept(view: View): View {
  const whole = view.day.to - view.day.from;
  const span = Math.min(Math.max(view.span, SHORTEST), whole);
  return { ...view, span, from: Math.min(Math.max(view.from, view.day.from), view.day.to - span) };
}

/** The view with another span; `around` stays where it is on the screen. */
export function zoomed(view: View, span: number, around: number): View {
  const whole = view.day.to - view.day.from;
  const next = Math.min(Math.max(span, SHORTEST), whole);
  const share = (around - view.from) / view.span;
  return kept({ ...view, span: next, from: around - share * next });
}

export const moved = (view: View, by: number): View => kept({ ...view, from: view.from + by });

/** The view moved on when a moment leaves it, so that it is seen at a tenth from the left. */
export function following(view: View, at: number): View {
  if (at >= view.from && at <= view.from + view.span) return view;
  if (at < view.day.from || at >= view.day.to) return { ...view, ...movedDay(view, at) };
  return kept({ ...view, from: at - view.span / 10 });
}

function movedDay(view: View, at: number): View {
  const day = dayOf(at);
  return kept({ day, span: view.span, from: at - view.span / 10 });
}

/** Where a moment lies, 0 at the left and 1 at the right. */
export const placeOf = (view: View, at: number): number => (at - view.from) / view.span;

export const momentAt = (view: View, share: number): number => Math.round(view.from + share * view.span);

/** Moments to write on the ruler, at least `least` of the width apart. */
export function ticks(view: View, least: number): { every: number; at: number[] } {
  const every = STEPS.find((step) => step / view.span >= least) ?? 6 * HOUR;
  const found: number[] = [];
  // Counted from the day's beginning: hours stand at whole hours in every zone.
  const first = Math.ceil((view.from - view.day.from) / every) * every + view.day.from;
  for (let at = first; at <= view.from + view.span; at += every) found.push(at);
  return { every, at: found };
}

/** Whether a moment is recorded, by ranges in order. */
export function inside(ranges: readonly Span[], at: number): boolean {
  return ranges.some((range) => at >= range.from && at < range.to);
}

/** The first moment from `at` on that any of these has; null when none has. */
export function nextOf(lists: readonly (readonly Span[])[], at: number): number | null {
  let best: number | null = null;
  for (const ranges of lists) {
    const next = ranges.find((range) => range.to > at);
    if (next !== undefined) best = Math.min(best ?? Infinity, Math.max(at, next.from));
  }
  return best;
}

/** About how many bytes a span has, by the mean of the ranges it lies in. */
export function weight(ranges: readonly (Span & { size_bytes: number })[], span: Span): number {
  let bytes = 0;
  for (const range of ranges) {
    const shared = Math.min(range.to, span.to) - Math.max(range.from, span.from);
    if (shared > 0 && range.to > range.from) bytes += (range.size_bytes * shared) / (range.to - range.from);
  }
  return bytes;
}

/** How much of a span is recorded, ms. */
export function covered(ranges: readonly Span[], span: Span): number {
  return ranges.reduce(
    (sum, range) => sum + Math.max(0, Math.min(range.to, span.to) - Math.max(range.from, span.from)),
    0,
  );
}
