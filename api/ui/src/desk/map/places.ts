/** Where things lie on the map: devices where they are or where their site is, incidents where their device is; borders. */

import type { Of } from "@/hub/client";

export interface Spot {
  lat: number;
  lon: number;
}

/** Two corners on the ground. */
export interface Bounds {
  south_west: Spot;
  north_east: Spot;
}

/** Where a picture of so many pixels is laid first: in the middle of what the map shows, three fifths of it, unbent. */
export function laidIn(view: Bounds, width: number, height: number): Bounds {
  const lat = (view.south_west.lat + view.north_east.lat) / 2;
  const lon = (view.south_west.lon + view.north_east.lon) / 2;
  const shrunk = Math.cos((lat * Math.PI) / 180);
  const wide = (view.north_east.lon - view.south_west.lon) * shrunk;
  const high = view.north_east.lat - view.south_west.lat;
  const perPixel = 0.6 * Math.min(wide / width, high / height);
  const [up, aside] = [(perPixel * height) / 2, (perPixel * width) / 2 / shrunk];
  return {
    south_west: { lat: lat - up, lon: lon - aside },
    north_east: { lat: lat + up, lon: lon + aside },
  };
}

export const MOST_CORNERS = 2000;
const METRES_PER_DEGREE = 111_320;
const VIEW_M = 40;
const STEP_DEG = 8;

/** The corners of the largest polygon in a GeoJSON text; null when there is none that lies on the ground. */
export function cornersOf(text: string): Spot[] | null {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return null;
  }
  const rings = ringsOf(data)
    .map(read)
    .filter((ring): ring is Spot[] => ring !== null && ring.length >= 3);
  return rings.sort((one, other) => extent(other) - extent(one))[0] ?? null;
}

function ringsOf(data: unknown): unknown[] {
  if (typeof data !== "object" || data === null) return [];
  const { type, features, geometry, geometries, coordinates } = data as Record<string, unknown>;
  if (Array.isArray(features)) return features.flatMap(ringsOf);
  if (Array.isArray(geometries)) return geometries.flatMap(ringsOf);
  if (geometry) return ringsOf(geometry);
  if (!Array.isArray(coordinates)) return [];
  if (type === "Polygon") return coordinates.slice(0, 1);
  if (type === "MultiPolygon")
    return coordinates.map((each: unknown) => (Array.isArray(each) ? each[0] : null));
  return [];
}

function read(ring: unknown): Spot[] | null {
  if (!Array.isArray(ring)) return null;
  const corners: Spot[] = [];
  for (const corner of ring as unknown[]) {
    const [lon, lat] = Array.isArray(corner) ? (corner as unknown[]) : [];
    if (typeof lon !== "number" || typeof lat !== "number" || Math.abs(lat) > 90 || Math.abs(lon) > 180)
      return null;
    corners.push({ lat, lon });
  }
  const [first, last] = [corners[0], corners.at(-1)];
  if (first && last && corners.length > 1 && first.lat === last.lat && first.lon === last.lon) corners.pop();
  return corners;
}

function extent(ring: Spot[]): number {
  let area = 0;
  for (const [number, corner] of ring.entries()) {
    const next = ring[(number + 1) % ring.length] as Spot;
    area += corner.lon * next.lat - next.lon * corner.lat;
  }
  return Math.abs(area);
}

/** What a camera sees, as a sector on the ground; null where it was not said. */
export function sector(
  at: Spot,
  heading: number | null | undefined,
  wide: number | null | undefined,
): Spot[] | null {
  if (heading === null || heading === undefined) return null;
  const width = Math.min(wide ?? 60, 360);
  const corners: Spot[] = width < 360 ? [at] : [];
  const steps = Math.max(2, Math.ceil(width / STEP_DEG));
  for (let step = 0; step <= steps; step++) {
    const way = ((heading - width / 2 + (width * step) / steps) * Math.PI) / 180;
    corners.push({
      lat: at.lat + (VIEW_M * Math.cos(way)) / METRES_PER_DEGREE,
      lon: at.lon + (VIEW_M * Math.sin(way)) / (METRES_PER_DEGREE * Math.cos((at.lat * Math.PI) / 180)),
    });
  }
  return corners;
}

type Standing = Pick<Of<"CameraView">, "id" | "site" | "location">;

export interface Known {
  sites: Of<"SiteView">[];
  cameras: Standing[];
  sensors: Standing[];
}

/** Where a device or a site is; null when nobody said. */
export function placesOf({ sites, cameras, sensors }: Known) {
  const bySite = new Map(sites.map((site) => [site.id, site.location ?? null]));
  const byDevice = new Map<string, Spot | null>();
  for (const each of [...sensors, ...cameras])
    byDevice.set(each.id, each.location ?? bySite.get(each.site) ?? null);
  return {
    site: (id: string | null | undefined) => (id ? (bySite.get(id) ?? null) : null),
    device: (id: string | null | undefined) => (id ? (byDevice.get(id) ?? null) : null),
    incident: (one: Pick<Of<"IncidentView">, "camera" | "site">) =>
      (one.camera ? byDevice.get(one.camera) : null) ?? (one.site ? (bySite.get(one.site) ?? null) : null),
  };
}

/** Things at one and the same spot moved apart in a ring, so that each can be clicked; `by` is degrees of latitude. */
export function apart<T extends { at: Spot }>(things: T[], by: number): T[] {
  const groups = new Map<string, T[]>();
  for (const thing of things) {
    const key = `${thing.at.lat.toFixed(6)},${thing.at.lon.toFixed(6)}`;
    groups.set(key, [...(groups.get(key) ?? []), thing]);
  }
  return [...groups.values()].flatMap((group) =>
    group.length === 1
      ? group
      : group.map((thing, number) => {
          const way = (2 * Math.PI * number) / group.length;
          const shrunk = Math.cos((thing.at.lat * Math.PI) / 180);
          const at = {
            lat: thing.at.lat + by * Math.cos(way),
            lon: thing.at.lon + (by * Math.sin(way)) / shrunk,
          };
          return { ...thing, at };
        }),
  );
}
