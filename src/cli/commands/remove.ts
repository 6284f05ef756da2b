import { removeBuild } from '../../repository/change-list.ts';
import { defineCommand } from '../command.ts';
import { argument } from '../option-kinds.ts';
import { openRepository } from '../repository-context.ts';
import { build, keyDir, repo } from '../shared-options.ts';
import { requestLines, writeRequest } from '../signing-request.ts';

/** `satchel remove`: stop offering a build. */
export const removeCommand = defineCommand({
  arguments: { build: argument('argument-build', 'BUILD', build) },
  options: { repo, keyDir },
  async run(call) {
    const name = call.arguments.build;
    const { signingRequest } = await removeBuild({ ...openRepository(call), reporter: call.reporter }, name);
    const toSign = writeRequest(call.options.repo, signingRequest);
    return { removed: name, ...(toSign ? { toSign } : {}) };
  },
  show: (result, words) => [
    words.say('result-remove', { name: result.removed }),
    ...requestLines('toSign' in result ? result.toSign : undefined, words),
  ],
});
