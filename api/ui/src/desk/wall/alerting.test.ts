import { expect, test } from "vitest";

import { alarmOf, inOrder } from "./alerting";

const entry = (move: string, body: object) => ({ seq: 1, move, subject: "i-1", body });

test("an incident that opens at a camera is an alarm, in the site's colour", () => {
  const body = { camera: "cam-1", level: "orange", colour: "red", text: { zh: "火", en: "Fire" } };
  expect(alarmOf("incident", entry("opened", body), 1_000, 30)).toMatchObject({
    camera: "cam-1",
    incident: "i-1",
    level: "red",
    until: 31_000,
  });
});

test("what has no camera, and what people do with an incident, is none", () => {
  expect(alarmOf("incident", entry("opened", { level: "red" }), 0, 30)).toBeNull();
  expect(alarmOf("incident", entry("acknowledged", { camera: "cam-1", level: "red" }), 0, 30)).toBeNull();
  expect(alarmOf("alert", entry("opened", { camera: "cam-1", level: "red" }), 0, 30)).toBeNull();
});

test("the gravest comes first, of equals the newest", () => {
  const alarm = (camera: string, level: "red" | "blue", at: number) => ({
    camera,
    level,
    at,
    incident: "",
    text: "",
    until: 0,
  });
  const found = inOrder([alarm("a", "blue", 3), alarm("b", "red", 1), alarm("c", "red", 2)]);
  expect(found.map((each) => each.camera)).toEqual(["c", "b", "a"]);
});
