import { expect, test } from "vitest";

import type { Of } from "@/hub/client";

import { type Told, wrongsOf } from "./wrongs";

const told = (parts: Partial<Omit<Told, "health">> & { health?: Partial<Of<"HealthAnswer">> }): Told => ({
  cameras: [],
  sensors: [],
  incidents: [],
  refusals: [],
  ...parts,
  health: { ready: true, parts: {}, sources: [], hub: [], warnings: [], ...parts.health },
});
const camera = (status: Record<string, unknown>) =>
  ({ id: "gate", site: "x", main: {}, status }) as unknown as Of<"CameraView">;

test("nothing is wrong where all is well", () => {
  expect(
    wrongsOf(
      told({
        cameras: [camera({ state: "live", recording: [{ state: "recording" }] })],
        health: { parts: { database: true } },
      }),
    ),
  ).toEqual([]);
});

test("the worst comes first, and what lasts longest among equals", () => {
  const found = wrongsOf(
    told({
      cameras: [camera({ state: "offline", reason: "login_refused", since: "2026-03-01T08:00:00Z" })],
      health: {
        parts: { engine: false },
        warnings: ["plain HTTP"],
        sources: [
          {
            kind: "notifier.health",
            source: "mail",
            state: "offline",
            reason: "",
            since: "2026-03-01T07:00:00Z",
          },
        ],
      },
    }),
  );
  expect(found.map((each) => each.key)).toEqual([
    "part engine",
    "notifier.health mail",
    "camera gate",
    "warning plain HTTP",
  ]);
  expect(found.every((each) => each.do !== "")).toBe(true);
});

test("a disk for recordings may be full, another may not, and neither may fail", () => {
  const disk = (fields: Record<string, boolean | number>) =>
    wrongsOf(
      told({
        health: { hub: [{ kind: "hub.disk", source: "d", known: true, fields, at: "2026-03-01T08:00:00Z" }] },
      }),
    );
  expect(disk({ free_pct: 2, failing: false, recordings: true })).toEqual([]);
  expect(disk({ free_pct: 2, failing: false })[0]?.level).toBe("orange");
  expect(disk({ free_pct: 2, failing: true, recordings: true })[0]?.level).toBe("red");
});
