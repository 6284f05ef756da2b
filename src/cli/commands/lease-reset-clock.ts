import { SatchelError } from '../../base/errors.ts';
import { makeClockReset, mostCount } from '../../lease/clock-reset.ts';
import { readDelegations } from '../../lease/delegations.ts';
import { isLaptopTime, type LaptopTime, laptop, laptopTime, never } from '../../lease/laptop.ts';
import { openSigner } from '../../lease/signer.ts';
import { writeFileAtomic } from '../../os/atomic-file.ts';
import { defineCommand, type Parser } from '../command.ts';
import { passphraseIn, signingOptions, until } from '../lease-values.ts';
import { argument, required, value } from '../option-kinds.ts';
import { localPath } from '../options.ts';

/** What the clock of a laptop says, as its screen shows it; `never` stands for a clock that says nothing. */
const current: Parser<LaptopTime> = (given, label) => (isLaptopTime(given) ? given : until(given, label));

const resetCount: Parser<number> = (given, label) => {
  if (/^\d{1,10}$/.test(given) && Number(given) <= mostCount) return Number(given);
  throw new SatchelError('whole-number-not-understood', {
    value: given.slice(0, 200),
    option: label,
    most: mostCount,
  });
};

/** `satchel lease reset-clock`: a record that sets the clock of a laptop which was turned back. */
export const leaseResetClockCommand = defineCommand({
  arguments: { laptop: argument('argument-laptop', 'SERIAL:UUID', (given) => laptop(given)) },
  options: {
    ...signingOptions,
    current: required('option-clock-current', 'TIME', current),
    count: required('option-clock-count', 'N', resetCount),
    time: value('option-clock-time', 'TIME', until),
    through: value('option-lease-through', 'FILE', localPath),
    output: value('option-lease-output', 'FILE', localPath),
  },
  async run({ arguments: { laptop: of }, options, clock, signal }) {
    const next = options.time ?? laptopTime(clock());
    if (next === never) throw new SatchelError('date-not-understood', { option: '--time', value: 'never' });
    const delegations = options.through === undefined ? undefined : await readDelegations(options.through);
    const delegation = delegations?.get(of.serial);
    if (delegations !== undefined && delegation === undefined)
      throw new SatchelError('lease-delegation-missing', { serial: of.serial });
    const signer = await openSigner(options.key, {
      passphrase: passphraseIn(options.passphraseFile),
      signal,
    });
    try {
      const order = { current: options.current, count: options.count, next, signer, delegation };
      const line = await makeClockReset(of, order, { signal });
      if (options.output !== undefined) writeFileAtomic(options.output, line);
      return { serial: of.serial, time: next, line: line.trimEnd(), output: options.output ?? null };
    } finally {
      await signer.close();
    }
  },
  show: ({ line, output, serial, time }, words) => [
    output === null ? line : words.say('result-clock-reset', { path: output, serial, time }),
  ],
});
