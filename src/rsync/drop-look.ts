import { hash } from 'node:crypto';
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import { type BuildName, isBuildName } from '../base/identifiers.ts';
import { readSideFile } from '../build/set-file.ts';
import {
  type ArchiveSource,
  nameFileLimit,
  type PackedSet,
  packedSetOf,
  publicNameIn,
} from '../build/source.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { type DropTrouble, troubleOf } from './drop-record.ts';

/** The files of one build as they lie in the drop directory; `PREFIX.name` is one of them. */
export type SeenSet = {
  /** What the names of the files have in common. */
  readonly set: string;
  /** The public name; absent while the `.name` file gives none that is allowed. */
  readonly name?: BuildName;
  /** Changes whenever a file of the set comes, goes, or gets another size or time. */
  readonly files: string;
  /** The archive with its checksum and manifest; absent while not all four files are there. */
  readonly source?: ArchiveSource;
  /** Why the set cannot be published as it lies. */
  readonly trouble?: DropTrouble;
};

/** One look at a drop directory. */
export type DropLook = {
  /** In the order of their prefixes. */
  readonly sets: readonly SeenSet[];
  /** True when there is nothing but folders: `lost+found` is on every new disk. */
  readonly isEmpty: boolean;
  /** Tells the directory from another one that is mounted over it or was made in its place. */
  readonly inode: string;
};

const ending = '.name';

/**
 * Finds every set whose `.name` file is there. Hidden files are not looked at: they are copies under way. Throws
 * `drop-directory-unreadable`.
 */
export function lookAtDrop(directory: string): DropLook {
  const { names, inode, isEmpty } = listed(directory);
  const there = new Set(names);
  const isHere = (name: string) => {
    const found = there.has(name) ? statOf(join(directory, name)) : undefined;
    // A link is no file, but somebody meant it as one and has to be told.
    return found !== undefined && (found.isFile() || found.isSymbolicLink());
  };
  const prefixes = names
    .filter((name) => name.endsWith(ending) && !name.startsWith('.') && isHere(name))
    .map((name) => name.slice(0, -ending.length))
    .sort();
  return { sets: prefixes.map((set) => lookAtSet(directory, set, isHere)), isEmpty, inode };
}

function listed(directory: string): Pick<DropLook, 'isEmpty' | 'inode'> & { names: readonly string[] } {
  try {
    const { ino } = statSync(directory, { bigint: true });
    const entries = readdirSync(directory, { withFileTypes: true });
    const isEmpty = entries.every((entry) => entry.isDirectory());
    return { names: entries.map(({ name }) => name), isEmpty, inode: String(ino) };
  } catch (error) {
    throw new SatchelError('drop-directory-unreadable', { directory }, { cause: error });
  }
}

function lookAtSet(directory: string, set: string, isHere: (name: string) => boolean): SeenSet {
  const packed = packedSetOf(set, isHere);
  const { archive, md5, contents } = packed;
  // A disk that lost its power leaves empty files behind.
  const isManifest = contents !== undefined && statOf(join(directory, contents))?.size !== 0n;
  const files = fingerprint(directory, [packed.name, archive, md5, contents]);
  const link = linkAmong(directory, packed);
  if (link !== undefined)
    return { set, files, trouble: { code: 'drop-file-link', parameters: { file: link } } };
  try {
    const nameFile = readSideFile(join(directory, packed.name), nameFileLimit, { noLinks: true });
    const name = publicNameIn(nameFile);
    if (name === undefined)
      return { set, files, trouble: { code: 'drop-name-empty', parameters: { file: packed.name } } };
    // What it says instead is not repeated: everybody can read the page that tells of it.
    if (!isBuildName(name))
      return { set, files, trouble: { code: 'drop-name-not-allowed', parameters: { file: packed.name } } };
    if (archive === undefined || md5 === undefined || !isManifest) {
      const missing =
        archive === undefined
          ? `${set}-tree.tar.*`
          : md5 === undefined
            ? `${archive}.md5`
            : (contents ?? `${set}.contents`);
      return { set, name, files, trouble: { code: 'drop-set-incomplete', parameters: { set, missing } } };
    }
    const source: ArchiveSource = {
      kind: 'archive',
      path: join(directory, archive),
      md5Path: join(directory, md5),
      contentsPath: join(directory, contents),
      publishedName: name,
      derivedName: set,
      noLinks: true,
    };
    return { set, name, files, source };
  } catch (error) {
    if (!(error instanceof SatchelError)) throw error;
    return { set, files, trouble: troubleOf(error) };
  }
}

/** The first file of a set that is a symlink. */
function linkAmong(directory: string, { name, archive, md5, contents }: PackedSet): string | undefined {
  return [name, archive, md5, contents].find(
    (file) => file !== undefined && statOf(join(directory, file))?.isSymbolicLink(),
  );
}

function fingerprint(directory: string, names: readonly (string | undefined)[]): string {
  const lines = names.map((name) => {
    const found = name === undefined ? undefined : statOf(join(directory, name));
    return found === undefined ? '-' : JSON.stringify([name, String(found.size), String(found.mtimeNs)]);
  });
  return hash('sha256', lines.join('\n'));
}

function statOf(path: string) {
  return withSystemErrors('lstat', path, () => lstatSync(path, { bigint: true, throwIfNoEntry: false }));
}
