import { type MessageCode, type MessageParameters, messages } from '../base/catalogue.ts';
import type { SatchelError } from '../base/errors.ts';
import { Fields } from '../base/fields.ts';
import type { BuildName } from '../base/identifiers.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readFileIfThere } from '../os/if-there.ts';
import type { RsyncLayout } from './layout.ts';

/** A sentence about a set of files or a build: its code and what is filled in. */
export type DropTrouble = { readonly code: MessageCode; readonly parameters: MessageParameters };

/** What became of one set of files. */
export type SetOutcome = {
  readonly set: string;
  readonly name?: BuildName;
  /** How the files looked then, see `SeenSet.files`. */
  readonly files: string;
  /** `waiting` ends by itself or by copying the rest; `failed` needs somebody. */
  readonly state: 'published' | 'waiting' | 'failed';
  /** Why it is not published; absent when it is. */
  readonly trouble?: DropTrouble;
};

/** A build that came from the drop directory, and goes when its `.name` file goes. */
export type DroppedBuild = {
  readonly name: BuildName;
  readonly set: string;
  /** Why it could not be withdrawn. */
  readonly trouble?: DropTrouble;
};

/** `packed.json`: what came from the drop directory, and what became of it. */
export type DropRecord = {
  /** See `DropLook.inode`; empty before the first look. */
  readonly inode: string;
  readonly sets: ReadonlyMap<string, SetOutcome>;
  readonly builds: ReadonlyMap<BuildName, DroppedBuild>;
  /** Why the last refresh could do nothing at all. */
  readonly trouble?: DropTrouble;
};

const kind = 'rsync-drop';
const format = 1;
const states = ['published', 'waiting', 'failed'] as const;

/** Reads the record; an absent one is empty. Throws `record-invalid`, `record-newer`. */
export function readDropRecord({ packedRecord: path }: RsyncLayout): DropRecord {
  const bytes = readFileIfThere(path);
  if (bytes === undefined) return { inode: '', sets: new Map(), builds: new Map() };
  const fields = Fields.parse(bytes, path);
  fields.expectFormat(kind, format);
  const sets = fields.list('sets').map(setIn);
  const builds = fields.list('builds').map((build) => ({
    name: build.buildName('name'),
    set: build.text('set'),
    ...troubleIn(build),
  }));
  return {
    inode: fields.text('inode'),
    sets: new Map(sets.map((outcome) => [outcome.set, outcome])),
    builds: new Map(builds.map((build) => [build.name, build])),
    ...troubleIn(fields),
  };
}

/** Replaces the record atomically. */
export function writeDropRecord({ packedRecord: path }: RsyncLayout, record: DropRecord): void {
  const { sets, builds } = record;
  const lists = { sets: [...sets.values()], builds: [...builds.values()] };
  const written = { satchel: kind, format, ...record, ...lists };
  writeFileAtomic(path, `${JSON.stringify(written, undefined, 2)}\n`);
}

/** An error as a sentence that can be kept. */
export function troubleOf({ code, parameters }: SatchelError): DropTrouble {
  return { code, parameters };
}

function setIn(fields: Fields): SetOutcome {
  const state = states.find((known) => known === fields.text('state'));
  if (state === undefined) throw fields.wrong('state');
  return {
    set: fields.text('set'),
    ...(fields.has('name') ? { name: fields.buildName('name') } : {}),
    files: fields.text('files'),
    state,
    ...troubleIn(fields),
  };
}

function troubleIn(fields: Fields): { readonly trouble?: DropTrouble } {
  if (!fields.has('trouble')) return {};
  const trouble = fields.record('trouble');
  const code = trouble.text('code');
  // Another version of the program may have written it.
  if (!Object.hasOwn(messages, code))
    return { trouble: { code: 'drop-trouble-unknown', parameters: { code } } };
  const parameters: unknown = JSON.parse(Buffer.from(trouble.record('parameters').bytes()).toString('utf8'));
  const values = Object.entries(parameters as Record<string, unknown>);
  if (!values.every(([, value]) => typeof value === 'string' || typeof value === 'number'))
    throw trouble.wrong('parameters');
  return { trouble: { code: code as MessageCode, parameters: parameters as MessageParameters } };
}
