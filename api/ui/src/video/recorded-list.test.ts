import { describe, expect, it } from "vitest";

import { holeAt, later, parse, placed, placeOf, runAt } from "./recorded-list";

const BASE = "http://hub/api/v1/cameras/gate/recordings.m3u8?from=x";
const ZERO = Date.parse("2026-11-22T06:00:00.000Z");

function file(name: string, began: number, zero = began, codecs = "avc1.64001f"): string[] {
  return [
    `#CODECS:${codecs}`,
    `#ZERO:${new Date(zero).toISOString()}`,
    `#EXT-X-MAP:URI="recordings/${name}.mp4?link=L",BYTERANGE="800@0"`,
    `#EXT-X-PROGRAM-DATE-TIME:${new Date(began).toISOString()}`,
    "#EXTINF:2.000,",
    "#EXT-X-BYTERANGE:5000@800",
    `recordings/${name}.mp4?link=L`,
    "#EXTINF:1.500,",
    "#EXT-X-BYTERANGE:4000@5800",
    `recordings/${name}.mp4?link=L`,
  ];
}
const list = (...files: string[][]) => ["#EXTM3U", ...files.flat(), "#EXT-X-ENDLIST", ""].join("\n");

describe("a play-list", () => {
  it("is read with its files, times and byte ranges", () => {
    const [run] = parse(list(file("a", ZERO)), BASE);
    expect(run).toMatchObject({ codecs: "avc1.64001f", init: 800, began: ZERO, ended: ZERO + 3500 });
    expect(run?.parts[1]).toEqual({
      url: "http://hub/api/v1/cameras/gate/recordings/a.mp4?link=L",
      first: 5800,
      size: 4000,
      began: ZERO + 2000,
      ended: ZERO + 3500,
    });
  });

  it("places files that follow on each other without a break, and a gap as long as it was", () => {
    const text = list(file("a", ZERO), file("b", ZERO + 3600), file("c", ZERO + 60_000));
    const runs = placed([], parse(text, BASE));
    expect(runs.map((run) => run.start)).toEqual([0, 3.5, 60]);
    expect(runAt(runs, 5)?.began).toBe(ZERO + 3600);
    expect(holeAt(runs, ZERO + 30_000)).toEqual({ from: ZERO + 7100, to: ZERO + 60_000 });
    expect(holeAt(runs, ZERO + 1000)).toBeNull();
    expect(holeAt(runs, ZERO + 3550)).toBeNull();
  });

  it("never lets a clock that was set back lay one file over another", () => {
    const runs = placed([], parse(list(file("a", ZERO), file("b", ZERO - 60_000)), BASE));
    expect(runs[1]?.start).toBe(runs[0]?.end);
  });

  it("finds the part of a moment, or the first behind it", () => {
    const runs = placed([], parse(list(file("a", ZERO), file("c", ZERO + 60_000)), BASE));
    expect(placeOf(runs, ZERO + 2100)).toMatchObject({ part: 1 });
    expect(placeOf(runs, ZERO + 20_000)?.run.began).toBe(ZERO + 60_000);
    expect(placeOf(runs, ZERO - 1)).toBeNull();
    expect(placeOf(runs, ZERO + 90_000)).toBeNull();
  });

  it("goes on within a file that grew meanwhile", () => {
    const before = placed([], parse(list(file("a", ZERO)), BASE));
    const [grown] = parse(list(file("a", ZERO + 2000, ZERO)), BASE);
    const rest = grown && later(grown, ZERO + 3999);
    expect(rest?.began).toBe(ZERO + 4000);
    const [next] = placed(before, rest ? [rest] : []);
    expect(next?.start).toBe(4);
    expect(next?.offset).toBe(0);
  });
});
