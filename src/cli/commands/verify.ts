import { displayOf } from '../../base/byte-string.ts';
import { deviceLayout } from '../../device/layout.ts';
import { lockDevice } from '../../device/lock.ts';
import { verifyTree } from '../../device/verify.ts';
import { versionsToCheck } from '../../device/versions-to-check.ts';
import { defineCommand } from '../command.ts';
import { flag } from '../option-kinds.ts';
import { buildInstalled, root } from '../shared-options.ts';

/** `satchel verify`: compare installed versions with what was published. */
export const verifyCommand = defineCommand({
  arguments: { build: buildInstalled },
  options: {
    root,
    full: flag('option-full'),
    all: flag('option-all-verify'),
  },
  async run({ options: { root: directory, full, all }, arguments: { build }, reporter, signal }) {
    const layout = deviceLayout(directory);
    using _lock = lockDevice(layout);
    const versions = [];
    for (const name of versionsToCheck(layout, build, all)) {
      const found = await verifyTree({ layout, name, full, reporter, signal });
      versions.push({
        build: name,
        full,
        entries: found.entries,
        filesRead: found.filesRead,
        bytesRead: found.bytesRead,
        unread: found.unread.length,
        damaged: found.damaged.map(({ path, reason }) => ({ path: displayOf(path), reason })),
      });
    }
    return { versions };
  },
  show: ({ versions }, words) =>
    versions.flatMap(({ build, entries, filesRead, damaged }) => [
      words.say('result-verify', { build, entries, read: filesRead, damaged: damaged.length }),
      ...damaged.map(({ path, reason }) => words.say('result-verify-damage', { path, reason })),
    ]),
  exitCode: ({ versions }) => (versions.every(({ damaged }) => damaged.length === 0) ? 0 : 1),
});
