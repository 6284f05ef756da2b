import { createHash, type KeyObject } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ahead } from '../base/ahead.ts';
import { throwIfCancelled } from '../base/cancel.ts';
import type { Clock } from '../base/clock.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { recordTime } from '../base/fields.ts';
import { serialiseKeyLine } from '../formats/signature-line.ts';
import { writeFileAtomic, writeStreamAtomic } from '../os/atomic-file.ts';
import { readRecordIfGood } from '../os/record-file.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { writeBare } from './collection.ts';
import { readPublicKey } from './key-files.ts';
import { isLaptopTime, type LaptopTime, timeOf } from './laptop.ts';
import { createLaptopTable, type LaptopTable, type LaptopTableBuilder, tableOf } from './laptop-table.ts';
import { fieldsOf, linesOf, mark, readLaptop, readLaptopTable } from './laptops.ts';
import { makeDelegation } from './make.ts';
import type { Signer } from './signer-type.ts';

/** A school, its laptops in order, and the files that belong to it. */
export type School = {
  readonly name: string;
  readonly laptops: LaptopTable;
  /** The public key of its server: `<school>.public`. */
  readonly key: string;
  /** Where its delegations go. */
  readonly output: string;
};

/** The list of a school's laptops in its folder, and its delegations, as the old tools call them. */
const listName = 'xo.csv';
const outputName = 'd-lease.sig';

/**
 * The schools of a folder as the old tools have it (facts, section 7.4): each has a folder with `xo.csv`, and its key lies
 * beside or in that folder or among `keys`. Throws `schools-none`, `laptops-line-wrong`, and what reading throws.
 */
export function schoolsIn(directory: string, keys: string = directory): School[] {
  const names = withSystemErrors('readdir', directory, () => readdirSync(directory)).sort();
  const schools = names.filter(isSchoolName).flatMap((name): School[] => {
    const list = join(directory, name, listName);
    const own = join(directory, name, `${name}.public`);
    const key = existsSync(own) ? own : join(keys, `${name}.public`);
    const hasList = existsSync(list);
    // A folder with a key and without a list is a school too, and said to lack it.
    if (!hasList && !(existsSync(key) && statSync(join(directory, name)).isDirectory())) return [];
    const laptops = hasList ? readLaptopTable(list) : tableOf([]);
    return [{ name, laptops, key, output: join(directory, name, outputName) }];
  });
  if (schools.length === 0) throw new SatchelError('schools-none', { path: directory });
  return schools;
}

/**
 * The schools of one list, `SCHOOL,SERIAL,UUID` a line. The keys lie in one folder, and the delegations go into a folder
 * for each school. Throws `schools-none`, `school-name-wrong`, `school-line-wrong`, and what reading throws.
 */
export function schoolsOf(file: string, folders: SchoolFolders): School[] {
  try {
    return readSchools(file, folders);
  } catch (error) {
    if (!isSatchelError(error, 'laptops-line-wrong')) throw error;
    // Lines of this list have another form than those of a list of laptops.
    throw new SatchelError('school-line-wrong', error.parameters, { cause: error });
  }
}

type SchoolFolders = { readonly keys: string; readonly output: string };

function readSchools(file: string, { keys, output }: SchoolFolders): School[] {
  const lists = new Map<string, LaptopTableBuilder>();
  for (const [line, text] of linesOf(file)) {
    const place = { file, line };
    const [name = '', serial = '', uuid = '', ...rest] = fieldsOf(line === 1 ? text.replace(mark, '') : text);
    const isHeading = line === 1 && /^(?:sn|serial)/i.test(serial) && !/\d/.test(serial);
    if (text.trim() === '' || isHeading) continue;
    if (!isSchoolName(name))
      throw new SatchelError('school-name-wrong', { ...place, name: name.slice(0, 100) });
    if (rest.some((field) => field !== '')) throw new SatchelError('laptops-line-wrong', place);
    const laptops = lists.get(name) ?? createLaptopTable();
    laptops.add(readLaptop(serial, uuid, place), line);
    lists.set(name, laptops);
  }
  if (lists.size === 0) throw new SatchelError('schools-none', { path: file });
  const contradiction = (line: number) => new SatchelError('laptops-line-wrong', { file, line });
  return [...lists]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, laptops]) => ({
      name,
      laptops: laptops.table(contradiction),
      key: join(keys, `${name}.public`),
      output: join(output, name, outputName),
    }));
}

/** Names of schools are names of folders too. */
function isSchoolName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name);
}

export type DelegateSchoolOptions = {
  readonly signer: Signer;
  readonly expiry: LaptopTime;
  readonly clock: Clock;
  /** Delegations that are younger than so many days stay, when list and keys are the same; 0: none does. */
  readonly younger: number;
  /** How many signatures are asked for at once. */
  readonly atOnce: number;
  readonly onSigned?: () => void;
  readonly signal?: AbortSignal | undefined;
};

const day = 86_400_000;

/**
 * Lets the server of a school sign for its laptops; false when what is there is young enough. A note beside the
 * delegations, `d-lease.sig.json`, says of which list they are. Throws `lease-key-unreadable`, and what reading, signing
 * and writing throw; `school-list-empty`: an empty list would take from a school what it has.
 */
export async function delegateSchool(school: School, options: DelegateSchoolOptions): Promise<boolean> {
  const { signer, expiry, clock, younger, atOnce, onSigned = () => {}, signal } = options;
  if (school.laptops.length === 0)
    throw new SatchelError('school-list-empty', { path: join(dirname(school.output), listName) });
  const to = readPublicKey(school.key);
  const list = fingerprint(school, to, signer);
  const note = `${school.output}.json`;
  const now = clock();
  const made = readRecordIfGood(note, (fields) => ({
    list: fields.text('list'),
    at: Date.parse(fields.time('made')),
    until: fields.text('until'),
  }));
  const isThere = lstatSync(school.output, { throwIfNoEntry: false })?.isFile() === true;
  // One that was made in the future was made by a clock that was wrong.
  const isYoung = made?.list === list && made.at <= now && now - made.at < younger * day;
  // Nor is it left to end before it would be made again.
  const lasts = made !== undefined && isLaptopTime(made.until) && timeOf(made.until) - now > younger * day;
  if (isThere && isYoung && lasts) return false;
  const folder = dirname(school.output);
  withSystemErrors('mkdir', folder, () => mkdirSync(folder, { recursive: true }));
  const signed = ahead(school.laptops, atOnce, async (laptop) => {
    throwIfCancelled(signal);
    return makeDelegation(laptop, { signer, to, expiry }, { signal });
  });
  async function* lines(): AsyncGenerator<string> {
    for await (const line of signed) {
      yield line;
      onSigned();
    }
  }
  await writeStreamAtomic(school.output, writeBare(lines()));
  const record = { satchel: 'delegated', format: 1, list, made: recordTime(now), until: expiry };
  writeFileAtomic(note, `${JSON.stringify(record)}\n`);
  return true;
}

/** What delegations depend on, beside the time. */
function fingerprint({ laptops }: School, to: KeyObject, { publicKey }: Signer): string {
  const hash = createHash('sha256').update(`${serialiseKeyLine(publicKey)}\n${serialiseKeyLine(to)}\n`);
  for (const { serial, uuid } of laptops) hash.update(`${serial},${uuid}\n`);
  return hash.digest('hex');
}
