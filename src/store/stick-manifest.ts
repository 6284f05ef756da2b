import { SatchelError } from '../base/errors.ts';
import { Fields } from '../base/fields.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { isStoredName } from './names.ts';

/**
 * What lies on a stick of ours, all below the folder `satchel/`:
 *
 * ```
 * stick.json        the list of files; written last
 * stick.json.sig    who signed it
 * repo/…            files of a repository; those that are too long for FAT are cut into NAME.001, NAME.002, …
 * sites/<site>/…    attachments for one site; sites/_all/… those for every site
 * activities/…      activities for every site
 * reports/…         what devices tell that were updated from the stick
 * home/<site>/…     what sites send home, and what the origin answers
 * ```
 */
export const stickFolder = 'satchel';
export const manifestName = 'stick.json';
export const signatureName = 'stick.json.sig';
/** The folder of the attachments that are for every site; no site has such a name. */
export const everySite = '_all';

/** One file of a stick. */
export type StickFile = {
  /** Below `satchel/`: `repo/packs/<sha256>.pack`. */
  readonly name: string;
  /** Of the whole file, also when it is cut. */
  readonly length: number;
  readonly sha256: Sha256;
};

/** The list of what was put on a stick. */
export type StickManifest = {
  /** SHA-256 of version 1 of the root: whose stick this is. */
  readonly organisation: Sha256;
  /** When it was made, UTC. */
  readonly made: string;
  /** From when on its attachments are not taken any more, UTC. */
  readonly expires: string;
  /** Names of the sites that it was made for; none: for everybody. */
  readonly sites: readonly string[];
  readonly files: readonly StickFile[];
};

/** The newest format of lists that this program reads, and the one that it writes. */
const stickFormat = 1;

/** The longest that the list may be, in bytes: enough for a hundred thousand files. */
export const manifestLimit = 16 * 1024 * 1024;

/**
 * Reads the list of a stick. Every name stays below `satchel/`, once, in one of the folders that a list may speak of.
 * Throws `record-invalid`, `record-newer`.
 */
export function parseManifest(bytes: Uint8Array, what: string): StickManifest {
  if (isTooNested(bytes)) throw new SatchelError('record-invalid', { what, field: 'files' });
  const fields = Fields.parse(bytes, what);
  fields.expectFormat('stick', stickFormat);
  const seen = new Set<string>();
  const files = fields.list('files').map((file) => {
    const name = file.text('name');
    if (!isManifestName(name) || seen.has(name)) throw fields.wrong(`files, ${name.slice(0, 100)}`);
    seen.add(name);
    return { name, length: file.count('length'), sha256: file.sha256('sha256') };
  });
  return {
    organisation: fields.sha256('organisation'),
    made: fields.time('made'),
    expires: fields.time('expires'),
    sites: fields.texts('sites'),
    files,
  };
}

/** A file takes more bytes than this in a list, and one brace. */
const leastEntry = 64;

/** True for what has so many objects and lists that reading it would fill the memory; names have no such letters. */
function isTooNested(bytes: Uint8Array): boolean {
  let left = 16 + bytes.length / leastEntry;
  for (const byte of bytes) if ((byte === 0x7b || byte === 0x5b) && --left < 0) return true;
  return false;
}

/** The bytes of a list, one line a file so that people can read it. */
export function serialiseManifest(manifest: StickManifest): Buffer {
  const { files, ...rest } = manifest;
  const head = JSON.stringify({ satchel: 'stick', format: stickFormat, ...rest }).slice(0, -1);
  const lines = files.map(({ name, length, sha256 }) => JSON.stringify({ name, length, sha256 }));
  return Buffer.from(`${head},"files":[\n${lines.join(',\n')}\n]}\n`);
}

/** True for a name that a list may carry: nothing that leads out of the folders of what a stick brings. */
export function isManifestName(name: string): boolean {
  return isStoredName(name) && /^(?:repo|sites|activities)\/./.test(name);
}
