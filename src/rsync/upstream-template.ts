import { isSatchelError, SatchelError } from '../base/errors.ts';
import { type BuildName, buildName } from '../base/identifiers.ts';
import { archiveNames, contentsNames } from '../build/source.ts';
import { isStoredName } from '../store/names.ts';
import { notUsable, openPlace, type PlaceOptions, parsePlace } from './upstream-open.ts';
import type { Place } from './upstream-place.ts';
import { type RemoteSet, readSets } from './upstream-sets.ts';

/** What stands for the build in the setting `upstream`. */
const placeholder = '{name}';
/** Any name that a build can have, to check a template with. */
const anyName = 'py802-1' as BuildName;

/**
 * Checks the setting `upstream`: `http://host/builds/{name}/` is a directory that holds the build's four files,
 * `rsync://host/os/{name}` the beginning of their names (for builds whose public name that is), `rsync://host/os/` a
 * drop directory whose `.name` files say which build is which. Throws `upstream-address-not-usable`.
 */
export function checkUpstream(template: string): void {
  parsePlace(targetFor(template, anyName).address);
}

/** Where the files of one build are looked for. */
type Target = {
  readonly address: string;
  /** What their names begin with, when the template says it. */
  readonly prefix: string | undefined;
};

function targetFor(template: string, name: BuildName): Target {
  const server = /^[a-z]+:\/\/[^/]*/i.exec(template)?.[0] ?? '';
  // Whoever asks for a build must not choose the server.
  if (template === '' || server.includes(placeholder) || /[{}]/.test(template.replaceAll(placeholder, '')))
    throw notUsable(template);
  const filled = template.replaceAll(placeholder, name);
  if (filled.endsWith('/')) return { address: filled, prefix: undefined };
  const cut = filled.lastIndexOf('/') + 1;
  // `rsync://host/os`: the last part is no beginning of names but the directory, since it says nothing of the build.
  if (!template.slice(template.lastIndexOf('/')).includes(placeholder))
    return { address: `${filled}/`, prefix: undefined };
  const prefix = filled.slice(cut);
  if (!isStoredName(prefix)) throw notUsable(template);
  return { address: filled.slice(0, cut), prefix };
}

/** A build that was found, in the place that holds it. The caller closes the place. */
export type FoundSet = { readonly place: Place; readonly set: RemoteSet };

/**
 * Looks for a build where the template leads. Throws `build-not-found` when it is not there, or not complete there;
 * and what its place throws.
 */
export async function findSet(
  template: string,
  name: BuildName,
  options: PlaceOptions & { readonly signal?: AbortSignal | undefined },
): Promise<FoundSet> {
  const { address, prefix } = targetFor(template, name);
  const place = await openPlace(address, options);
  try {
    const set = await setIn(place, { name, prefix }, options.signal);
    if (set !== undefined) return { place, set };
  } catch (error) {
    await place.close();
    if (!isSatchelError(error, 'store-not-found', 'upstream-directory-missing')) throw error;
  }
  await place.close();
  throw new SatchelError('build-not-found', { name, location: place.location });
}

async function setIn(
  place: Place,
  { name, prefix }: { readonly name: BuildName; readonly prefix: string | undefined },
  signal: AbortSignal | undefined,
): Promise<RemoteSet | undefined> {
  const listing = await listOrUndefined(place, signal);
  if (listing === undefined) return probe(place, name, prefix ?? name, signal);
  const only = (found: string) => prefix === undefined || found === prefix;
  const { complete } = await readSets(place, listing, { only, signal });
  return complete.find(({ build }) => build === name);
}

/** The files of a place; undefined when its web server shows no list of them. */
async function listOrUndefined(place: Place, signal: AbortSignal | undefined) {
  try {
    return await place.list(signal);
  } catch (error) {
    const isWeb = /^https?:/.test(place.location);
    if (isWeb && isSatchelError(error, 'upstream-not-listed', 'store-not-found')) return undefined;
    throw error;
  }
}

/** Without a list, the four files are found by asking for each name that they may have. */
async function probe(
  place: Place,
  name: BuildName,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<RemoteSet | undefined> {
  const has = async (file: string) => (await place.sizeOf?.(file, signal)) !== undefined;
  if (!(await has(`${prefix}.name`))) return undefined;
  const archive = await firstOf(archiveNames(prefix), has);
  if (archive === undefined) return undefined;
  const others = [`${archive}.md5`, ...contentsNames(prefix)];
  const there = await Promise.all(others.map(has));
  const names = [`${prefix}.name`, archive, ...others.filter((_, number) => there[number])];
  const listing = { files: names.map((file) => ({ name: file })), folders: [], links: [], unusual: [] };
  return (await readSets(place, listing, { signal })).complete.find(({ build }) => build === name);
}

async function firstOf(
  names: readonly string[],
  has: (name: string) => Promise<boolean>,
): Promise<string | undefined> {
  for (const name of names) if (await has(name)) return name;
  return undefined;
}

/**
 * The builds that the template leads to, as far as they can be listed: folders or files whose names fit, or the names
 * in the `.name` files of a drop directory. Throws what listing throws.
 */
export async function listBuilds(
  template: string,
  options: PlaceOptions & { readonly signal?: AbortSignal | undefined },
): Promise<BuildName[]> {
  const at = template.indexOf(placeholder);
  if (at < 0) return listDrop(targetFor(template, anyName).address, options);
  const start = template.lastIndexOf('/', at) + 1;
  const end = template.indexOf('/', at);
  const shape = template.slice(start, end < 0 ? template.length : end);
  const [before = '', after = ''] = shape.split(placeholder);
  const place = await openPlace(template.slice(0, start), options);
  try {
    const listing = await place.list(options.signal);
    const named = (part: string) => {
      const isOne = part.startsWith(before) && part.endsWith(after);
      return isOne ? asBuildName(part.slice(before.length, part.length - after.length)) : [];
    };
    if (end >= 0) return listing.folders.flatMap(named);
    // A set is found by its prefix here, and is the build only if its `.name` file says so too.
    const only = (prefix: string) => named(prefix).length > 0;
    const { complete } = await readSets(place, listing, { only, signal: options.signal });
    return complete.flatMap(({ build, prefix }) => (named(prefix)[0] === build ? [build] : []));
  } finally {
    await place.close();
  }
}

async function listDrop(
  address: string,
  options: PlaceOptions & { readonly signal?: AbortSignal | undefined },
): Promise<BuildName[]> {
  const place = await openPlace(address, options);
  try {
    const { complete } = await readSets(place, await place.list(options.signal), options);
    return complete.map(({ build }) => build);
  } finally {
    await place.close();
  }
}

function asBuildName(text: string): BuildName[] {
  try {
    return [buildName(text)];
  } catch {
    return [];
  }
}
