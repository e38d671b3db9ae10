import { expect, test } from "vitest";

import type { Of } from "@/hub/client";

import { changedBody, draftOf } from "./draft";

const camera = {
  id: "gate",
  site: "crossing",
  area: "village",
  name: { zh: "G", en: null },
  main: { url: "rtsp://192.0.2.1/main", username: "hub", has_password: true },
  sub: null,
  onvif: {
    url: "http://192.0.2.1/onvif",
    username: "hub",
    has_password: true,
    profile: "main",
    events: false,
  },
  zones: [{ id: "lane", use: "lane", points: [] }],
  record: { keep_days: 7, most_gb: 3 },
  status: { state: "live" },
} as unknown as Of<"CameraView">;

test("what the form does not hold goes back as it came", () => {
  const body = changedBody(camera, draftOf(camera)) as unknown as Record<string, unknown>;
  expect(body.zones).toEqual(camera.zones);
  expect(body.record).toEqual({ keep_days: 7, most_gb: 3 });
  expect(body.onvif).toMatchObject({ profile: "main", events: false });
  expect(body).not.toHaveProperty("status");
  expect(body).not.toHaveProperty("sub");
});

test("a password that nobody typed is left out, so that it stays", () => {
  const draft = draftOf(camera);
  expect(changedBody(camera, draft).main).not.toHaveProperty("password");
  const main = draft.streams[0];
  if (main) main.password = "new";
  expect(changedBody(camera, draft).main).toHaveProperty("password", "new");
});

test("not recorded is said, and as its site is said by nothing", () => {
  const draft = draftOf(camera);
  draft.record = "no";
  expect(changedBody(camera, draft).record).toBe(false);
  draft.record = "ring";
  expect(changedBody(camera, draft).record).toBeNull();
});
