/** What a kernel left in memory or firmware when it panicked (pstore): the console of such a boot is nowhere else. */
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listIfThere } from '../os/if-there.ts';
import { errnoOf } from '../os/system-error.ts';
import type { DeviceLayout } from './layout.ts';
import type { Trial } from './trial.ts';
import { fittingLines } from './trial-log.ts';

/** Every record is a piece of the kernel's log; the end of it is in the first part (fs/pstore/platform.c). */
const lastPart = /^(?:Panic|Oops|Emergency)#\d+ Part1$/m;
/** What stands before the lines of the log. */
const heading = /^(?:====\S+|(?:Panic|Oops|Emergency)#\d+ Part\d+)$/;
/** No part is longer, in bytes. */
const longestRecord = 256 * 1024;
/** Where systemd-pstore moves them. */
const moved = 'var/lib/systemd/pstore';

/**
 * The last lines of the newest record since a trial began; none where there is none, or it cannot be read. It lies where
 * the kernel shows it, or where the version that runs or the one on trial has moved it.
 */
export function panicLines(layout: DeviceLayout, { build, since }: Pick<Trial, 'build' | 'since'>): string[] {
  const folders = [
    ...[join(layout.root, 'sys/fs/pstore'), join(layout.root, moved)],
    join(layout.layers, build, 'upper', moved),
  ];
  try {
    const [newest] = folders
      .flatMap(recordsBelow)
      .filter(({ time, text }) => time >= Date.parse(since) && lastPart.test(text.slice(0, 200)))
      .sort((one, other) => other.time - one.time);
    const lines = newest?.text.split('\n').filter((line) => !heading.test(line));
    return fittingLines(lines ?? []);
  } catch (error) {
    // They are being moved, or the firmware fails: a trial is not held up by that.
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}

function recordsBelow(folder: string): { readonly text: string; readonly time: number }[] {
  return listIfThere(folder).flatMap((name) => {
    const path = join(folder, name);
    const stat = lstatSync(path);
    if (stat.isDirectory()) return recordsBelow(path);
    if (!stat.isFile() || !name.startsWith('dmesg-') || stat.size > longestRecord) return [];
    return [{ text: readFileSync(path, 'utf8'), time: stat.mtimeMs }];
  });
}
