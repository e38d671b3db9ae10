/** One clock for several players: where they should be, and what brings each of them back there. Pure. */

/** A clock of the recordings' time that runs, stands, and runs at other speeds. `now` is this machine's, ms. */
export class Clock {
  private base: number;
  private since: number;
  private rate = 1;
  private runs = false;

  constructor(at: number, now: number) {
    this.base = at;
    this.since = now;
  }

  at(now: number): number {
    return this.runs ? this.base + (now - this.since) * this.rate : this.base;
  }

  set(at: number, now: number): void {
    this.base = at;
    this.since = now;
  }

  run(runs: boolean, now: number): void {
    this.set(this.at(now), now);
    this.runs = runs;
  }

  speed(rate: number, now: number): void {
    this.set(this.at(now), now);
    this.rate = rate;
  }
}

export const SPEEDS = [0.5, 1, 2, 4, 8] as const;

const SEEK_S = 1;
const CLOSE_S = 0.03;
const MOST = 0.2;

/**
 * What a player that is `driftS` ahead of the clock (behind: negative) does.
 *
 * @returns `seek`, or the rate at which it comes back.
 */
export function correction(driftS: number, speed: number): "seek" | number {
  const allowed = SEEK_S * Math.max(1, speed);
  if (Math.abs(driftS) > allowed) return "seek";
  if (Math.abs(driftS) < CLOSE_S * Math.max(1, speed)) return speed;
  const pull = Math.min(MOST, Math.max(-MOST, driftS / Math.max(1, speed)));
  return speed * (1 - pull);
}
