/**
 * Several players by one clock: they begin together, stay together, wait for each other, and stand still where nothing of
 * them was recorded. Where nothing of any was, the clock goes on at the next that is.
 */

import { onScopeDispose, ref } from "vue";

import type RecordedPicture from "@/video/RecordedPicture.vue";

import { Clock, correction } from "./clock";
import { inside, nextOf, type Span } from "./maths";

export interface Member {
  camera: string;
  picture: InstanceType<typeof RecordedPicture> | null;
  /** What is recorded of it; undefined while that is not known. */
  ranges: readonly Span[] | undefined;
}

const LOOK_MS = 100;
const WAIT_MOST_MS = 4_000; // for one that is late; then the others go on without it
const SEEK_AGAIN_MS = 1_500;

export function useTogether(
  begin: number,
  members: () => Member[],
  jumped: (from: number, to: number) => void,
) {
  const clock = new Clock(begin, performance.now());
  /** What the clock says, ms. */
  const at = ref(begin);
  const playing = ref(false);
  const speed = ref(1);
  /** How far the furthest of those that play is from the clock, s. */
  const drift = ref(0);
  /** Nothing of any of them comes any more. */
  const ended = ref(false);
  const sought = new Map<string, number>();
  const resting = new Set<string>();
  let waitingSince: number | null = null;

  function look(): void {
    const now = performance.now();
    const wanted = clock.at(now);
    const all = members();
    const shown = all.filter((each) => each.ranges === undefined || inside(each.ranges, wanted));
    const holes = all.filter((each) => !shown.includes(each));
    for (const each of holes) {
      resting.add(each.camera);
      each.picture?.pause();
    }
    if (!playing.value) {
      at.value = wanted;
      return;
    }
    if (all.length && shown.length === 0) {
      const next = nextOf(
        all.map((each) => each.ranges ?? []),
        wanted,
      );
      if (next === null) {
        ended.value = true;
        pause();
      } else {
        jumped(wanted, next);
        go(next);
      }
      return;
    }
    const late = shown.filter((each) => each.picture?.waiting() ?? true);
    if (late.length === 0) waitingSince = null;
    else waitingSince ??= now;
    const waits = waitingSince !== null && now - waitingSince < WAIT_MOST_MS;
    clock.run(!waits, now);
    let most = 0;
    for (const each of shown) most = Math.max(most, bring(each, wanted, now, waits));
    drift.value = most;
    at.value = wanted;
  }

  /** Bring one to the clock; how far off it was, s. */
  function bring(member: Member, wanted: number, now: number, waits: boolean): number {
    const { camera, picture } = member;
    if (!picture) return 0;
    const shows = picture.now();
    const off = shows === null ? 0 : (shows - wanted) / 1000;
    const what = shows === null || resting.has(camera) ? "seek" : correction(off, speed.value);
    if (what === "seek") {
      if (now - (sought.get(camera) ?? -Infinity) < SEEK_AGAIN_MS) return 0;
      resting.delete(camera);
      sought.set(camera, now);
      picture.seek(wanted, true);
      return 0;
    }
    picture.speed(what);
    if (waits && !picture.waiting()) picture.pause();
    else picture.play();
    return Math.abs(off);
  }

  /** Show a moment, on all. */
  function go(moment: number, play = playing.value): void {
    const now = performance.now();
    ended.value = false;
    clock.set(moment, now);
    at.value = moment;
    waitingSince = now;
    playing.value = play;
    clock.run(false, now);
    for (const each of members()) {
      if (each.ranges !== undefined && !inside(each.ranges, moment)) continue;
      resting.delete(each.camera);
      sought.set(each.camera, now);
      each.picture?.speed(speed.value);
      each.picture?.seek(moment, play);
    }
  }

  function play(): void {
    go(clock.at(performance.now()), true);
  }

  function pause(): void {
    const now = performance.now();
    playing.value = false;
    clock.run(false, now);
    at.value = clock.at(now);
    for (const each of members()) each.picture?.pause();
  }

  /** Faster or slower. */
  function quicken(rate: number): void {
    speed.value = rate;
    clock.speed(rate, performance.now());
    for (const each of members()) each.picture?.speed(rate);
  }

  /** So many pictures on or back, by the camera `by`; the others follow. */
  function step(pictures: number, by: Member | undefined): void {
    pause();
    by?.picture?.step(pictures);
  }

  /** One stands at another picture after a step: so does the clock. */
  function stepped(moment: number, by: string): void {
    if (playing.value || Math.abs(moment - at.value) > 5_000) return;
    clock.set(moment, performance.now());
    at.value = moment;
    for (const each of members()) if (each.camera !== by) each.picture?.seek(moment, false);
  }

  const timer = setInterval(look, LOOK_MS);
  onScopeDispose(() => clearInterval(timer));
  return { at, playing, speed, drift, ended, go, play, pause, quicken, step, stepped };
}
