import { lstatSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import { type BuildName, buildName } from '../base/identifiers.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { readSideFile, type SetFileOptions } from './set-file.ts';

/** A directory to publish. */
export type DirectorySource = {
  readonly kind: 'directory';
  readonly path: string;
  /** The name of the directory itself. */
  readonly derivedName: string;
};

/** A tar to publish, compressed or not, with the files beside it that belong to it. */
export type ArchiveSource = SetFileOptions & {
  readonly kind: 'archive';
  readonly path: string;
  /** Holds the MD5 of the archive as `md5sum` writes it. */
  readonly md5Path?: string;
  /** Holds the manifest for old clients. */
  readonly contentsPath?: string;
  /** First line of `P.name` without trailing white space: the public name. */
  readonly publishedName?: string;
  /** What is left of the file name without its endings; absent for a pipe. */
  readonly derivedName?: string;
};

/** A tar on standard input. */
export type StreamSource = { readonly kind: 'stream' };

/** What SOURCE of `satchel publish` turned out to be. */
export type Source = DirectorySource | ArchiveSource | StreamSource;

/** How the archive and the manifest of one build have been named over the years. */
type Spelling = { readonly archive: RegExp; readonly contents: readonly string[] };

const compressions = ['bz2', 'lzma', 'xz', 'gz', 'zst'] as const;
const anyCompression = compressions.join('|');

const spellings: readonly Spelling[] = [
  // XS-rsync; the last is older still.
  { archive: new RegExp(`^(.+)-tree\\.tar(?:\\.(?:${anyCompression}))?$`, 's'), contents: ['.contents'] },
  { archive: /^(.+)-tree\.bz2$/s, contents: ['.contents'] },
  // What olpc-os-builder leaves behind.
  {
    archive: new RegExp(`^(.+)\\.tree\\.tar(?:\\.(?:${anyCompression}))?$`, 's'),
    contents: ['.toc', '.contents'],
  },
];

const endings = [...compressions.map((compression) => `.tar.${compression}`), '.tar'];

/** In the order in which a prefix is completed: the old publisher looked for bz2, lzma and xz in this order. */
const completions: readonly string[] = [
  ...endings.map((ending) => `-tree${ending}`),
  ...endings.map((ending) => `.tree${ending}`),
  '-tree.bz2',
];

const plainEnding = new RegExp(`\\.(?:tar(?:\\.(?:${anyCompression}))?|tgz|tbz2?|txz|tlz|tzst)$`);

/** Largest `.name` file that is looked at. */
export const nameFileLimit = 64 * 1024;

/**
 * Finds out what SOURCE is: `-` is a tar on standard input, a directory is itself, a file is a tar (of a set when
 * it is named so), and a name that does not exist is the common prefix of a set. Reads nothing but `P.name`.
 * Throws `source-not-found`, `source-not-readable`.
 */
export function openSource(given: string): Source {
  if (given === '-') return { kind: 'stream' };
  const found = look(given);
  if (found === undefined) return openPrefix(given);
  if (found.isDirectory()) return { kind: 'directory', path: given, derivedName: basename(resolve(given)) };
  if (found.isFile()) return openArchive(given, {});
  // A pipe has a number for a name, and nothing beside it.
  if (found.isFIFO() || found.isCharacterDevice()) return { kind: 'archive', path: given };
  throw new SatchelError('source-not-readable', { path: given });
}

/**
 * An archive in a directory that others may write, with the files of its set; none of them is reached through a
 * symlink, now or when it is read. Throws `source-is-link`, `source-not-regular`.
 */
export function openUntrustedArchive(path: string): ArchiveSource {
  return openArchive(path, { noLinks: true });
}

/** The names of the files that belong to one build in a drop directory; absent is what is not there. */
export type PackedSet = {
  /** What the names have in common. */
  readonly prefix: string;
  /** Its first line is the build's public name. */
  readonly name: string;
  readonly archive?: string;
  readonly md5?: string;
  readonly contents?: string;
};

/** The names that the archive of a set may have, in the order in which they are looked for. */
export function archiveNames(prefix: string): string[] {
  return completions.map((ending) => `${prefix}${ending}`);
}

/** The names that the manifest of a set may have. */
export function contentsNames(prefix: string): string[] {
  return ['.contents', '.toc'].map((ending) => `${prefix}${ending}`);
}

/** The set that `PREFIX.name` belongs to, in a place of which only names are known. */
export function packedSetOf(prefix: string, isThere: (name: string) => boolean): PackedSet {
  const archive = archiveNames(prefix).find(isThere);
  const spelling = archive === undefined ? undefined : spellings.find((known) => known.archive.test(archive));
  const contents = (spelling?.contents ?? []).map((ending) => `${prefix}${ending}`).find(isThere);
  return {
    prefix,
    name: `${prefix}.name`,
    ...(archive === undefined ? {} : { archive }),
    ...(archive !== undefined && isThere(`${archive}.md5`) ? { md5: `${archive}.md5` } : {}),
    ...(contents === undefined ? {} : { contents }),
  };
}

/** The public name in a `.name` file: its first line without trailing white space; undefined when that is empty. */
export function publicNameIn(nameFile: Uint8Array): string | undefined {
  return Buffer.from(nameFile).toString('utf8').split('\n')[0]!.trimEnd() || undefined;
}

/**
 * Refuses a directory that holds one of these folders (the repository, the secret keys) or lies inside one: a
 * build must never carry them. Folders that do not exist are not looked at. Throws `source-holds-folder`.
 */
export function requireApart(source: Source, folders: readonly string[]): void {
  if (source.kind !== 'directory') return;
  const top = realPath(source.path);
  for (const folder of folders) {
    const other = realPath(folder);
    if (top !== undefined && other !== undefined && (isWithin(top, other) || isWithin(other, top)))
      throw new SatchelError('source-holds-folder', { path: source.path, folder });
  }
}

function realPath(path: string): string | undefined {
  return look(path) === undefined
    ? undefined
    : withSystemErrors('realpath', path, () => realpathSync.native(path));
}

function isWithin(top: string, path: string): boolean {
  return path === top || path.startsWith(top === '/' ? '/' : `${top}/`);
}

/**
 * The name that a build gets: the one that the operator gave, else the one published with it, else what its file
 * name says. Throws `source-name-missing` when nothing says one, `name-not-allowed`.
 */
export function nameOfSource(source: Source, given?: string): BuildName {
  if (given !== undefined) return buildName(given);
  if (source.kind === 'archive' && source.publishedName !== undefined) return buildName(source.publishedName);
  const path = source.kind === 'stream' ? '-' : source.path;
  const derived = source.kind === 'stream' ? undefined : source.derivedName;
  if (derived === undefined || !isAllowedName(derived))
    throw new SatchelError('source-name-missing', { path });
  return buildName(derived);
}

function openPrefix(prefix: string): Source {
  const archive = archiveNames(prefix).find((path) => look(path)?.isFile());
  if (archive === undefined) throw new SatchelError('source-not-found', { path: prefix });
  return openArchive(archive, {});
}

function openArchive(path: string, options: SetFileOptions): ArchiveSource {
  const md5Path = existing(`${path}.md5`, options);
  const source = {
    kind: 'archive' as const,
    path,
    ...(md5Path === undefined ? {} : { md5Path }),
    ...options,
  };
  for (const { archive, contents } of spellings) {
    const prefix = archive.exec(path)?.[1];
    if (prefix === undefined || prefix.endsWith('/')) continue;
    const contentsPath = contents.map((ending) => existing(`${prefix}${ending}`, options)).find(Boolean);
    const publishedName = firstLine(existing(`${prefix}.name`, options), options);
    return {
      ...source,
      ...(contentsPath === undefined ? {} : { contentsPath }),
      ...(publishedName === undefined ? {} : { publishedName }),
      derivedName: basename(prefix),
    };
  }
  return { ...source, derivedName: basename(path).replace(plainEnding, '') };
}

function isAllowedName(name: string): boolean {
  try {
    return buildName(name) === name;
  } catch {
    return false;
  }
}

function look(path: string): Stats | undefined {
  return withSystemErrors('stat', path, () => statSync(path, { throwIfNoEntry: false }));
}

/** A link counts as there: reading it is then refused, where links are not followed. */
function existing(path: string, { noLinks = false }: SetFileOptions): string | undefined {
  const found = noLinks
    ? withSystemErrors('lstat', path, () => lstatSync(path, { throwIfNoEntry: false }))
    : look(path);
  return found?.isFile() || found?.isSymbolicLink() ? path : undefined;
}

/** The public name in this file, as the old publisher read it. */
function firstLine(path: string | undefined, options: SetFileOptions): string | undefined {
  if (path === undefined) return undefined;
  return publicNameIn(readSideFile(path, nameFileLimit, options));
}
