import { throwIfCancelled } from '../../base/cancel.ts';
import { readPrivateKey, readPublicKey } from '../../lease/key-files.ts';
import { makeDelegation } from '../../lease/make.ts';
import { writeStreamAtomic } from '../../os/atomic-file.ts';
import { defineCommand } from '../command.ts';
import {
  laptopArguments,
  laptopOptions,
  laptopsOf,
  passphraseIn,
  signingOptions,
  until,
} from '../lease-values.ts';
import { required } from '../option-kinds.ts';
import { localPath } from '../options.ts';

/** `satchel lease delegate`: lets a school's key sign for the laptops of a list, until a time. */
export const leaseDelegateCommand = defineCommand({
  arguments: { laptops: laptopArguments },
  options: {
    ...laptopOptions,
    ...signingOptions,
    to: required('option-lease-to', 'FILE', localPath),
    until: required('option-lease-until', 'TIME|never', until),
    output: required('option-lease-output', 'FILE', localPath),
  },
  async run({ arguments: { laptops: named }, options, reporter, signal }) {
    const laptops = laptopsOf(options.laptops, named);
    const key = readPrivateKey(options.key, passphraseIn(options.passphraseFile));
    const to = readPublicKey(options.to);
    async function* lines(): AsyncGenerator<Uint8Array> {
      for (const [done, laptop] of laptops.entries()) {
        throwIfCancelled(signal);
        yield Buffer.from(makeDelegation(laptop, { key, to, expiry: options.until }), 'latin1');
        reporter.progress({ step: 'sign', done: done + 1, total: laptops.length, unit: 'entries' });
      }
    }
    const bytes = await writeStreamAtomic(options.output, lines());
    return { output: options.output, laptops: laptops.length, until: options.until, bytes };
  },
  show: ({ output, laptops, until: expiry }, words) => [
    words.say('result-lease-delegated', { path: output, count: laptops, expiry }),
  ],
});
