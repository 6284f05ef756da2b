import { resolve } from 'node:path';
import { Fields } from '../base/fields.ts';
import { type StreamName, streamName } from '../base/identifiers.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readFileIfThere } from '../os/if-there.ts';
import {
  defaultOatsNames,
  isOatsFieldKind,
  isOatsName,
  type OatsNames,
  oatsFieldKinds,
} from './oats-names.ts';

/** How a place answers laptops; `satchel oats set` writes it. */
export type OatsSettings = {
  /** Who signs: see `openSigner`. */
  readonly key: string;
  /** A file whose first line opens the key. */
  readonly passphraseFile?: string;
  /** A file of delegations to the key; absent: laptops trust the key itself, or, at a site, what it holds of delegations. */
  readonly through?: string;
  /** The file `updates.cfg`; absent: the streams of the repository. */
  readonly updates?: string;
  /** Bits of work that a question must bring; 0: none. */
  readonly hashcash: number;
  /** The stream of laptops that name none. */
  readonly stream: StreamName;
  /** Where old clients get a build; `{name}` stands for it. */
  readonly updatePath: string;
  readonly names: OatsNames;
};

/** What holds where nothing else was said. */
export const defaultOatsSettings = {
  hashcash: 0,
  stream: streamName('stable'),
  updatePath: 'rsync://schoolserver/build-{name}',
  names: defaultOatsNames,
} as const satisfies Partial<OatsSettings>;

const format = 1;
/** More than this takes a laptop of the time a quarter of an hour. */
export const mostHashcashWanted = 20;

/** The file of the settings of a repository. It lies beside it: everything inside may be served by any web server. */
export function oatsSettingsFile(repository: string): string {
  return `${resolve(repository)}.oats.json`;
}

/** The settings; undefined where nobody set it up. Throws `record-invalid`, `record-newer`, `name-not-allowed`. */
export function readOatsSettings(repository: string): OatsSettings | undefined {
  const path = oatsSettingsFile(repository);
  const bytes = readFileIfThere(path);
  if (bytes === undefined) return undefined;
  const fields = Fields.parse(bytes, path);
  fields.expectFormat('oats-settings', format);
  const optional = (name: 'passphraseFile' | 'through' | 'updates') =>
    fields.has(name) ? { [name]: fields.text(name) } : {};
  const { hashcash, stream, updatePath } = defaultOatsSettings;
  return {
    key: fields.text('key'),
    ...optional('passphraseFile'),
    ...optional('through'),
    ...optional('updates'),
    hashcash: fields.has('hashcash') ? fields.count('hashcash', mostHashcashWanted) : hashcash,
    stream: fields.has('stream') ? streamName(fields.text('stream')) : stream,
    updatePath: fields.has('updatePath') ? fields.text('updatePath') : updatePath,
    names: fields.has('names') ? readOatsNames(fields.record('names')) : defaultOatsNames,
  };
}

/** Replaces the settings atomically; only their owner may read them. */
export function writeOatsSettings(repository: string, settings: OatsSettings): void {
  const record = { satchel: 'oats-settings', format, ...settings };
  writeFileAtomic(oatsSettingsFile(repository), `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 });
}

/** Names of fields as settings hold them. Throws `record-invalid`. */
export function readOatsNames(fields: Fields): OatsNames {
  const names: Record<string, readonly string[]> = { ...defaultOatsNames };
  for (const kind of oatsFieldKinds) {
    if (!fields.has(kind)) continue;
    const given = fields.texts(kind);
    if (given.length === 0 || !given.every(isOatsName)) throw fields.wrong(kind);
    names[kind] = given;
  }
  return names as OatsNames;
}

/** The names with others for some kinds, of which none may be two kinds at one place; undefined when one is. */
export function withOatsNames(
  names: OatsNames,
  given: readonly { readonly kind: string; readonly name: string }[],
): OatsNames | undefined {
  const changed: Record<string, readonly string[]> = { ...names };
  const seen = new Set<string>();
  for (const { kind, name } of given) {
    if (!isOatsFieldKind(kind) || !isOatsName(name)) return undefined;
    changed[kind] = [...(seen.has(kind) ? (changed[kind] ?? []) : []), name];
    seen.add(kind);
  }
  const isClear = (kinds: readonly string[]) => {
    const all = kinds.flatMap((kind) => changed[kind] ?? []);
    return new Set(all).size === all.length;
  };
  const outer = oatsFieldKinds.slice(0, 3);
  return isClear(outer) && isClear(oatsFieldKinds.slice(3)) ? (changed as OatsNames) : undefined;
}
