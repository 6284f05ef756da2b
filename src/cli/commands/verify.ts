import { displayOf } from '../../base/byte-string.ts';
import { deviceLayout } from '../../device/layout.ts';
import { lockDevice } from '../../device/lock.ts';
import { sealVersion } from '../../device/seal.ts';
import { sealFromNowOn } from '../../device/seal-new.ts';
import { verifyTree } from '../../device/verify.ts';
import { versionsToCheck } from '../../device/versions-to-check.ts';
import { defineCommand } from '../command.ts';
import { flag } from '../option-kinds.ts';
import { buildInstalled, root } from '../shared-options.ts';

/** `satchel verify`: compare installed versions with what was published; with `--seal` have the kernel guard them. */
export const verifyCommand = defineCommand({
  arguments: { build: buildInstalled },
  options: {
    root,
    full: flag('option-full'),
    seal: flag('option-seal'),
    all: flag('option-all-verify'),
  },
  async run({ options, arguments: { build }, clock, reporter, signal }) {
    const layout = deviceLayout(options.root);
    // What is sealed has to be known to be right.
    const full = options.full || options.seal;
    using _lock = lockDevice(layout);
    const versions = [];
    for (const name of versionsToCheck(layout, build, options.all)) {
      const check = { layout, name, full, reporter, signal };
      const found = options.seal ? await sealVersion({ ...check, clock }) : await verifyTree(check);
      const { seals } = found;
      versions.push({
        build: name,
        full,
        entries: found.entries,
        filesRead: found.filesRead,
        bytesRead: found.bytesRead,
        unread: found.unread.length,
        ...(seals && { seals: { ...seals, busy: seals.busy.length } }),
        damaged: found.damaged.map(({ path, reason }) => ({ path: displayOf(path), reason })),
      });
    }
    const sealsNew = options.seal && sealFromNowOn(layout);
    return { versions, ...(sealsNew && { sealsNew }) };
  },
  show: ({ versions, sealsNew }, words) => [
    ...versions.flatMap(({ build, entries, filesRead, damaged, seals }) => [
      words.say('result-verify', { build, entries, read: filesRead, damaged: damaged.length }),
      ...(seals ? [words.say('result-verify-sealed', { build, ...seals })] : []),
      ...damaged.map(({ path, reason }) => words.say('result-verify-damage', { path, reason })),
    ]),
    ...(sealsNew ? [words.say('result-verify-seals-new')] : []),
  ],
  exitCode: ({ versions }) =>
    versions.every(({ damaged, seals }) => damaged.length === 0 && !seals?.busy) ? 0 : 1,
});
