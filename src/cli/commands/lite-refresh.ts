import { SatchelError } from '../../base/errors.ts';
import { refreshLite } from '../../repository/lite-refresh.ts';
import { defineCommand } from '../command.ts';
import { openRepository } from '../repository-context.ts';
import { keyDir, repo } from '../shared-options.ts';

/** `satchel lite refresh`: the signed lists for satchel-lite, as every publication writes them. */
export const liteRefreshCommand = defineCommand({
  arguments: {},
  options: { repo, keyDir },
  async run(call) {
    const context = openRepository(call);
    if (context.keys.lite.load().length === 0) {
      context.keys.lite.publish();
      throw new SatchelError('lite-keys-missing', { directory: context.keys.location });
    }
    return refreshLite({ ...context, reporter: call.reporter });
  },
  show: ({ written, current }, words) => [
    words.say('result-lite-refresh', { written: written.length, current }),
  ],
});
