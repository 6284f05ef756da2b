import { SatchelError } from '../../base/errors.ts';
import { recordTime } from '../../base/fields.ts';
import { readLeases } from '../../lease/collection.ts';
import { readPublicKey } from '../../lease/key-files.ts';
import { verifyLeases } from '../../lease/verify.ts';
import { systemError } from '../../os/system-error.ts';
import { defineCommand } from '../command.ts';
import { laptopArguments, laptopOptions, laptopsOf, piecesOf, trustedKeys } from '../lease-values.ts';
import { required, value } from '../option-kinds.ts';
import { localPath } from '../options.ts';

/** `satchel lease verify`: whether the laptops of a list will take what a file has for them. */
export const leaseVerifyCommand = defineCommand({
  arguments: { laptops: laptopArguments },
  options: {
    ...laptopOptions,
    file: required('option-lease-file', 'FILE', localPath),
    trust: trustedKeys,
    to: value('option-lease-verify-to', 'FILE', localPath),
  },
  async run({ arguments: { laptops: named }, options, clock }) {
    if (options.trust.length === 0) throw new SatchelError('option-needed', { option: '--trust FILE' });
    const keys = options.trust.map(readPublicKey);
    const to = options.to === undefined ? undefined : readPublicKey(options.to);
    const laptops = laptopsOf(options.laptops, named);
    try {
      const found = await verifyLeases(readLeases(piecesOf(options.file)), {
        laptops,
        keys,
        to,
        now: clock(),
      });
      const { firstBad, until, ...counts } = found;
      return {
        ...counts,
        until: Number.isFinite(until) ? recordTime(until) : null,
        firstBad: firstBad?.message ?? null,
      };
    } catch (error) {
      throw systemError(error, 'read', options.file);
    }
  },
  show: ({ good, missing, unknown, bad, until, firstBad }, words) => [
    words.say('result-lease-verified', {
      good,
      missing: missing.length,
      unknown,
      bad,
      until: good === 0 ? '–' : (until ?? words.say('result-lease-never')),
    }),
    ...(firstBad === null ? [] : [firstBad]),
  ],
  exitCode: ({ missing, bad }) => (missing.length + bad === 0 ? 0 : 1),
});
