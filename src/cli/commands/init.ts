import { initialiseTrust } from '../../trust/initialise.ts';
import { defineCommand } from '../command.ts';
import { openRepository } from '../repository-context.ts';
import { keyDir, repo } from '../shared-options.ts';

/** `satchel init`: an empty repository with its keys and signed metadata. */
export const initCommand = defineCommand({
  arguments: {},
  options: { repo, keyDir },
  async run(call) {
    const context = openRepository(call);
    const { sha256 } = await initialiseTrust(context);
    return { repository: call.options.repo, keys: context.keys.location, rootSha256: sha256 };
  },
  show: ({ repository, keys, rootSha256 }, words) => [
    words.say('result-init', { repository }),
    words.say('result-init-keys', { keys }),
    words.say('result-init-root', { sha256: rootSha256 }),
  ],
});
