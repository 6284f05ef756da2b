import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

/** What a disk did since it was switched on. */
export type DiskCounters = {
  readonly writes: number;
  readonly flushes: number;
  /** Blocks of 4096 bytes. */
  readonly blocksWritten: number;
  /** Blocks that reached the image without a flush. */
  readonly blocksAtOnce: number;
  /** Blocks that would be lost now. */
  readonly unflushed: number;
};

/** A disk with power. */
export type WriteBackDisk = {
  /** For {@link startMachine}. */
  readonly socket: string;
  /** The disk dies just before it carries out the `count`-th write or flush from now on. */
  cutAfter(count: number): void;
  counters(): Promise<DiskCounters>;
  /** SIGKILL: what was not flushed is lost, but for the share that had reached the image. Resolves when it is gone. */
  cutPower(): Promise<void>;
  /** Resolves when the disk is gone, however that came. */
  readonly off: Promise<void>;
};

/** How the disk behaves. */
export type WriteBackOptions = {
  readonly image: string;
  /** A path that is not there yet; at most 100 characters. */
  readonly socket: string;
  /** Of the blocks that are written, how many reach the image before they are flushed: 0 to 1. */
  readonly share: number;
  /** A file that gets all writes and flushes, for {@link statesOf} of `test/power/disk-states.ts`. */
  readonly record?: string;
};

const program = resolve(import.meta.dirname, 'write-back-disk-program.ts');

/** Puts a disk with a write-back cache in front of an image; the cache dies with its process, and that with ours. */
export async function startWriteBackDisk(options: WriteBackOptions): Promise<WriteBackDisk> {
  const { image, socket, share, record } = options;
  rmSync(socket, { force: true });
  const words = ['--pdeathsig', 'KILL', '--', process.execPath, program, image, socket, `${share}`];
  if (record !== undefined) words.push(record);
  const child = spawn('setpriv', words, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout });
  const off = once(child, 'close').then(() => undefined);
  await Promise.race([
    once(lines, 'line'),
    off.then(() => Promise.reject(new Error('the disk did not start'))),
  ]);
  return {
    socket,
    cutAfter: (count) => void child.stdin.write(`cut-after ${count}\n`),
    async counters() {
      const answer = once(lines, 'line');
      child.stdin.write('tell\n');
      const gone = off.then(() => Promise.reject(new Error('the disk is off')));
      return JSON.parse(String((await Promise.race([answer, gone]))[0])) as DiskCounters;
    },
    async cutPower() {
      child.kill('SIGKILL');
      await off;
    },
    off,
  };
}
