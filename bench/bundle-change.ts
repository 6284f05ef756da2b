/** What is new in a set of bundles: which files of the second versions have content that no first version has. */
import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { formatBytes } from '../src/base/units.ts';
import type { TestBundle } from './activity-set.ts';

export type SetChange = {
  readonly files: number;
  readonly bytes: number;
  readonly newFiles: number;
  readonly newBytes: number;
  /** The most of it, by bundle and by kind of file. */
  readonly lines: readonly string[];
};

type File = {
  readonly bundle: string;
  readonly kind: string;
  readonly bytes: number;
  readonly sha256: string;
};

/** Unpacks all bundles below a folder and compares them by content. */
export function changeOf(root: string, set: readonly TestBundle[]): SetChange {
  const old = new Set(filesOf(root, set, 0).map(({ sha256 }) => sha256));
  const files = filesOf(root, set, 1);
  const isNew = files.filter(({ sha256 }) => !old.has(sha256));
  return {
    files: files.length,
    bytes: total(files),
    newFiles: isNew.length,
    newBytes: total(isNew),
    lines: [...most(isNew, files, 'bundle'), ...most(isNew, files, 'kind')],
  };
}

function filesOf(root: string, set: readonly TestBundle[], version: 0 | 1): File[] {
  return set.flatMap(({ name, files }) => {
    const folder = join(root, `unpacked-${version}`, name);
    mkdirSync(folder, { recursive: true });
    execFileSync('bsdtar', ['-xf', files[version], '-C', folder]);
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((file) => join(folder, file))
      .filter((path) => statSync(path).isFile())
      .map((path) => ({
        ...{ bundle: name, kind: extname(path).toLowerCase() || 'no ending' },
        ...{ bytes: statSync(path).size, sha256: hash('sha256', readFileSync(path)) },
      }));
  });
}

/** The twelve with the most new content. */
function most(isNew: readonly File[], all: readonly File[], key: 'bundle' | 'kind'): string[] {
  return [...Map.groupBy(isNew, (file) => file[key])]
    .map(([name, files]) => ({ name, bytes: total(files), files: files.length }))
    .sort((one, other) => other.bytes - one.bytes)
    .slice(0, 12)
    .map(({ name, bytes, files }) => {
      const of = total(all.filter((file) => file[key] === name));
      return `${name.padEnd(26)}${formatBytes(bytes).padStart(12)} of ${formatBytes(of)}, ${files} files`;
    });
}

function total(files: readonly File[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
