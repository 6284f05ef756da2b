import { SatchelError } from '../../base/errors.ts';
import { renewOffline } from '../../trust/key-change.ts';
import { renewOnline } from '../../trust/publisher.ts';
import { defineCommand } from '../command.ts';
import { argument, value } from '../option-kinds.ts';
import { date, oneOf } from '../options.ts';
import { openRepository } from '../repository-context.ts';
import { keyDir, keyRoles, repo } from '../shared-options.ts';
import { requestLines, writeRequest } from '../signing-request.ts';

/**
 * `satchel keys renew`: what offline roles have signed runs out after a year or five; this signs it again. The
 * online roles are signed again all together, as the server does by itself.
 */
export const keysRenewCommand = defineCommand({
  arguments: { role: argument('argument-role', 'ROLE', oneOf(...keyRoles, 'online')) },
  options: { repo, keyDir, lowerFloor: value('option-lower-floor', 'DATE', date) },
  async run(call) {
    const { role } = call.arguments;
    const { lowerFloor } = call.options;
    if (lowerFloor !== undefined && role !== 'root')
      throw new SatchelError('options-conflict', { first: '--lower-floor', second: role });
    const context = openRepository(call);
    const outcome =
      role === 'root' || role === 'targets' || role === 'builds' || role === 'activities'
        ? await renewOffline(context, role, lowerFloor === undefined ? {} : { lowerFloor: lowerFloor * 1000 })
        : await renewOnline(context, { before: 1 });
    const toSign = writeRequest(
      call.options.repo,
      outcome.outcome === 'to-sign' ? outcome.request : undefined,
    );
    return { role, outcome: outcome.outcome, ...(toSign ? { toSign } : {}) };
  },
  show: (result, words) =>
    'toSign' in result
      ? requestLines(result.toSign, words)
      : [words.say('result-keys-renewed', { role: result.role })],
});
