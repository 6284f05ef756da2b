import { lstatSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import { errnoOf, systemError } from '../os/system-error.ts';
import { openDirectoryStore } from './directory.ts';
import { checkName } from './names.ts';
import { checkReadOptions, partOf } from './range.ts';
import { manifestName, stickFolder } from './stick-manifest.ts';
import type { ReadableStore, Reading, ReadOptions } from './store.ts';

/** FAT32 takes files up to one byte less than this. */
export const longestFatFile = 4 * 1024 ** 3 - 1;

/** Each part of a file that was cut, but the last, has this many bytes unless a test says otherwise. */
export const usualPart = 2 * 1024 ** 3;

/** The most parts that a file may be cut into: their endings have three digits. */
const mostParts = 999;

/** The name of one part of a file, counted from 1: the first is `NAME.001`. */
export function partName(name: string, number: number): string {
  return `${name}.${String(number).padStart(3, '0')}`;
}

/** True when this directory is the top of a stick that `satchel stick prepare` has finished. */
export function isStick(directory: string): boolean {
  try {
    const folder = join(directory, stickFolder);
    const found = lstatSync(join(folder, manifestName), { throwIfNoEntry: false });
    return found?.isFile() === true && lstatSync(folder).isDirectory();
  } catch {
    return false;
  }
}

/**
 * The repository on a stick. Files that were cut for FAT are read as one; a symlink is never followed. The directory
 * is the top of the stick.
 */
export function openStickStore(directory: string): ReadableStore {
  const top = resolve(directory);
  const root = join(top, stickFolder, 'repo');
  const files = openDirectoryStore(root);
  return {
    location: top,
    async read(name, options = {}) {
      checkName(name);
      checkReadOptions(options);
      const parts = partsOf(root, name);
      if (parts === undefined) throw new SatchelError('store-not-found', { location: top, name });
      const [whole] = parts;
      if (parts.length === 1 && whole?.name === name) return files.read(name, options);
      return readParts(files, { name, parts, location: top }, options);
    },
    close: () => files.close(),
  };
}

/** A regular file that holds a file or a part of it. */
type Piece = { readonly name: string; readonly size: number };

/** The file, or its parts in order; undefined when there is neither. */
function partsOf(root: string, name: string): Piece[] | undefined {
  if (!isBelowFolders(root, name)) return undefined;
  const whole = sizeOf(root, name);
  if (whole !== undefined) return [{ name, size: whole }];
  const parts: Piece[] = [];
  for (let number = 1; number <= mostParts; number += 1) {
    const part = partName(name, number);
    const size = sizeOf(root, part);
    if (size === undefined) break;
    parts.push({ name: part, size });
  }
  return parts.length === 0 ? undefined : parts;
}

/** False when a folder on the way is a symlink: then nothing there is part of the stick. */
function isBelowFolders(root: string, name: string): boolean {
  const steps = name.split('/').slice(0, -1);
  const below = steps.map((_, number) => join(root, ...steps.slice(0, number + 1)));
  const folders = [dirname(root), root, ...below];
  return folders.every((folder) => statusOf(folder)?.isDirectory() === true);
}

function sizeOf(root: string, name: string): number | undefined {
  const found = statusOf(join(root, name));
  return found?.isFile() ? found.size : undefined;
}

function statusOf(path: string) {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (errnoOf(error) === 'ENOTDIR') return undefined;
    throw systemError(error, 'lstat', path);
  }
}

type Cut = { readonly name: string; readonly parts: readonly Piece[]; readonly location: string };

function readParts(files: ReadableStore, { name, parts, location }: Cut, options: ReadOptions): Reading {
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  const { start, end } = partOf(size, { location, name, options });
  async function* body(): AsyncGenerator<Uint8Array> {
    let first = 0;
    for (const part of parts) {
      const from = Math.max(start - first, 0);
      const to = Math.min(end - first, part.size);
      first += part.size;
      if (from >= to) continue;
      yield* (await files.read(part.name, { offset: from, length: to - from, signal: options.signal })).body;
    }
  }
  return { size, body: body() };
}
