import { SatchelError } from '../base/errors.ts';
import { type BuildName, buildName } from '../base/identifiers.ts';
import { type PackedSet, packedSetOf, publicNameIn } from '../build/source.ts';
import type { Listing, Place, RemoteFile } from './upstream-place.ts';

/** The four files of a build on another server. */
export type RemoteSet = {
  readonly build: BuildName;
  readonly prefix: string;
  readonly archive: RemoteFile;
  readonly contents: RemoteFile;
  /** The small files, which have been read; that with the MD5 stands for the content. */
  readonly md5: SmallFile;
  readonly name: SmallFile;
};

/** A file with its content. */
export type SmallFile = { readonly name: string; readonly bytes: Buffer };

/** What a drop directory on another server offers. */
export type RemoteSets = {
  /** Oldest first, as far as the place tells times; else by name. */
  readonly complete: readonly RemoteSet[];
  /** Sets of which something is not there (yet): the ends of the missing names. */
  readonly waiting: readonly { readonly prefix: string; readonly missing: readonly string[] }[];
  /** One sentence each; `about` is the set or file. */
  readonly problems: readonly { readonly about: string; readonly error: SatchelError }[];
};

/** Largest `.md5` file that is looked at (one line, or a list of all files there), and largest `.name` file. */
const md5FileLimit = 1024 * 1024;

/**
 * Reads which builds a place offers: its `.name` and `.md5` files are fetched, nothing else. `only` says which
 * prefixes are of interest. Throws what `place.readSmall` throws.
 */
export async function readSets(
  place: Place,
  listing: Listing,
  {
    only = () => true,
    signal,
  }: { readonly only?: (prefix: string) => boolean; readonly signal?: AbortSignal | undefined } = {},
): Promise<RemoteSets> {
  // An empty file is one that is only beginning to be there.
  const begun = listing.files.filter(({ size }) => size !== 0);
  const files = new Map(begun.map((file) => [file.name, file]));
  const links = new Set(listing.links);
  const prefixes = [...files.keys(), ...links].flatMap((name) => /^(.+)\.name$/.exec(name)?.[1] ?? []);
  const isThere = (name: string) => files.has(name) || links.has(name);
  const all = prefixes.filter(only).map((prefix) => packedSetOf(prefix, isThere));
  const linkIn = ({ name, archive, md5, contents }: PackedSet) =>
    [name, archive, md5, contents].find((file) => file !== undefined && links.has(file));
  const found = all.filter((set) => linkIn(set) === undefined);
  const waiting = found.flatMap((set) => {
    const missing = missingOf(set);
    return missing.length === 0 ? [] : [{ prefix: set.prefix, missing }];
  });
  const whole = found.filter(isWhole);
  const smallFiles = whole.flatMap(({ name, md5 }) => [name, md5]);
  const small = await place.readSmall(smallFiles, md5FileLimit, signal);
  const { location } = place;
  const unusual = listing.unusual
    .filter((name) => name.endsWith('.name'))
    .map((name) => ({ about: name, error: new SatchelError('upstream-name-unusual', { name, location }) }));
  const linked = all.flatMap((set) => {
    const name = linkIn(set);
    if (name === undefined) return [];
    return [{ about: set.prefix, error: new SatchelError('upstream-file-link', { name, location }) }];
  });
  const problems = [...unusual, ...linked];
  return named({ place, files, whole, small }, waiting, problems);
}

type WholeSet = Required<PackedSet>;

function isWhole(set: PackedSet): set is WholeSet {
  return missingOf(set).length === 0;
}

function missingOf({ archive, md5, contents }: PackedSet): string[] {
  const missing = archive === undefined ? ['-tree.tar.*'] : [];
  if (archive !== undefined && md5 === undefined) missing.push('.md5');
  if (archive !== undefined && contents === undefined) missing.push('.contents');
  return missing;
}

type Material = {
  readonly place: Place;
  readonly files: ReadonlyMap<string, RemoteFile>;
  readonly whole: readonly WholeSet[];
  readonly small: ReadonlyMap<string, Buffer>;
};

/** Gives every whole set the name that its `.name` holds. */
function named(
  { place, files, whole, small }: Material,
  waiting: RemoteSets['waiting'],
  problems: RemoteSets['problems'],
): RemoteSets {
  const { location } = place;
  const complete = new Map<BuildName, RemoteSet>();
  const wrong = [...problems];
  const gone = [...waiting];
  for (const set of whole) {
    const nameFile = small.get(set.name);
    const md5File = small.get(set.md5);
    if (nameFile === undefined || md5File === undefined) {
      // Taken away or being replaced since the list was made.
      gone.push({ prefix: set.prefix, missing: [nameFile === undefined ? '.name' : '.md5'] });
      continue;
    }
    const build = nameIn(nameFile);
    const first = build === undefined ? undefined : complete.get(build);
    if (build === undefined)
      wrong.push({
        about: set.prefix,
        error: new SatchelError('upstream-name-empty', { name: set.name, location }),
      });
    else if (first !== undefined)
      wrong.push({
        about: set.prefix,
        error: new SatchelError('upstream-name-twice', {
          first: first.name.name,
          second: set.name,
          build,
          location,
        }),
      });
    else complete.set(build, remoteSet(set, { build, files, nameFile, md5File }));
  }
  return { complete: [...complete.values()].sort(byAge), waiting: gone, problems: wrong };
}

function nameIn(nameFile: Buffer): BuildName | undefined {
  try {
    return buildName(publicNameIn(nameFile) ?? '');
  } catch {
    return undefined;
  }
}

type Named = Pick<Material, 'files'> & {
  readonly build: BuildName;
  readonly nameFile: Buffer;
  readonly md5File: Buffer;
};

function remoteSet(set: WholeSet, { build, files, nameFile, md5File }: Named): RemoteSet {
  const file = (name: string): RemoteFile => files.get(name) ?? { name };
  return {
    build,
    prefix: set.prefix,
    archive: file(set.archive),
    contents: file(set.contents),
    md5: { name: set.md5, bytes: md5File },
    name: { name: set.name, bytes: nameFile },
  };
}

function byAge(a: RemoteSet, b: RemoteSet): number {
  const [first, second] = [a.archive.modified ?? '', b.archive.modified ?? ''];
  if (first !== second) return first < second ? -1 : 1;
  return a.build < b.build ? -1 : a.build > b.build ? 1 : 0;
}
