import { expect, test } from "vitest";

import { isBeginning, joined, lengthen } from "./fragments";

function box(name: string, ...content: Uint8Array[]): Uint8Array {
  const body = content.reduce((bytes, each) => bytes + each.length, 0);
  const whole = new Uint8Array(8 + body);
  new DataView(whole.buffer).setUint32(0, whole.length);
  whole.set(new TextEncoder().encode(name), 4);
  let at = 8;
  for (const each of content) {
    whole.set(each, at);
    at += each.length;
  }
  return whole;
}

function numbers(...words: number[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => {
    view.setUint32(index * 4, word);
  });
  return bytes;
}

function fragment(flags: number, decoded: number): ArrayBuffer {
  const tfhd = box("tfhd", numbers(flags, 1, 3_600));
  const tfdt = box("tfdt", numbers(0x0100_0000, 0, decoded));
  const whole = box("moof", box("mfhd", numbers(0, 1)), box("traf", tfhd, tfdt));
  return whole.buffer as ArrayBuffer;
}

test("a picture is made to last until the next, and its time is read", () => {
  const data = fragment(0x8, 45_000);
  expect(lengthen(data)).toBe(0.5);
  const words = new DataView(data);
  const at = [...new Uint8Array(data)].findIndex((_, index) => words.getUint32(index) === 0x74666864);
  expect(words.getUint32(at + 12)).toBe(180_000);
});

test("a fragment that says no length is left as it is", () => {
  const data = fragment(0, 90_000);
  const before = [...new Uint8Array(data)];
  expect(lengthen(data)).toBe(1);
  expect([...new Uint8Array(data)]).toEqual(before);
});

test("what is no fragment is refused and not read for ever", () => {
  expect(() => lengthen(new Uint8Array(64).buffer)).toThrow("not a fragment");
  expect(() => lengthen(box("moof", numbers(0, 0)).buffer as ArrayBuffer)).toThrow("not a fragment");
});

test("the beginning of a file is told from a fragment", () => {
  expect(isBeginning(box("ftyp", numbers(0)).buffer as ArrayBuffer)).toBe(true);
  expect(isBeginning(fragment(0, 0))).toBe(false);
});

test("pieces are joined in their order", () => {
  const pieces = [Uint8Array.of(1, 2), Uint8Array.of(3)].map((each) => each.buffer);
  expect([...new Uint8Array(joined(pieces))]).toEqual([1, 2, 3]);
});
