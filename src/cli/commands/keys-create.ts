import { SatchelError } from '../../base/errors.ts';
import type { Reporter } from '../../base/progress.ts';
import { refreshLite } from '../../repository/lite-refresh.ts';
import { changeKeys } from '../../trust/key-change.ts';
import { defineCommand } from '../command.ts';
import { argument, value } from '../option-kinds.ts';
import { count, oneOf } from '../options.ts';
import { openRepository, type RepositoryContext } from '../repository-context.ts';
import { keyDir, keyRoles, repo } from '../shared-options.ts';
import { requestLines, writeRequest } from '../signing-request.ts';

/**
 * `satchel keys create`: one more key that may sign for a role, and how many of them must; for `lite` one more RSA
 * key that signs the lists for satchel-lite.
 */
export const keysCreateCommand = defineCommand({
  arguments: { role: argument('argument-role', 'ROLE', oneOf(...keyRoles, 'lite')) },
  options: { repo, keyDir, threshold: value('option-threshold', 'N', count) },
  async run(call) {
    const { role } = call.arguments;
    const { threshold } = call.options;
    const context = openRepository(call);
    const keyDirectory = context.keys.location;
    if (role === 'lite' && threshold !== undefined)
      throw new SatchelError('options-conflict', { first: '--threshold', second: role });
    if (role === 'lite') return { role, ...(await createLiteKey(context, call.reporter)), keyDirectory };
    const { keyId, publicKey, created } = context.keys.create(role);
    const outcome = await changeKeys(context, {
      role,
      add: [{ keyId, publicKey }],
      ...(threshold === undefined ? {} : { threshold }),
    });
    const request = outcome.outcome === 'to-sign' ? outcome.request : undefined;
    const toSign = writeRequest(call.options.repo, request);
    return { role, keyId, created, keyDirectory, ...(toSign ? { toSign } : {}) };
  },
  show: (result, words) => [
    words.say('result-keys-created', { role: result.role, keyId: result.keyId }),
    ...('publicKeys' in result ? [words.say('result-lite-key', { path: result.publicKeys })] : []),
    ...requestLines('toSign' in result ? result.toSign : undefined, words),
  ],
});

/** The lists are signed with the new key at once, so that devices that trust another learn it. */
async function createLiteKey(context: RepositoryContext, reporter: Reporter) {
  const { keyId, created } = context.keys.lite.create();
  await refreshLite({ ...context, reporter });
  return { keyId, created, publicKeys: context.keys.lite.publicFile ?? '' };
}
