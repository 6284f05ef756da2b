import { hash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { displayOf } from '../base/byte-string.ts';
import { throwIfCancelled } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { objectOrdinals } from '../build/objects.ts';
import { recordTree } from '../device/record-tree.ts';
import { stageTree } from '../device/stage.ts';
import { planStage, type StagePlan } from '../device/stage-plan.ts';
import { openStagePool } from '../device/stage-pool.ts';
import { syncDirectory } from '../os/atomic-file.ts';
import { renameTree } from '../os/rename-tree.ts';
import { syncFilesystemInBackground } from '../os/system-calls.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { type Catalog, loadBuild, loadMap } from '../repository/catalog.ts';
import { contentsFile } from '../repository/layout.ts';
import type { BuildRecord } from '../repository/records.ts';
import { readAll } from '../store/read-all.ts';
import { fakeTree, type Owner } from './fake-super.ts';
import type { RsyncLayout } from './layout.ts';
import { nearestTree } from './tree-base.ts';
import { createLocalDelivery } from './tree-delivery.ts';
import { treeKey, writeMark } from './tree-mark.ts';
import { discard } from './tree-trash.ts';

export type MakeOptions = {
  readonly layout: RsyncLayout;
  /** The repository's directory. */
  readonly repository: string;
  /** Where bytes of packs lie that are not in the repository's directory. */
  readonly parts?: string | undefined;
  readonly catalog: Catalog;
  readonly name: BuildName;
  readonly owner: Owner;
  /** Told how many bytes will be written, and which tree must stay, before anything is. */
  readonly makeRoom: (bytes: number, base: BuildName | undefined) => Promise<void>;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
};

/** What making a tree did. */
export type MadeTree = {
  readonly entries: number;
  /** Bytes of new files; the rest is shared with another tree. */
  readonly written: number;
};

const stageName = /^[0-9a-f]{16}$/;

/**
 * Makes the tree of a build in the temporary folder and moves it to its place: `root`, then `contents`, and when all
 * of it is on the disk the ready mark. Nothing else may make or remove trees meanwhile. Throws `cancelled`,
 * `build-not-found`, `stored-file-damaged`, `tree-attributes-refused`, `tree-not-as-written` and what the disk says.
 */
export async function makeTree(options: MakeOptions): Promise<MadeTree> {
  const { layout } = options;
  const folder = join(layout.temporary, randomBytes(8).toString('hex'));
  withSystemErrors('mkdir', folder, () => mkdirSync(folder));
  try {
    return await makeIn(folder, options);
  } finally {
    discard(layout, folder);
  }
}

async function makeIn(folder: string, options: MakeOptions): Promise<MadeTree> {
  const { layout, catalog, name, owner, signal, reporter } = options;
  const stage = { root: join(folder, 'root'), contents: join(folder, 'contents') };
  await using pool = openStagePool();
  const build = await loadBuild(catalog, name, signal);
  const map = await loadMap(catalog, build, signal);
  const { entries, targets } = fakeTree(build.entries, owner);
  const base = await nearestTree(options);
  const plan = planStage(entries, base);
  await options.makeRoom(bytesToWrite(plan), base?.name);
  const staged = await stageTree({
    deliver: createLocalDelivery({
      repository: options.repository,
      parts: options.parts,
      map,
      ordinals: objectOrdinals(build.objects),
      others: targets,
      othersFile: join(folder, 'targets'),
    }),
    ...{ plan, index: entries, pool, reporter, signal },
    trees: { stage: stage.root, base: base?.tree ?? '' },
  });
  if (staged.owed.length > 0) throw new SatchelError('tree-attributes-refused', { path: layout.directory });
  const contents = await readContents(catalog, build.record, signal);
  withSystemErrors('write', stage.contents, () => {
    writeFileSync(stage.contents, contents);
    chmodSync(stage.contents, 0o644);
    const published = new Date(build.record.published);
    utimesSync(stage.contents, published, published);
  });
  const { ledger, damaged } = recordTree({
    ...{ tree: stage.root, entries, owed: [] },
    index: treeKey(build.record, owner),
  });
  const [first] = damaged;
  if (first !== undefined)
    throw new SatchelError('tree-not-as-written', {
      ...{ build: name, count: damaged.length, path: displayOf(first.path) },
    });
  await syncFilesystemInBackground(layout.directory);
  throwIfCancelled(signal);
  moveToPlace(options, stage);
  writeMark(layout, name, ledger);
  return { entries: entries.length, written: staged.written };
}

/** The module's directory stays what it is: a client may stand in it already. */
function moveToPlace({ layout, name }: MakeOptions, stage: { root: string; contents: string }): void {
  makeModule(layout, name);
  clearModule(layout, name);
  renameTree(stage.root, layout.moduleRoot(name));
  renameTree(stage.contents, layout.moduleContents(name));
  syncDirectory(layout.module(name));
}

/** Makes the directory of a module if it is not there. */
export function makeModule(layout: RsyncLayout, name: BuildName): void {
  const path = layout.module(name);
  withSystemErrors('mkdir', path, () => {
    if (mkdirSync(path, { recursive: true }) === undefined) return;
    chmodSync(path, 0o755);
    syncDirectory(layout.builds);
  });
}

/** Takes away what was being made; for a caller who knows that nothing is. */
export function clearStages(layout: RsyncLayout): void {
  const names = withSystemErrors('readdir', layout.temporary, () => readdirSync(layout.temporary));
  for (const name of names) if (stageName.test(name)) discard(layout, join(layout.temporary, name));
}

/** Takes the tree of a module away, and leaves the module's directory. */
export function clearModule(layout: RsyncLayout, name: BuildName): void {
  discard(layout, layout.moduleContents(name));
  discard(layout, layout.moduleRoot(name));
}

function bytesToWrite(plan: StagePlan): number {
  let bytes = 0;
  for (const { size, targets } of plan.objects.values()) bytes += size * targets.length;
  return bytes;
}

/** The manifest for old clients, byte for byte. */
async function readContents(
  { store }: Catalog,
  { contents: { sha256, length } }: BuildRecord,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const file = contentsFile(sha256);
  const bytes = await readAll(store, file, { limit: length, signal });
  if (hash('sha256', bytes) !== sha256)
    throw new SatchelError('stored-file-damaged', { file, location: store.location });
  return bytes;
}
