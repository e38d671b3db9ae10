/** The icon as PNG, drawn at build from the same circles as `public/icon.svg`: phones take no SVG for their home screen. */

import { deflateSync } from "node:zlib";

type Colour = readonly [number, number, number];
const GROUND: Colour = [0x1b, 0x24, 0x30];
const ARC: Colour = [0xcf, 0xd8, 0xe3];
const EYE: Colour = [0xff, 0x5a, 0x4d];
const SAMPLES = 3;
/** In the units of the SVG: of 32. The ground fills the whole square, since phones cut icons to shapes of their own. */
const ACROSS = 32;

function colourAt(x: number, y: number): Colour {
  const away = Math.hypot(x - 16, y - 16);
  if (away < 6) return EYE;
  if (y <= 16 && Math.abs(away - 9) < 1.25) return ARC;
  return GROUND;
}

/** A square PNG, so many pixels wide. */
export function icon(width: number): Buffer {
  const rows = Buffer.alloc(width * (1 + width * 3));
  const step = ACROSS / width / SAMPLES;
  for (let y = 0; y < width; y++) {
    for (let x = 0; x < width; x++) {
      const sum = [0, 0, 0];
      for (let each = 0; each < SAMPLES * SAMPLES; each++) {
        const across = (x * SAMPLES + (each % SAMPLES) + 0.5) * step;
        const down = (y * SAMPLES + Math.floor(each / SAMPLES) + 0.5) * step;
        colourAt(across, down).forEach((part, which) => (sum[which] = (sum[which] ?? 0) + part));
      }
      const at = y * (1 + width * 3) + 1 + x * 3;
      sum.forEach((part, which) => (rows[at + which] = Math.round(part / SAMPLES / SAMPLES)));
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(width, 4);
  head.set([8, 2, 0, 0, 0], 8); // eight bits of each of three colours
  const parts = [
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ];
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), ...parts]);
}

function chunk(name: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, "ascii"), body]);
  const whole = Buffer.alloc(4 + named.length + 4);
  whole.writeUInt32BE(body.length, 0);
  named.copy(whole, 4);
  whole.writeUInt32BE(crc(named), 4 + named.length);
  return whole;
}

function crc(bytes: Buffer): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}
