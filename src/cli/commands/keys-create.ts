import { changeKeys } from '../../trust/key-change.ts';
import { defineCommand } from '../command.ts';
import { argument, value } from '../option-kinds.ts';
import { count, oneOf } from '../options.ts';
import { openRepository } from '../repository-context.ts';
import { keyDir, keyRoles, repo } from '../shared-options.ts';
import { requestLines, writeRequest } from '../signing-request.ts';

/** `satchel keys create`: one more key that may sign for a role, and how many of them must. */
export const keysCreateCommand = defineCommand({
  arguments: { role: argument('argument-role', 'ROLE', oneOf(...keyRoles)) },
  options: { repo, keyDir, threshold: value('option-threshold', 'N', count) },
  async run(call) {
    const { role } = call.arguments;
    const { threshold } = call.options;
    const context = openRepository(call);
    const { keyId, publicKey, created } = context.keys.create(role);
    const outcome = await changeKeys(context, {
      role,
      add: [{ keyId, publicKey }],
      ...(threshold === undefined ? {} : { threshold }),
    });
    const request = outcome.outcome === 'to-sign' ? outcome.request : undefined;
    const toSign = writeRequest(call.options.repo, request);
    return { role, keyId, created, keyDirectory: context.keys.location, ...(toSign ? { toSign } : {}) };
  },
  show: (result, words) => [
    words.say('result-keys-created', { role: result.role, keyId: result.keyId }),
    ...requestLines('toSign' in result ? result.toSign : undefined, words),
  ],
});
