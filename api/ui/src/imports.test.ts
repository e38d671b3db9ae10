import { expect, test } from "vitest";

const sources = import.meta.glob<string>("./**/*.{vue,ts}", {
  query: "?raw",
  import: "default",
  eager: true,
});

/** What a folder at the top may import of the others. */
const MAY: Record<string, string[]> = {
  words: ["hub"],
  hub: [],
  kit: ["hub", "words"],
  video: ["hub", "words", "kit"],
  desk: ["hub", "words", "kit", "video"],
  phone: ["hub", "words", "kit", "video"],
};

/** The paths below `src` that a file imports, dynamic imports too. */
function imports(path: string, source: string): string[] {
  const named = [...source.matchAll(/(?:from|import)\s*\(?\s*["']([^"']+)["']/g)].map(
    (match) => match[1] ?? "",
  );
  return named.flatMap((name) => {
    if (name.startsWith("@/")) return [name.slice(2)];
    if (!name.startsWith(".")) return [];
    return [new URL(name, `file:///${path.slice(2)}`).pathname.slice(1)];
  });
}

const edges = Object.entries(sources)
  .filter(([path]) => !path.endsWith(".test.ts") && path !== "./env.d.ts")
  .flatMap(([path, source]) => imports(path, source).map((target) => [path.slice(2), target] as const));

test("imports between the folders run one way", () => {
  expect(edges.length).toBeGreaterThan(20);
  const wrong = edges.filter(([from, to]) => {
    const [mine = "", theirs = ""] = [from.split("/")[0], to.split("/")[0]];
    return mine !== theirs && !(MAY[mine] ?? []).includes(theirs);
  });
  expect(wrong).toEqual([]);
});

test("a room imports no other room", () => {
  const room = (path: string) => /^(?:desk|phone)\/[^/]+(?=\/)/.exec(path)?.[0];
  const wrong = edges.filter(([from, to]) => {
    const [mine, theirs] = [room(from), room(to)];
    return mine !== undefined && theirs !== undefined && mine !== theirs;
  });
  expect(wrong).toEqual([]);
});
