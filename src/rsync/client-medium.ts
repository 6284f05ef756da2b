import { lstatSync, mkdtempSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { type BuildName, buildName } from '../base/identifiers.ts';
import { removeTree } from '../os/remove-tree.ts';
import { errnoOf, systemError } from '../os/system-error.ts';
import { isStick } from '../store/stick.ts';
import { type OpenImageOptions, openImage } from './client-image.ts';
import { fetchSmallFile } from './client-manifest.ts';
import { type OpenPlace, openPlace, type PlaceOptions, type RsyncPlace } from './client-place.ts';

/** What was found on a drive. */
export type Medium =
  /** A repository of ours, or a stick that `satchel stick prepare` has made. */
  | { readonly kind: 'repository'; readonly path: string }
  /** The tree of one build with its manifest: a folder, or an image or block device that holds it. */
  | { readonly kind: 'folder' | 'image'; readonly path: string };

const imageName = /\.(?:usb|iso)$/i;

/** Says what a path is. Throws `usb-missing`, and what looking at it throws. */
export function mediumAt(path: string): Medium {
  const found = look(path);
  if (found === undefined) throw new SatchelError('usb-missing', { path });
  if (!found.isDirectory()) return { kind: 'image', path };
  return { kind: isRepository(path) ? 'repository' : 'folder', path };
}

/**
 * Looks where removable drives are mounted below `root` for one that holds an update. Throws `usb-not-found`,
 * `usb-several`.
 */
export function findMedium(root: string): Medium {
  const places = ['media', 'run/media', 'mnt'].map((name) => join(root, name));
  const folders = places.flatMap((place) => [place, ...below(place), ...below(place).flatMap(below)]);
  const found = folders.flatMap(mediaIn);
  const [first, second] = found;
  if (first === undefined) throw new SatchelError('usb-not-found', { places: places.join(', ') });
  if (second !== undefined)
    throw new SatchelError('usb-several', { paths: found.map(({ path }) => path).join(', ') });
  return first;
}

function mediaIn(folder: string): Medium[] {
  if (isInsideStick(folder)) return [];
  if (isRepository(folder)) return [{ kind: 'repository', path: folder }];
  if (look(join(folder, 'contents'))?.isFile()) return [{ kind: 'folder', path: folder }];
  return namesIn(folder)
    .filter((name) => imageName.test(name))
    .map((name) => ({ kind: 'image', path: join(folder, name) }));
}

/** The repository on a stick is found with the stick. */
function isInsideStick(folder: string): boolean {
  return folder.endsWith('/satchel/repo') && isStick(join(folder, '..', '..'));
}

function isRepository(folder: string): boolean {
  return isStick(folder) || look(join(folder, 'metadata', 'timestamp.json'))?.isFile() === true;
}

/**
 * Lets `action` use the build on a medium. An image is mounted whenever rsync reads it, and never stays so; one that
 * the kernel cannot mount is unpacked below a folder, and does not stay there. Throws what {@link openImage} throws.
 */
export async function withMedium<Result>(
  { kind, path }: Medium,
  options: Omit<OpenImageOptions, 'image'>,
  action: (place: RsyncPlace) => Promise<Result>,
): Promise<Result> {
  if (kind !== 'image') return action(placeIn(path, path, isModule(path)));
  using image = await openImage({ ...options, image: path });
  const place = { ...placeIn(path, image.folder, false), devicesByManifest: true };
  const mount = { image: path, folder: image.folder };
  return await action(image.isMounted ? { ...place, mount } : place);
}

/** A copy of a module of the old kind: the tree lies in `root/`. */
function isModule(path: string): boolean {
  return look(join(path, 'root'))?.isDirectory() === true && look(join(path, 'etc')) === undefined;
}

/** The tree is the root of the medium, and what belongs to it lies beside it there. */
function placeIn(name: string, folder: string, module: boolean): RsyncPlace {
  return {
    name,
    tree: module ? `${folder}/root/` : `${folder}/`,
    contents: [`${folder}/contents`],
    signature: `${folder}/contents.sig`,
    isRemote: false,
    excluded: module ? [] : ['/contents', '/contents.sig', '/contents.name', '/lost+found'],
  };
}

/**
 * The name of the build on a medium: the first line of `contents.name` beside the manifest, else the name of the
 * image. Throws `usb-name-unknown`.
 */
export async function nameOnMedium(place: RsyncPlace, options: PlaceOptions): Promise<BuildName> {
  const folder = mkdtempSync(join(tmpdir(), 'satchel-name-'));
  try {
    const open: OpenPlace = openPlace(place, options);
    const location = `${place.contents[0]}.name`;
    const file = await fetchSmallFile(open, location, { path: join(folder, 'name'), limit: 1024 });
    const said = file?.toString('utf8').split('\n')[0]?.trim();
    const fallback = imageName.test(place.name) ? basename(place.name).replace(imageName, '') : '';
    return buildName(said ?? fallback);
  } catch (error) {
    if (isSatchelError(error, 'name-not-allowed'))
      throw new SatchelError('usb-name-unknown', { place: place.name }, { cause: error });
    throw error;
  } finally {
    removeTree(folder);
  }
}

function look(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw systemError(error, 'stat', path);
  }
}

function below(folder: string): string[] {
  return namesIn(folder)
    .map((name) => join(folder, name))
    .filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(error) ?? '')) return [];
    throw systemError(error, 'readdir', folder);
  }
}
