/**
 * The sound of alarms: a pattern of its own for each level, the graver the more urgent, repeated for as long as
 * something of that level asks to be looked at. A browser lets a page sound only after a person touched it; until then
 * `sound.blocked` says so, and the first key or click brings the sound.
 */

import { reactive, readonly } from "vue";

import type { Level } from "./incidents";

const KEPT = "sound";
const LOUD = 0.3;

/** Hertz, and seconds from the beginning. */
type Tone = readonly [hertz: number, from: number];
interface Pattern {
  tones: readonly Tone[];
  /** Seconds until it is repeated; null for once. */
  again: number | null;
}

export const PATTERNS: Readonly<Record<Level, Pattern>> = {
  red: {
    tones: [0, 0.22, 0.44, 0.66, 0.88, 1.1].map((from, n) => [n % 2 ? 660 : 960, from] as const),
    again: 3,
  },
  orange: {
    tones: [
      [780, 0],
      [590, 0.28],
      [780, 0.56],
    ],
    again: 10,
  },
  yellow: {
    tones: [
      [590, 0],
      [590, 0.3],
    ],
    again: 45,
  },
  blue: { tones: [[440, 0]], again: null },
  green: { tones: [], again: null },
};

const state = reactive({
  /** Whether this person wants sound. */
  on: localStorage.getItem(KEPT) !== "off",
  /** The browser does not let the page sound yet. */
  blocked: false,
  /** What is being repeated now. */
  level: null as Level | null,
});
export const sound = readonly(state);

let audio: AudioContext | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Let the page sound. Before a person touched it a browser may refuse, and `sound.blocked` says so. */
export function unlock(): void {
  if (audio === null) {
    audio = new AudioContext();
    audio.onstatechange = look;
  }
  // Where the browser blocks it, this promise waits for a touch: nothing may wait for it.
  if (audio.state !== "running") void audio.resume().then(look, look);
  look();
}

function look(): void {
  state.blocked = audio !== null && audio.state !== "running";
}

/** Sound wanted or not; what asks goes on to be shown either way. */
export function turnSound(on: boolean): void {
  state.on = on;
  localStorage.setItem(KEPT, on ? "on" : "off");
  if (on) {
    unlock();
    if (state.level === null) ring("blue"); // so that one hears that it is on
  }
  repeat();
}

/** Sound the pattern of a level once. */
export function ring(level: Level): void {
  if (!state.on) return;
  unlock();
  if (audio?.state !== "running") return;
  const begin = audio.currentTime + 0.02;
  for (const [hertz, from] of PATTERNS[level].tones) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.type = level === "red" ? "square" : "sine";
    tone.frequency.value = hertz;
    const loud = level === "red" ? LOUD / 2 : LOUD; // a square wave is louder
    volume.gain.setValueAtTime(0.0001, begin + from);
    volume.gain.exponentialRampToValueAtTime(loud, begin + from + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, begin + from + 0.2);
    tone.connect(volume).connect(audio.destination);
    tone.start(begin + from);
    tone.stop(begin + from + 0.22);
  }
}

/** Go on sounding this level until told otherwise; null is quiet. A graver one begins at once. */
export function keepRinging(level: Level | null): void {
  if (state.level === level) return;
  state.level = level;
  repeat();
}

function repeat(): void {
  clearTimeout(timer);
  const level = state.level;
  if (level === null || !state.on) return;
  ring(level);
  const again = PATTERNS[level].again;
  if (again !== null) timer = setTimeout(repeat, again * 1000);
}

/** The first touch of a person brings the sound. Returns what ends listening for it. */
export function soundOnTouch(): () => void {
  const touched = () => {
    if (!state.on || audio?.state === "running") return;
    unlock();
    // `resume` takes a moment; what asks is sounded as soon as the sound runs
    setTimeout(repeat, 100);
  };
  document.addEventListener("pointerdown", touched);
  document.addEventListener("keydown", touched);
  return () => {
    document.removeEventListener("pointerdown", touched);
    document.removeEventListener("keydown", touched);
  };
}
