import { expect, test } from "vitest";

import { askOf, bodyOf, networksOf, readyOf, type Trial } from "./trial";

const channel = (problem: unknown = null) => ({
  name: "Gate",
  main: { url: "rtsp://192.0.2.1/main", problem },
  sub: null,
  advice: [],
  fits: true,
});
const trial = (channels: unknown[], cameras: unknown[]): Trial => ({
  host: "192.0.2.1",
  ask: { host: "192.0.2.1" },
  step: "good",
  answer: { answers: true, channels, cameras } as unknown as NonNullable<Trial["answer"]>,
});

test("a line of networks may be written as people write one", () => {
  expect(networksOf(" 192.168.1.0/24，192.168.9.64\n10.0.0.1 ")).toEqual([
    "192.168.1.0/24",
    "192.168.9.64",
    "10.0.0.1",
  ]);
});

test("a stream is asked itself, a host over ONVIF", () => {
  expect(askOf("rtsp://192.0.2.1/main")).toEqual({ url: "rtsp://192.0.2.1/main" });
  expect(askOf("192.0.2.1")).toEqual({ host: "192.0.2.1" });
  expect(askOf("http://192.0.2.1/onvif/device_service")).toEqual({
    host: "http://192.0.2.1/onvif/device_service",
  });
});

test("a body belongs to the lens that works, not to the one before it", () => {
  const [ready] = readyOf(
    trial(
      [channel({ word: "no_video" }), { ...channel(), name: "Yard" }],
      [{ id: "cam-2", main: { url: "x" } }],
    ),
    "hub",
    "secret",
    "gate",
  );
  expect(ready?.channel.name).toBe("Yard");
  expect(ready?.site).toBe("gate");
});

test("the password stands beside each user name and nowhere else", () => {
  const [ready] = readyOf(
    trial(
      [channel()],
      [
        {
          id: "cam-1",
          main: { url: "a", username: "hub" },
          sub: { url: "b" },
          onvif: { url: "c", username: "hub" },
        },
      ],
    ),
    "hub",
    "secret",
    "gate",
  );
  if (!ready) throw new Error("not ready");
  const body = bodyOf(ready) as unknown as Record<string, Record<string, unknown>>;
  expect(body.main?.password).toBe("secret");
  expect(body.onvif?.password).toBe("secret");
  expect(body.sub).not.toHaveProperty("password");
});
