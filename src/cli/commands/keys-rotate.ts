import { rotateKey } from '../../trust/key-change.ts';
import { defineCommand } from '../command.ts';
import { argument } from '../option-kinds.ts';
import { oneOf } from '../options.ts';
import { openRepository } from '../repository-context.ts';
import { keyDir, keyRoles, repo } from '../shared-options.ts';
import { requestLines, writeRequest } from '../signing-request.ts';

/** `satchel keys rotate`: new keys for a role in place of those that it has. */
export const keysRotateCommand = defineCommand({
  arguments: { role: argument('argument-role', 'ROLE', oneOf(...keyRoles)) },
  options: { repo, keyDir },
  async run(call) {
    const { role } = call.arguments;
    const outcome = await rotateKey(openRepository(call), { role });
    const request = outcome.outcome === 'to-sign' ? outcome.request : undefined;
    const toSign = writeRequest(call.options.repo, request);
    return { role, made: outcome.made.map(({ keyId }) => keyId), ...(toSign ? { toSign } : {}) };
  },
  show: (result, words) => [
    ...result.made.map((keyId) =>
      words.say('toSign' in result ? 'result-keys-rotating' : 'result-keys-rotated', {
        role: result.role,
        keyId,
      }),
    ),
    ...requestLines('toSign' in result ? result.toSign : undefined, words),
  ],
});
