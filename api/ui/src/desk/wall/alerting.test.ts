import { expect, test } from "vitest";

import { alarmOf, inOrder } from "./alerting";

const entry = (move: string, body: object) => ({ seq: 1, move, subject: "a-1", incident: "i-1", body });

test("what a camera alerts is an alarm, in the site's colour, in an incident that was open already too", () => {
  const body = { camera: "cam-1", level: "orange", colour: "red", text: { zh: "火", en: "Fire" } };
  for (const move of ["raised", "recurred", "reactivated", "rose"]) {
    expect(alarmOf("alert", entry(move, body), 1_000, 30)).toMatchObject({
      camera: "cam-1",
      incident: "i-1",
      level: "red",
      until: 31_000,
    });
  }
  expect(alarmOf("incident", entry("reopened", body), 1_000, 30)).toMatchObject({ incident: "i-1" });
});

test("what has no camera, is hidden or normal again, and what people do, is none", () => {
  const none = (topic: string, move: string, body: object) =>
    expect(alarmOf(topic, entry(move, { level: "red", ...body }), 0, 30)).toBeNull();
  none("alert", "raised", {});
  none("alert", "raised", { camera: "cam-1", muted: true });
  none("alert", "raised", { camera: "cam-1", hidden: "silenced" });
  none("alert", "returned", { camera: "cam-1" });
  none("incident", "joined", { camera: "cam-1" });
  none("incident", "acknowledged", { camera: "cam-1" });
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
