/** What a wall shows: how many pictures, which camera where, and what comes forward. Kept per browser, by screen and name. */

export const SIZES = [1, 4, 6, 9, 16, 25] as const;
export type Size = (typeof SIZES)[number];

export interface Layout {
  size: Size;
  /** Camera ids by place; null for an empty one. As long as `size`, no camera twice. */
  cameras: (string | null)[];
}

/** The smallest wall that shows so many cameras; the largest there is for more. */
export function sizeFor(cameras: number): Size {
  return SIZES.find((size) => size >= cameras) ?? 25;
}

/** A layout that holds to what a layout has to be, of whatever was kept. */
export function sound(kept: unknown): Layout | null {
  if (typeof kept !== "object" || kept === null) return null;
  const { size, cameras } = kept as Partial<Layout>;
  const known = SIZES.find((each) => each === size);
  if (known === undefined || !Array.isArray(cameras)) return null;
  return filled(
    known,
    cameras.map((each) => (typeof each === "string" ? each : null)),
  );
}

function filled(size: Size, cameras: (string | null)[]): Layout {
  const seen = new Set<string>();
  const places = Array.from({ length: size }, (_, place) => {
    const camera = cameras[place] ?? null;
    if (camera === null || seen.has(camera)) return null;
    seen.add(camera);
    return camera;
  });
  return { size, cameras: places };
}

/** The first layout of a screen: its share of all cameras, in their order. */
export function first(cameras: string[], screen: string): Layout {
  const number = /^\d+$/.test(screen) ? Number(screen) : 1;
  const size = sizeFor(Math.min(cameras.length, 9));
  return filled(size, cameras.slice((number - 1) * size, number * size));
}

/** The same cameras on a wall of another size; of a smaller one those that find room, the empty places first gone. */
export function resized(layout: Layout, size: Size): Layout {
  const kept = size >= layout.size ? layout.cameras : layout.cameras.filter((each) => each !== null);
  return filled(size, kept);
}

/** Put a camera in a place; one that is elsewhere on the wall changes places with what was there. */
export function placed(layout: Layout, camera: string | null, place: number): Layout {
  const cameras = [...layout.cameras];
  const was = camera === null ? -1 : cameras.indexOf(camera);
  if (was >= 0) cameras[was] = cameras[place] ?? null;
  cameras[place] = camera;
  return filled(layout.size, cameras);
}

/** Where to put a camera that nobody gave a place: the first empty one, else the given one. */
export function room(layout: Layout, otherwise: number): number {
  const empty = layout.cameras.indexOf(null);
  return empty >= 0 ? empty : otherwise;
}

/**
 * What is shown while cameras alert: these first, the gravest before, the others behind them; who finds no room waits.
 *
 * An alerting camera that is not on the wall is shown too, so long as it alerts. `held` stays in its place: the operator
 * enlarged it himself.
 */
export function forward(layout: Layout, alerting: string[], held: string | null): (string | null)[] {
  const coming = alerting.filter((each) => each !== held).slice(0, layout.size);
  if (!coming.length) return layout.cameras;
  const rest = layout.cameras.filter((each) => each !== null && !coming.includes(each));
  const shown: (string | null)[] = [...coming, ...rest].slice(0, layout.size);
  if (held !== null && !shown.includes(held)) shown[layout.size - 1] = held;
  return filled(layout.size, shown).cameras;
}

/** Columns of a wall; the one of six has a large picture and five small ones. */
export function columns(size: Size): number {
  return size === 6 ? 3 : Math.sqrt(size);
}

/** The place that an arrow leads to from another; itself at the edge. */
export function neighbour(size: Size, place: number, key: string): number {
  const across = columns(size);
  const column = place % across;
  const to =
    key === "ArrowLeft" && column > 0
      ? place - 1
      : key === "ArrowRight" && column < across - 1
        ? place + 1
        : key === "ArrowUp"
          ? place - across
          : key === "ArrowDown"
            ? place + across
            : place;
  return to >= 0 && to < size ? to : place;
}

const screenKey = (screen: string) => `wall-${screen}`;
const NAMED = "wall-layouts";

function read(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/** What a screen showed last. */
export const kept = (screen: string): Layout | null => sound(read(screenKey(screen)));

export function keep(screen: string, layout: Layout): void {
  localStorage.setItem(screenKey(screen), JSON.stringify(layout));
}

/** Layouts that were given a name, by it. */
export function named(): Record<string, Layout> {
  const found: Record<string, Layout> = {};
  for (const [name, each] of Object.entries((read(NAMED) ?? {}) as Record<string, unknown>)) {
    const layout = sound(each);
    if (layout !== null) found[name] = layout;
  }
  return found;
}

/** Keep a layout by a name; without one, forget it. */
export function keepNamed(name: string, layout: Layout | null): Record<string, Layout> {
  const all = Object.fromEntries(Object.entries(named()).filter(([each]) => each !== name));
  if (layout !== null) all[name] = layout;
  localStorage.setItem(NAMED, JSON.stringify(all));
  return all;
}
