import { formatBytes } from '../../base/units.ts';
import { defineCommand } from '../command.ts';
import { rsyncDir, siteRepo } from '../shared-options.ts';
import { atSite } from '../site-work.ts';

/** `satchel site gc`: remove what no build needs, and what is over the budget. */
export const siteGcCommand = defineCommand({
  arguments: {},
  options: { repo: siteRepo, rsyncDir },
  run: (call) => atSite(call, { do: 'gc' }, ({ evictor }) => evictor.collect({ signal: call.signal })),
  show: ({ builds, files, fileBytes, treeBytes, usedBytes, missing }, words) => [
    ...(treeBytes > 0 ? [words.say('result-gc-trees', { bytes: formatBytes(treeBytes) })] : []),
    ...(files > 0 ? [words.say('result-gc-files', { files, bytes: formatBytes(fileBytes) })] : []),
    ...builds.map(({ build, bytes }) => words.say('result-gc-build', { build, bytes: formatBytes(bytes) })),
    words.say('result-gc-used', { bytes: formatBytes(usedBytes) }),
    ...(missing > 0 ? [words.say('result-gc-over', { bytes: formatBytes(missing) })] : []),
  ],
});
