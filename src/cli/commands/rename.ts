import { renameBuild } from '../../repository/change-list.ts';
import { defineCommand } from '../command.ts';
import { argument } from '../option-kinds.ts';
import { openRepository } from '../repository-context.ts';
import { build, keyDir, repo } from '../shared-options.ts';
import { requestLines, writeRequest } from '../signing-request.ts';

/** `satchel rename`: another name for a build. */
export const renameCommand = defineCommand({
  arguments: {
    build: argument('argument-build', 'BUILD', build),
    name: argument('argument-new-name', 'NEW-NAME', build),
  },
  options: { repo, keyDir },
  async run(call) {
    const { build: from, name: to } = call.arguments;
    const { signingRequest } = await renameBuild(
      { ...openRepository(call), reporter: call.reporter },
      from,
      to,
    );
    const toSign = writeRequest(call.options.repo, signingRequest);
    return { from, to, ...(toSign ? { toSign } : {}) };
  },
  show: (result, words) => [
    words.say('result-rename', { from: result.from, to: result.to }),
    ...requestLines('toSign' in result ? result.toSign : undefined, words),
  ],
});
