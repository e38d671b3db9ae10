import { expect, test } from "vitest";

import { everyText } from ".";

const HAN = /\p{Script=Han}/u;
/** Words that are the same in both languages, or name the other one. */
const SAME = new Set(["kit.language"]);

const parts = import.meta.glob(["../**/words.ts", "../**/*-words.ts", "./times.ts"]);
const sources = import.meta.glob<string>("../**/*.{vue,ts}", {
  query: "?raw",
  import: "default",
  eager: true,
});

/** Every word that some part has named, by part and key. */
async function named(): Promise<Record<"zh" | "en", ReadonlyMap<string, string>>> {
  for (const load of Object.values(parts)) await load();
  return { zh: everyText("zh"), en: everyText("en") };
}

const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

test("every text exists in both languages and has the same holes to fill", async () => {
  const { zh, en } = await named();
  expect([...zh.keys()].sort()).toEqual([...en.keys()].sort());
  expect(zh.size).toBeGreaterThan(20);
  for (const [key, text] of zh) {
    expect(text.trim(), key).not.toBe("");
    expect(en.get(key)?.trim(), key).not.toBe("");
    expect(holes(text), key).toEqual(holes(en.get(key) ?? ""));
  }
});

test("English words are English, and what is the same in both is no sentence", async () => {
  const { zh, en } = await named();
  for (const [key, text] of en) {
    if (SAME.has(key)) continue;
    expect(HAN.test(text), `${key}: ${text}`).toBe(false);
    const bare = text.replace(/\{\w+\}|[^\p{L} ]/gu, " ").trim();
    if (text === zh.get(key)) expect(bare.split(/ +/).length, key).toBeLessThan(3);
  }
});

test("no Chinese stands in a template or a script outside the words", () => {
  for (const [path, source] of Object.entries(sources)) {
    if (/(words|times)\.ts$|words\/|\.test\.ts$/.test(path)) continue;
    const bare = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$|<!--[\s\S]*?-->/gm, "");
    expect(HAN.test(bare), path).toBe(false);
  }
});
