/** Geometry of what is drawn on a picture: everything in shares of its width and height, 0..1. */

export type Spot = [number, number];

/** Share of the picture below which a zone encloses next to nothing; the hub refuses it. */
export const MIN_AREA = 1e-4;
const DIGITS = 10_000;

/** Within the picture, and no finer than the hub keeps it readable. */
export function clamped([x, y]: Spot): Spot {
  const within = (value: number) => Math.round(Math.min(Math.max(value, 0), 1) * DIGITS) / DIGITS;
  return [within(x), within(y)];
}

export function area(points: readonly Spot[]): number {
  return Math.abs(
    points.reduce((sum, [x, y], number) => {
      const [nextX, nextY] = points[(number + 1) % points.length] ?? [0, 0];
      return sum + x * nextY - nextX * y;
    }, 0) / 2,
  );
}

/** Where the letters go: the middle of the corners. */
export function middle(points: readonly Spot[]): Spot {
  const count = Math.max(points.length, 1);
  const [x, y] = points.reduce<Spot>((sum, each) => [sum[0] + each[0], sum[1] + each[1]], [0, 0]);
  return [x / count, y / count];
}

const turn = (a: Spot, b: Spot, c: Spot) => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);

function cross(a: Spot, b: Spot, c: Spot, d: Spot): boolean {
  return turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0;
}

/** The first two sides of an outline that cross, counted from 1; null when none do. */
export function crossing(points: readonly Spot[]): [number, number] | null {
  const count = points.length;
  const at = (number: number) => points[number % count] as Spot;
  for (let one = 0; one < count; one += 1) {
    for (let two = one + 2; two < count; two += 1) {
      if (two - one === count - 1) continue; // they share a corner
      if (cross(at(one), at(one + 1), at(two), at(two + 1))) return [one + 1, two + 1];
    }
  }
  return null;
}

/** The nearest place of a piece of line. */
export function nearest(point: Spot, a: Spot, b: Spot): Spot {
  const [across, down] = [b[0] - a[0], b[1] - a[1]];
  const length = across * across + down * down;
  const share = length === 0 ? 0 : ((point[0] - a[0]) * across + (point[1] - a[1]) * down) / length;
  const along = Math.min(Math.max(share, 0), 1);
  return [a[0] + along * across, a[1] + along * down];
}

export interface Snapping {
  /** Outlines and lines of others; `closed` ones have a side from the last point to the first. */
  others: readonly { points: readonly Spot[]; closed: boolean }[];
  /** How near counts, in pixels of the picture. */
  reach: number;
  /** Width and height of the picture, pixels. */
  size: Spot;
}

/** A point drawn to a corner of another shape, else to a side of one, else to the border; itself when none is near. */
export function snapped(point: Spot, { others, reach, size }: Snapping): Spot {
  const apart = (one: Spot) => Math.hypot((one[0] - point[0]) * size[0], (one[1] - point[1]) * size[1]);
  const closest = (found: Spot[]) => {
    const best = found.sort((one, other) => apart(one) - apart(other))[0];
    return best !== undefined && apart(best) <= reach ? best : null;
  };
  const corner = closest(others.flatMap((each) => each.points.map((one): Spot => [...one])));
  if (corner !== null) return clamped(corner);
  const sides = others.flatMap(({ points, closed }) =>
    points.slice(0, closed ? undefined : -1).map((one, number) => {
      const [a, b] = [one, points[(number + 1) % points.length] as Spot];
      // In pixels, so that the foot of the perpendicular is one on the screen too.
      const scaled = (each: Spot): Spot => [each[0] * size[0], each[1] * size[1]];
      const [x, y] = nearest(scaled(point), scaled(a), scaled(b));
      return [x / size[0], y / size[1]] as Spot;
    }),
  );
  const side = closest(sides);
  if (side !== null) return clamped(side);
  const [x, y] = point;
  const near = (value: number, length: number) =>
    value * length <= reach ? 0 : (1 - value) * length <= reach ? 1 : value;
  return clamped([near(x, size[0]), near(y, size[1])]);
}

const STEP = Math.PI / 12;

/** A point at the same distance from `from`, at a multiple of 15 degrees on the screen. */
export function atAngle(point: Spot, from: Spot, size: Spot): Spot {
  const [across, down] = [(point[0] - from[0]) * size[0], (point[1] - from[1]) * size[1]];
  const angle = Math.round(Math.atan2(down, across) / STEP) * STEP;
  const length = Math.hypot(across, down);
  return clamped([
    from[0] + (Math.cos(angle) * length) / size[0],
    from[1] + (Math.sin(angle) * length) / size[1],
  ]);
}

/** All points moved by as much as the picture allows. */
export function shifted(points: readonly Spot[], [across, down]: Spot): Spot[] {
  const bound = (by: number, values: number[]) =>
    Math.min(Math.max(by, -Math.min(...values)), 1 - Math.max(...values));
  const x = bound(
    across,
    points.map((each) => each[0]),
  );
  const y = bound(
    down,
    points.map((each) => each[1]),
  );
  return points.map((each) => clamped([each[0] + x, each[1] + y]));
}

/** Whether four of the measured places lie so that no three are in one line; the hub refuses others. */
export function spans(points: readonly Spot[], least: number): boolean {
  const count = points.length;
  const wide = (three: Spot[]) => area(three) > least;
  for (let a = 0; a < count; a += 1)
    for (let b = a + 1; b < count; b += 1)
      for (let c = b + 1; c < count; c += 1)
        for (let d = c + 1; d < count; d += 1) {
          const four = [a, b, c, d].map((each) => points[each] as Spot);
          if (four.every((_, out) => wide(four.filter((_one, number) => number !== out)))) return true;
        }
  return false;
}
