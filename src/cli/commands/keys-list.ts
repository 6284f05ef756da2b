import { listKeys } from '../../trust/keys.ts';
import { readTrusted } from '../../trust/metadata-store.ts';
import { defineCommand } from '../command.ts';
import { openRepository } from '../repository-context.ts';
import { keyDir, repo } from '../shared-options.ts';

/** `satchel keys list`: the private keys that are here. */
export const keysListCommand = defineCommand({
  arguments: {},
  options: { repo, keyDir },
  async run(call) {
    const { keys, store } = openRepository(call);
    await readTrusted(store, call.signal);
    return { keyDirectory: keys.location, keys: listKeys(keys) };
  },
  show: ({ keyDirectory, keys }, words) =>
    keys.length === 0
      ? [words.say('result-keys-none', { keys: keyDirectory })]
      : keys.map(({ role, custody, keyId, created }) =>
          words.say('result-keys-line', { role, custody, keyId, created }),
        ),
});
