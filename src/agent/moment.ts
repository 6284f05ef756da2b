import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A point in time as a device knows it whose clock may be anything: what it takes for the time, and how long this boot has
 * lasted, which no setting of the clock changes.
 */
export type Moment = {
  /** Milliseconds since 1970: the clock, or the floor of time if that is later. */
  readonly wall: number;
  /** False: the clock is behind the floor, so `wall` stands still. */
  readonly isClockRight: boolean;
  /** Which boot it was. */
  readonly boot: string;
  /** Milliseconds since that boot, those asleep included. */
  readonly uptime: number;
};

/**
 * Milliseconds from one moment to a later one; undefined when nobody can tell, because the clock was wrong at one of them
 * and the device was off between.
 */
export function elapsed(since: Moment, now: Moment): number | undefined {
  if (since.boot === now.boot && since.uptime <= now.uptime) return now.uptime - since.uptime;
  const canTell = since.isClockRight && now.isClockRight && since.wall <= now.wall;
  return canTell ? now.wall - since.wall : undefined;
}

/** How long this boot has lasted, and which it is. */
export type Uptime = () => Pick<Moment, 'boot' | 'uptime'>;

/** The uptime as the kernel tells it; where it does not, that of this process. */
export function systemUptime(proc = '/proc'): Uptime {
  return () => {
    try {
      const boot = readFileSync(join(proc, 'sys/kernel/random/boot_id'), 'latin1').trim();
      const seconds = Number(readFileSync(join(proc, 'uptime'), 'latin1').split(' ')[0]);
      if (boot !== '' && Number.isFinite(seconds)) return { boot, uptime: Math.round(seconds * 1000) };
    } catch {
      // A kernel without these files, or a sandbox that hides them.
    }
    return { boot: `process ${process.pid}`, uptime: Math.round(performance.now()) };
  };
}
