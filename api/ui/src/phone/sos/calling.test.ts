import { expect, test } from "vitest";

import { Problem } from "@/hub/client";

import { formOf, isWorthAnotherTry } from "./calling";

test("a call has its id, and place and words only where there are some", () => {
  const bare = formOf({ id: "a1", site: null, spot: null, text: "  " });
  expect(Object.fromEntries(bare)).toEqual({ client_id: "a1", category: "help" });
  const whole = formOf({ id: "a1", site: "home-1", spot: { lat: 1, lon: 2, accuracy_m: 5 }, text: " fell " });
  expect(Object.fromEntries(whole)).toEqual({
    client_id: "a1",
    category: "help",
    text: "fell",
    site: "home-1",
    lat: "1",
    lon: "2",
  });
});

test("only what was not refused is tried again", () => {
  expect([new TypeError("x"), new Problem(503, {}), new Problem(422, {})].map(isWorthAnotherTry)).toEqual([
    true,
    true,
    false,
  ]);
});
