import { defineCommand } from '../command.ts';
import { argument } from '../option-kinds.ts';
import { oneOf } from '../options.ts';
import { openRepository } from '../repository-context.ts';
import { keyDir, keyRoles, repo } from '../shared-options.ts';

/** `satchel keys create`: a new private key; `keys rotate` puts keys to use. */
export const keysCreateCommand = defineCommand({
  arguments: { role: argument('argument-role', 'ROLE', oneOf(...keyRoles)) },
  options: { repo, keyDir },
  async run(call) {
    const { role } = call.arguments;
    const { keys } = openRepository(call);
    const { keyId, publicKey, created } = keys.create(role);
    return { role, keyId, publicKey, created, keyDirectory: keys.location };
  },
  show: ({ role, keyId }, words) => [words.say('result-keys-created', { role, keyId })],
});
