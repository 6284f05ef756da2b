import { SatchelError } from '../../base/errors.ts';
import { isSite } from '../../site/layout.ts';
import { defineCommand } from '../command.ts';
import { argument } from '../option-kinds.ts';
import { localPath } from '../options.ts';
import { keyDir, siteRepo } from '../shared-options.ts';
import { collectAtOrigin } from '../stick-context.ts';
import { collectedLines, problemLines } from '../stick-lines.ts';

/** `satchel stick collect`: store what sites and devices have put on a stick. */
export const stickCollectCommand = defineCommand({
  arguments: { stick: argument('argument-stick', 'DIR', localPath) },
  options: { repo: siteRepo, keyDir },
  async run(call) {
    const { repo: repository } = call.options;
    if (isSite(repository)) throw new SatchelError('stick-site-only', { repository });
    return collectAtOrigin(call, call.arguments);
  },
  show: (result, words) => [
    ...collectedLines(result, words),
    ...problemLines(result.problems, words),
    words.say('result-stick-may-go'),
  ],
  exitCode: ({ problems }) => (problems.length > 0 ? 1 : 0),
});
