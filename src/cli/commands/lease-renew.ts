import { SatchelError } from '../../base/errors.ts';
import { type LeaseEntry, writeCollection } from '../../lease/collection.ts';
import type { LaptopTable } from '../../lease/laptop-table.ts';
import { goodLeases, renewLeases } from '../../lease/office-renew.ts';
import { openTools } from '../../lease/office-signer.ts';
import { openLeaseStore } from '../../lease/store.ts';
import { writeStreamAtomic } from '../../os/atomic-file.ts';
import { defineCommand } from '../command.ts';
import { requireLeaseDirectory, withStolen } from '../lease-place.ts';
import { laptopArguments, laptopOptions, laptopsOf } from '../lease-values.ts';
import { value } from '../option-kinds.ts';
import { localPath } from '../options.ts';
import { placeClock } from '../place-office.ts';
import { siteRepo } from '../shared-options.ts';

/** `satchel lease renew`: new leases for all laptops for which it is time, as they were settled for the place. */
export const leaseRenewCommand = defineCommand({
  arguments: { laptops: laptopArguments },
  options: { ...laptopOptions, repo: siteRepo, output: value('option-lease-all', 'FILE', localPath) },
  async run({ arguments: { laptops: named }, options: { repo, laptops: file, output }, ...call }) {
    const directory = requireLeaseDirectory(repo);
    const laptops = file === undefined && named.length === 0 ? undefined : laptopsOf(file, named);
    const { reporter, signal } = call;
    const tools = await openTools(directory, signal);
    if (tools === undefined) throw new SatchelError('lease-key-not-set');
    const store = openLeaseStore(directory);
    const clock = placeClock(repo, call.clock);
    try {
      // What is named here is known from now on.
      if (laptops !== undefined) await store.add(entriesOf(laptops));
      return await withStolen(repo, async (stolen) => {
        const onProgress = (done: number) =>
          reporter.progress({ step: 'sign', done, total: laptops?.length ?? done, unit: 'entries' });
        const counts = await renewLeases({ store, tools, laptops, stolen, clock, onProgress, signal });
        if (counts.laptops === 0) throw new SatchelError('lease-laptops-unknown');
        if (output === undefined) return counts;
        const bytes = await writeStreamAtomic(
          output,
          writeCollection(goodLeases({ store, stolen, clock, signal })),
        );
        return { ...counts, output, bytes };
      });
    } finally {
      await store.close();
      await tools.signer.close();
    }
  },
  show: (counts, words) => [
    words.say('result-lease-renewed', counts),
    ...('output' in counts ? [words.say('result-lease-all', { path: counts.output })] : []),
  ],
});

function* entriesOf(laptops: LaptopTable): Generator<LeaseEntry> {
  for (const { serial, uuid } of laptops) yield { serial, lines: `${serial},${uuid}\n` };
}
