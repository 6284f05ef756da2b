import { ahead } from '../../base/ahead.ts';
import { throwIfCancelled } from '../../base/cancel.ts';
import { SatchelError } from '../../base/errors.ts';
import { recordTime } from '../../base/fields.ts';
import { type LeaseEntry, writeBare, writeCollection } from '../../lease/collection.ts';
import { readDelegations } from '../../lease/delegations.ts';
import type { Laptop, Serial } from '../../lease/laptop.ts';
import type { LaptopTable } from '../../lease/laptop-table.ts';
import { makePermission, type PermissionOrder } from '../../lease/make.ts';
import { endOf } from '../../lease/office-lines.ts';
import type { Delegation } from '../../lease/records.ts';
import { openSigner } from '../../lease/signer.ts';
import { writeStreamAtomic } from '../../os/atomic-file.ts';
import { openDirectoryStore } from '../../store/directory.ts';
import { requireRepository } from '../../trust/metadata-store.ts';
import { defineCommand, type Parser } from '../command.ts';
import { withStolen } from '../lease-place.ts';
import {
  laptopArguments,
  laptopOptions,
  laptopsOf,
  passphraseIn,
  requireToCome,
  signedAtOnce,
  signingOptions,
  until,
} from '../lease-values.ts';
import { flag, required, value } from '../option-kinds.ts';
import { localPath } from '../options.ts';

/** One printable character; a space would end the field, a colon the signed one. */
const disposition: Parser<string> = (given, label) => {
  if (/^[!-9;-~]$/.test(given)) return given;
  throw new SatchelError('disposition-not-understood', { value: given.slice(0, 100), option: label });
};

/** `satchel lease make`: leases, or developer keys, for laptops until a time, into one file. */
export const leaseMakeCommand = defineCommand({
  arguments: { laptops: laptopArguments },
  options: {
    ...laptopOptions,
    ...signingOptions,
    repo: value('option-lease-marks', 'DIR', localPath),
    until: required('option-lease-until', 'TIME|never', until),
    output: required('option-lease-output', 'FILE', localPath),
    through: value('option-lease-through', 'FILE', localPath),
    bound: flag('option-lease-bound'),
    developer: flag('option-lease-developer'),
    disposition: value('option-lease-disposition', 'X', disposition),
    bare: flag('option-lease-bare'),
  },
  async run({ arguments: { laptops: named }, options, reporter, clock, signal }) {
    requireToCome(options.until, clock);
    const listed = laptopsOf(options.laptops, named);
    const stolen = await stolenOf(listed, options.repo);
    const laptops = without(listed, new Set(stolen));
    const total = listed.length - stolen.length;
    const delegations = options.through === undefined ? undefined : await readDelegations(options.through);
    if (delegations !== undefined)
      for (const { serial } of laptops) requireGood(delegations.get(serial), clock());
    const signer = await openSigner(options.key, {
      passphrase: passphraseIn(options.passphraseFile),
      signal,
    });
    try {
      const order: PermissionOrder = {
        type: options.developer ? 'dev01' : 'act01',
        disposition: options.disposition ?? (options.developer ? 'A' : 'K'),
        expiry: options.until,
        isBound: options.bound,
        signer,
        ...(delegations && { delegations }),
      };
      const signed = ahead(laptops, signedAtOnce, async (laptop): Promise<LeaseEntry> => {
        throwIfCancelled(signal);
        return { serial: laptop.serial, lines: await makePermission(laptop, order, { signal }) };
      });
      const entries = counted(signed, (done) =>
        reporter.progress({ step: 'sign', done, total, unit: 'entries' }),
      );
      const bytes = await writeStreamAtomic(
        options.output,
        options.bare ? writeBare(linesOf(entries)) : writeCollection(entries),
      );
      return { output: options.output, laptops: total, stolen, until: options.until, bytes };
    } finally {
      await signer.close();
    }
  },
  show: ({ output, laptops, stolen, until: expiry }, words) => [
    words.say('result-lease-made', { path: output, count: laptops, expiry }),
    ...(stolen.length === 0 ? [] : [words.say('result-lease-made-stolen', { serials: stolen.join(', ') })]),
  ],
});

/** The laptops of a list but those; as often as it is gone through. */
function without(laptops: LaptopTable, left: ReadonlySet<Serial>): Iterable<Laptop> {
  return {
    *[Symbol.iterator]() {
      for (const laptop of laptops) if (!left.has(laptop.serial)) yield laptop;
    },
  };
}

/** Those that a repository calls stolen; of no repository, none. */
async function stolenOf(laptops: LaptopTable, repository: string | undefined): Promise<Serial[]> {
  if (repository === undefined) return [];
  await requireRepository(openDirectoryStore(repository));
  return withStolen(repository, async (isStolen) => {
    const stolen: Serial[] = [];
    for (const { serial } of laptops) if (await isStolen(serial)) stolen.push(serial);
    return stolen;
  });
}

/** Throws `lease-delegation-over` for a delegation that has ended. */
function requireGood(delegation: Delegation | undefined, now: number): void {
  if (delegation === undefined || endOf(delegation) >= now) return;
  const until = recordTime(endOf(delegation));
  throw new SatchelError('lease-delegation-over', { serial: delegation.serial, until });
}

async function* linesOf(entries: AsyncIterable<LeaseEntry>): AsyncGenerator<string> {
  for await (const { lines } of entries) yield lines;
}

async function* counted<Item>(
  items: AsyncIterable<Item>,
  count: (done: number) => void,
): AsyncGenerator<Item> {
  let done = 0;
  for await (const item of items) {
    yield item;
    done += 1;
    count(done);
  }
}
