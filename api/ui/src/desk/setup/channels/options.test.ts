import { expect, test } from "vitest";

import { fieldsOf, isSame, optionsOf, typedOf, wrongsOf } from "./options";

const mail = fieldsOf({
  kind: "email",
  summary: "",
  options: {
    properties: {
      port: { anyOf: [{ type: "integer", minimum: 1, maximum: 65535 }, { type: "null" }], default: null },
      security: { type: "string", enum: ["starttls", "tls"], default: "starttls" },
      host: { type: "string", maxLength: 253 },
      to: { type: "array", items: { type: "string" } },
      codes: { type: "object" },
      loud: { type: "boolean", default: false },
    },
    required: ["host"],
  },
});

test("what has to be filled in comes first, and each field is what its schema says", () => {
  expect(mail.map((each) => `${each.name} ${each.is}`)).toEqual([
    "host text",
    "port number",
    "security choice",
    "to lines",
    "codes pairs",
    "loud yes",
  ]);
  expect(mail[1]).toMatchObject({ whole: true, least: 1, most: 65535, required: false });
});

test("what is left as it is stays away, and what was written before stays", () => {
  const typed = typedOf(mail, { host: "a", security: "starttls" });
  expect(optionsOf(mail, typed, {})).toEqual({ host: "a" });
  expect(optionsOf(mail, typed, { host: "a", security: "starttls" })).toEqual({
    host: "a",
    security: "starttls",
  });
});

test("options go out as they came in", () => {
  const options = { to: ["x@y.z", "u@v.w"], host: "a", port: 25, codes: { village: "3301" }, loud: true };
  const back = optionsOf(mail, typedOf(mail, options), options);
  expect(back).toEqual(options);
  expect(isSame(back, options)).toBe(true);
  expect(isSame(back, { ...options, port: 26 })).toBe(false);
  const empty = { host: "a", port: null, to: [], codes: {} };
  expect(isSame(optionsOf(mail, typedOf(mail, empty), empty), empty)).toBe(true);
});

test("what is no number is left for the hub to refuse", () => {
  expect(optionsOf(mail, { host: "a", port: "many" }, {})).toEqual({ host: "a", port: "many" });
});

test("a mistake is told at its field", () => {
  const errors = [
    { where: "notifiers[3].options.volume", message: "too loud", message_zh: "太响" },
    { where: "body.secret", message: "no" },
    { where: "notifiers[3].areas[0]", message: "unknown" },
  ];
  const found = { "options.volume": "too loud", secret: "no", areas: "unknown" };
  expect(wrongsOf({ errors }, "en")).toEqual(found);
  expect(wrongsOf({ errors }, "zh")).toEqual({ ...found, "options.volume": "太响" });
});
