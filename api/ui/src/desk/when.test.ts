import { expect, test } from "vitest";

import { formatOf } from "./when";

test("a day is written in the order of the language", () => {
  expect(formatOf("date", "zh")).toBe("YYYY-MM-DD");
  expect(formatOf("date", "en")).toBe("D MMM YYYY");
  expect(formatOf("datetime", "zh")).toBe("YYYY-MM-DD HH:mm:ss");
  expect(formatOf("datetime", "en")).toBe("D MMM YYYY HH:mm:ss");
});

const sources = import.meta.glob<string>("./**/*.vue", { query: "?raw", import: "default", eager: true });

test("no field of the desk follows the browser's language in place of the reader's", () => {
  const native = Object.entries(sources).filter(([, text]) => /type="(?:date|datetime-local)"/.test(text));
  expect(native.map(([path]) => path)).toEqual([]);
});
