import { SatchelError } from '../../base/errors.ts';
import { isSite } from '../../site/layout.ts';
import { defineCommand } from '../command.ts';
import { argument } from '../option-kinds.ts';
import { localPath } from '../options.ts';
import { keyDir, rsyncDir, siteRepo } from '../shared-options.ts';
import { loadAtOrigin } from '../stick-context.ts';
import { collectedLines, endLines, problemLines, xobuildsLines } from '../stick-lines.ts';

const nothing = { sites: [], devices: { stored: 0, known: 0 } } as const;

/** `satchel stick collect`: store what sites and devices have put on a stick, and publish builds of the old kind. */
export const stickCollectCommand = defineCommand({
  arguments: { stick: argument('argument-stick', 'DIR', localPath) },
  options: { repo: siteRepo, rsyncDir, keyDir },
  async run(call) {
    const { repo: repository } = call.options;
    const { stick } = call.arguments;
    if (isSite(repository)) throw new SatchelError('stick-site-only', { repository });
    const { collected, ...rest } = await loadAtOrigin(call, { stick });
    return { stick, ...(collected ?? nothing), ...rest };
  },
  show: ({ xobuilds, problems, ...collected }, words) => [
    ...(xobuilds === null || collected.sites.length > 0
      ? collectedLines({ ...collected, problems }, words)
      : []),
    ...xobuildsLines(xobuilds, words),
    ...problemLines(problems, words),
    ...endLines(problems, words),
  ],
  exitCode: ({ problems }) => (problems.length > 0 ? 1 : 0),
});
