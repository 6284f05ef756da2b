import { recordTime } from '../../base/fields.ts';
import { readTrusted } from '../../trust/metadata-store.ts';
import { describeRoles } from '../../trust/role-summary.ts';
import { defineCommand } from '../command.ts';
import { openRepository } from '../repository-context.ts';
import { keyDir, repo } from '../shared-options.ts';

/** `satchel keys list`: who may sign what, until when, and which of the private keys are here. */
export const keysListCommand = defineCommand({
  arguments: {},
  options: { repo, keyDir },
  async run(call) {
    const { keys, store } = openRepository(call);
    const roles = describeRoles(await readTrusted(store, call.signal), keys).map((role) => ({
      ...role,
      expires: recordTime(role.expires),
    }));
    const lite = keys.lite.load().map(({ keyId, created }) => ({ keyId, created }));
    return { keyDirectory: keys.location, roles, lite };
  },
  show: ({ roles, lite }, words) => [
    ...roles.flatMap(({ role, custody, version, expires, threshold, keys, unused }) => [
      words.say('result-keys-role', { role, custody, version, expires, threshold, keys: keys.length }),
      ...keys.map(({ keyId, isHere }) =>
        words.say(isHere ? 'result-keys-key-here' : 'result-keys-key-elsewhere', { keyId }),
      ),
      ...unused.map((keyId) => words.say('result-keys-key-unused', { keyId })),
    ]),
    ...lite.map(({ keyId, created }) => words.say('result-keys-lite', { keyId, created })),
  ],
});
