import { expect, test } from "vitest";

import { Problem } from "@/hub/problem";
import { language } from "@/words";

import { explain } from "./faults";

const both = { message: "the camera does not answer", message_zh: "摄像头没有回应" };

test("what is wrong is said in Chinese to who reads it, where the hub says all of it so", () => {
  language.value = "zh";
  expect(explain(new Problem(422, { errors: [both] }))).toContain("摄像头没有回应");
  expect(explain(new Problem(422, { errors: [both, { message: "too long" }] }))).toContain("too long");
  language.value = "en";
  expect(explain(new Problem(422, { errors: [both] }))).toContain("does not answer");
});
