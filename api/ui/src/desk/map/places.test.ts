import { describe, expect, it } from "vitest";

import { apart, cornersOf, laidIn, placesOf, sector } from "./places";

const square = [
  [106, 29],
  [106.1, 29],
  [106.1, 29.1],
  [106, 29.1],
  [106, 29],
];

describe("a border", () => {
  it("is the largest polygon of a file, without its last corner twice", () => {
    const small = [
      [1, 1],
      [1.01, 1],
      [1, 1.01],
      [1, 1],
    ];
    const file = {
      type: "FeatureCollection",
      features: [
        { type: "Feature", geometry: { type: "Polygon", coordinates: [small] } },
        { type: "Feature", geometry: { type: "MultiPolygon", coordinates: [[square]] } },
      ],
    };
    expect(cornersOf(JSON.stringify(file))).toEqual(square.slice(0, 4).map(([lon, lat]) => ({ lat, lon })));
  });

  it("is nothing where a file holds none, or one that lies nowhere", () => {
    expect(cornersOf("{")).toBeNull();
    expect(cornersOf('{"type":"Point","coordinates":[1,2]}')).toBeNull();
    expect(
      cornersOf(
        JSON.stringify({
          type: "Polygon",
          coordinates: [
            [
              [500_000, 3_200_000],
              [1, 1],
              [2, 2],
            ],
          ],
        }),
      ),
    ).toBeNull();
  });
});

describe("places", () => {
  it("takes a device where it is, else where its site is, and an incident where its camera is", () => {
    const known = {
      sites: [{ id: "home", location: { lat: 1, lon: 2 } }, { id: "nowhere" }],
      cameras: [
        { id: "gate", site: "home", location: { lat: 3, lon: 4 } },
        { id: "yard", site: "home" },
        { id: "lost", site: "nowhere" },
      ],
      sensors: [],
    } as unknown as Parameters<typeof placesOf>[0];
    const places = placesOf(known);
    expect(places.device("gate")).toEqual({ lat: 3, lon: 4 });
    expect(places.device("yard")).toEqual({ lat: 1, lon: 2 });
    expect(places.device("lost")).toBeNull();
    expect(places.incident({ camera: "gate", site: "home" })).toEqual({ lat: 3, lon: 4 });
    expect(places.incident({ camera: null, site: "home" })).toEqual({ lat: 1, lon: 2 });
  });

  it("draws what a camera sees to where it looks", () => {
    expect(sector({ lat: 0, lon: 0 }, null, 90)).toBeNull();
    const north = sector({ lat: 0, lon: 0 }, 0, 60) ?? [];
    expect(north[0]).toEqual({ lat: 0, lon: 0 });
    expect(north.slice(1).every((corner) => corner.lat > 0)).toBe(true);
    const east = sector({ lat: 0, lon: 0 }, 90, 60) ?? [];
    expect(east.slice(1).every((corner) => corner.lon > 0)).toBe(true);
  });

  it("moves what stands at one spot apart", () => {
    const at = { lat: 29, lon: 106 };
    const moved = apart([{ at }, { at }, { at: { lat: 1, lon: 1 } }], 0.001);
    expect(new Set(moved.map((each) => JSON.stringify(each.at))).size).toBe(3);
    expect(moved.at(-1)?.at).toEqual({ lat: 1, lon: 1 });
  });
});

it("a picture is laid in the middle of the view and keeps its shape on the ground", () => {
  const view = { south_west: { lat: 59.9, lon: 10 }, north_east: { lat: 60.1, lon: 10.4 } };
  const { south_west: low, north_east: high } = laidIn(view, 400, 200);
  expect((low.lat + high.lat) / 2).toBeCloseTo(60);
  expect((low.lon + high.lon) / 2).toBeCloseTo(10.2);
  const shrunk = Math.cos((60 * Math.PI) / 180);
  expect(((high.lon - low.lon) * shrunk) / (high.lat - low.lat)).toBeCloseTo(2);
  expect(high.lon - low.lon).toBeLessThan(0.4);
});
