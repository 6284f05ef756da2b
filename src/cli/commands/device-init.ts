import { readFileSync } from 'node:fs';
import { SatchelError } from '../../base/errors.ts';
import { initialise } from '../../device/initialise.ts';
import { withSystemErrors } from '../../os/system-error.ts';
import { defineCommand } from '../command.ts';
import { flag, required, value } from '../option-kinds.ts';
import { sourceUrl, trustAnchor } from '../options.ts';
import { root, timeout } from '../shared-options.ts';

/** `satchel device init`: make a directory a device, and decide whom it trusts. */
export const deviceInitCommand = defineCommand({
  arguments: {},
  options: {
    root,
    source: required('option-source-first', 'URL', sourceUrl, { environment: 'SATCHEL_SOURCE' }),
    timeout,
    trust: value('option-trust', 'FILE|SHA256', trustAnchor),
    trustOnFirstUse: flag('option-trust-on-first-use'),
  },
  async run(call) {
    const { trust, trustOnFirstUse } = call.options;
    if (trust !== undefined && trustOnFirstUse)
      throw new SatchelError('options-conflict', { first: '--trust', second: '--trust-on-first-use' });
    if (trust === undefined && !trustOnFirstUse)
      throw new SatchelError('trust-not-decided', { source: call.options.source });
    const anchor =
      trust?.kind === 'file'
        ? { root: withSystemErrors('read', trust.path, () => readFileSync(trust.path)) }
        : { sha256: trust?.sha256 };
    const pinned = await initialise({ ...call, ...call.options, patience: call.options.timeout, anchor });
    return { ...pinned, trustOnFirstUse };
  },
  show: (result, words) => [
    words.say('result-device-init', {
      root: result.root,
      source: result.source,
      sha256: result.rootSha256,
    }),
    ...(result.trustOnFirstUse ? [words.say('result-device-compare')] : []),
  ],
});
