import { existsSync } from 'node:fs';
import { ahead } from '../../base/ahead.ts';
import { throwIfCancelled } from '../../base/cancel.ts';
import type { Clock } from '../../base/clock.ts';
import { isSatchelError, SatchelError } from '../../base/errors.ts';
import type { Reporter } from '../../base/progress.ts';
import { writeBare } from '../../lease/collection.ts';
import { readPublicKey } from '../../lease/key-files.ts';
import { type Laptop, type LaptopTime, laptopTime } from '../../lease/laptop.ts';
import type { LaptopTable } from '../../lease/laptop-table.ts';
import { makeDelegation } from '../../lease/make.ts';
import { delegateSchool, type School, schoolsIn, schoolsOf } from '../../lease/schools.ts';
import { openSigner } from '../../lease/signer.ts';
import type { Signer } from '../../lease/signer-type.ts';
import { writeStreamAtomic } from '../../os/atomic-file.ts';
import { defineCommand } from '../command.ts';
import {
  laptopArguments,
  laptopOptions,
  laptopsOf,
  leaseDays,
  passphraseIn,
  requireToCome,
  signedAtOnce,
  signingOptions,
  until,
} from '../lease-values.ts';
import { value } from '../option-kinds.ts';
import { count, localPath } from '../options.ts';

/** Days that a delegation lasts when nobody says otherwise: as in the examples of the old tools. */
const defaultDays = 30;
const day = 86_400_000;

/** What was done for one school. */
type SchoolDone = { readonly school: string; readonly laptops: number; readonly output: string };

type Result =
  | { readonly output: string; readonly laptops: number; readonly until: LaptopTime; readonly bytes: number }
  | {
      readonly until: LaptopTime;
      readonly made: readonly SchoolDone[];
      /** Those whose delegations are young enough. */
      readonly kept: readonly SchoolDone[];
      readonly failed: readonly { readonly school: string; readonly reason: string }[];
    };

/** `satchel lease delegate`: lets a school's key sign for its laptops until a time; one school, or all of a list. */
export const leaseDelegateCommand = defineCommand({
  arguments: { laptops: laptopArguments },
  options: {
    ...laptopOptions,
    ...signingOptions,
    to: value('option-lease-to', 'FILE', localPath),
    until: value('option-lease-until', 'TIME|never', until),
    days: value('option-delegate-days', 'N', leaseDays),
    output: value('option-lease-output', 'PATH', localPath),
    schools: value('option-delegate-schools', 'DIR', localPath),
    csv: value('option-delegate-csv', 'FILE', localPath),
    keys: value('option-delegate-keys', 'DIR', localPath),
    younger: value('option-delegate-younger', 'DAYS', count),
  },
  async run({ arguments: { laptops: named }, options, reporter, clock, signal }): Promise<Result> {
    const lists = [options.schools, options.csv, options.laptops ?? named[0]];
    if (lists.filter((list) => list !== undefined).length > 1)
      throw new SatchelError('delegate-one-list', {
        options: '--schools DIR, --csv FILE, --laptops FILE, SERIAL:UUID',
      });
    const expiry = options.until ?? laptopTime(clock() + (options.days ?? defaultDays) * day);
    requireToCome(expiry, clock);
    const schools = schoolsFrom(options);
    const single = schools === undefined ? oneList(options, named) : undefined;
    const passphrase = passphraseIn(options.passphraseFile);
    const signer = await openSigner(options.key, { passphrase, signal });
    const context = { signer, expiry, reporter, clock, signal };
    try {
      return single === undefined
        ? await delegateAll(schools ?? [], { ...context, younger: options.younger ?? 0 })
        : await delegateOne(single, context);
    } finally {
      await signer.close();
    }
  },
  show: (result, words) => {
    if ('laptops' in result) {
      const { output: path, laptops, until: end } = result;
      return [words.say('result-lease-delegated', { path, count: laptops, expiry: end })];
    }
    const { made, kept, failed, until: expiry } = result;
    return [
      ...made.map(({ output, laptops }) =>
        words.say('result-lease-delegated', { path: output, count: laptops, expiry }),
      ),
      ...(kept.length === 0 ? [] : [words.say('result-delegate-kept', { count: kept.length })]),
      ...failed.map((failure) => words.say('result-delegate-failed', failure)),
    ];
  },
  exitCode: (result) => ('failed' in result && result.failed.length > 0 ? 1 : 0),
});

type Context = {
  readonly signer: Signer;
  readonly expiry: LaptopTime;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

type Words = {
  readonly schools?: string | undefined;
  readonly csv?: string | undefined;
  readonly keys?: string | undefined;
  readonly output?: string | undefined;
  readonly laptops?: string | undefined;
  readonly to?: string | undefined;
};

/** The schools that a folder or a list names; undefined when the call is about one list of laptops. */
function schoolsFrom({ schools, csv, keys, output }: Words): readonly School[] | undefined {
  if (schools !== undefined) return schoolsIn(schools, keys);
  if (csv === undefined) return undefined;
  return schoolsOf(csv, { keys: needed(keys, '--keys DIR'), output: needed(output, '--output DIR') });
}

type OneList = { readonly laptops: LaptopTable; readonly to: string; readonly output: string };

function oneList({ laptops: file, to, output }: Words, named: readonly Laptop[]): OneList {
  const laptops = laptopsOf(file, named);
  return { laptops, to: needed(to, '--to FILE'), output: needed(output, '--output FILE') };
}

function needed(given: string | undefined, option: string): string {
  if (given === undefined) throw new SatchelError('option-needed', { option });
  return given;
}

async function delegateOne(
  { laptops, to: file, output }: OneList,
  { signer, expiry, reporter, signal }: Context,
): Promise<Result> {
  const to = readPublicKey(file);
  const signed = ahead(laptops, signedAtOnce, async (laptop) => {
    throwIfCancelled(signal);
    return makeDelegation(laptop, { signer, to, expiry }, { signal });
  });
  async function* lines(): AsyncGenerator<string> {
    let done = 0;
    for await (const line of signed) {
      yield line;
      done += 1;
      reporter.progress({ step: 'sign', done, total: laptops.length, unit: 'entries' });
    }
  }
  const bytes = await writeStreamAtomic(output, writeBare(lines()));
  return { output, laptops: laptops.length, until: expiry, bytes };
}

/** What keeps one school from its delegations, and no other from its own. */
const ofOneSchool = ['school-key-absent', 'school-list-empty', 'lease-key-unreadable'] as const;

/** One school without a key keeps no other from its delegations. */
async function delegateAll(
  schools: readonly School[],
  { signer, expiry, reporter, clock, signal, younger }: Context & { readonly younger: number },
): Promise<Result> {
  const [made, kept]: [SchoolDone[], SchoolDone[]] = [[], []];
  const failed: { school: string; reason: string }[] = [];
  const total = schools.reduce((sum, { laptops }) => sum + laptops.length, 0);
  let done = 0;
  const onSigned = () => {
    done += 1;
    reporter.progress({ step: 'sign', done, total, unit: 'entries' });
  };
  for (const school of schools) {
    const about = { school: school.name, laptops: school.laptops.length, output: school.output };
    try {
      if (!existsSync(school.key)) throw new SatchelError('school-key-absent', { path: school.key });
      const options = { signer, expiry, clock, younger, atOnce: signedAtOnce, onSigned, signal };
      ((await delegateSchool(school, options)) ? made : kept).push(about);
    } catch (error) {
      if (!isSatchelError(error, ...ofOneSchool)) throw error;
      failed.push({ school: school.name, reason: error.message });
    }
  }
  return { until: expiry, made, kept, failed };
}
