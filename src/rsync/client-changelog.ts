import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { displayOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { contentsDifferences } from '../build/contents.ts';
import { readInstalled, readInstalledIndex } from '../device/installed.ts';
import type { DeviceLayout } from '../device/layout.ts';
import { openBootPointer } from '../device/open-boot-pointer.ts';
import { removeTree } from '../os/remove-tree.ts';
import type { PathChange } from './changed-paths.ts';
import { fetchManifest, fetchSmallFile } from './client-manifest.ts';
import { type OpenPlace, openPlace, type PlaceOptions, type RsyncPlace } from './client-place.ts';

/** What a build brings. */
export type RsyncChangelog = {
  /** What its keeper wrote; absent when there is no such file. */
  readonly text?: string;
  /** The version that the paths are compared with; absent: none, or not asked for. */
  readonly from?: BuildName;
  readonly changes?: readonly PathChange[];
};

const textLimit = 1024 * 1024;

/**
 * What changes with a build at a server of the old kind: the file `changelog` of its module, else the paths in which
 * its manifest differs from the version that boots. Throws `rsync-changelog-unknown` when neither can be told, and
 * what running rsync throws.
 */
export async function rsyncChangelog(
  place: RsyncPlace,
  layout: DeviceLayout,
  options: PlaceOptions,
): Promise<RsyncChangelog> {
  const folder = mkdtempSync(join(tmpdir(), 'satchel-changelog-'));
  try {
    const open = openPlace(place, options);
    return (await writtenText(open, folder)) ?? (await changedPaths(open, layout, folder));
  } finally {
    removeTree(folder);
  }
}

async function writtenText(open: OpenPlace, folder: string): Promise<RsyncChangelog | undefined> {
  const path = join(folder, 'changelog');
  const bytes = await fetchSmallFile(open, `${open.place.name}/changelog`, { path, limit: textLimit });
  return bytes && { text: bytes.toString('utf8') };
}

const kinds = { missing: 'added', different: 'changed', extra: 'removed' } as const;

async function changedPaths(open: OpenPlace, layout: DeviceLayout, folder: string): Promise<RsyncChangelog> {
  const manifest = await fetchManifest(open, { path: join(folder, 'contents') });
  const { current } = openBootPointer(layout).read();
  if (
    manifest?.entries === undefined ||
    current === undefined ||
    readInstalled(layout, current) === undefined
  )
    throw new SatchelError('rsync-changelog-unknown', { place: open.place.name });
  const differences = contentsDifferences(manifest.entries, readInstalledIndex(layout, current));
  return {
    from: current,
    changes: differences.map(({ path, kind }) => ({
      kind: kinds[kind],
      path: path === '' ? '.' : displayOf(path),
    })),
  };
}
