import { configureBoot, requireBootChange } from '../../device/boot-configure.ts';
import { initialise } from '../../device/initialise.ts';
import { bootChangeOf, bootLines, bootOptions, bootResult } from '../boot-options.ts';
import { defineCommand } from '../command.ts';
import { addressList, deviceSource } from '../device-source.ts';
import { required } from '../option-kinds.ts';
import { root, timeout } from '../shared-options.ts';
import { anchorOf, trustOptions } from '../trust-options.ts';

/** `satchel device init`: make a directory a device, and decide whom it trusts. */
export const deviceInitCommand = defineCommand({
  arguments: {},
  options: {
    root,
    source: required('option-source-first', 'URL|auto', deviceSource, { environment: 'SATCHEL_SOURCE' }),
    address: addressList('option-addresses'),
    timeout,
    ...trustOptions,
    ...bootOptions,
  },
  async run(call) {
    const { source, trustOnFirstUse } = call.options;
    const anchor = anchorOf(call.options, source);
    const change = bootChangeOf(call.options);
    requireBootChange(call.options.root, change);
    const pinned = await initialise({
      ...call,
      ...call.options,
      addresses: call.options.address,
      patience: call.options.timeout,
      anchor,
    });
    const boot = configureBoot(call.options.root, change);
    return { ...pinned, trustOnFirstUse, boot: bootResult(boot) };
  },
  show: (result, words) => [
    words.say('result-device-init', {
      root: result.root,
      source: result.source,
      sha256: result.rootSha256,
    }),
    ...bootLines(result.boot, words),
    ...(result.trustOnFirstUse ? [words.say('result-device-compare')] : []),
  ],
});
