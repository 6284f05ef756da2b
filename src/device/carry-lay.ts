import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { byteStringFromText } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName, Sha256 } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { formatBytes } from '../base/units.ts';
import { syncDirectory } from '../os/atomic-file.ts';
import { canShareBlocks, freeSpace } from '../os/disk.ts';
import { removeTree } from '../os/remove-tree.ts';
import { exchangeNames, removeXattr, syncFilesystemInBackground } from '../os/system-calls.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { CarryPlan } from './carry-plan.ts';
import { writeUpper } from './carry-write.ts';
import { serialiseKeyValues } from './key-values.ts';
import { type Layer, layerOf, nextLayerOf, readLayer } from './layers.ts';
import type { DeviceLayout } from './layout.ts';
import { moveToTrash } from './trash.ts';

/** A planned layer, and the version that it is for. */
export type LayOptions = {
  readonly layout: DeviceLayout;
  readonly from: BuildName;
  readonly to: BuildName;
  /** The index of `to`. */
  readonly index: Sha256;
  readonly plan: CarryPlan;
  readonly reporter: Reporter;
  readonly signal: AbortSignal | undefined;
};

/**
 * Writes a layer beside its place and puts it there in one step, on the disk before and after. A layer that was there
 * goes to the trash. Throws `carry-no-room`, `disk-full`, `cancelled`; then everything is as before.
 */
export async function layNextLayer(options: LayOptions): Promise<void> {
  const { layout, to } = options;
  const next = nextLayerOf(layout, to);
  moveToTrash(layout, next.folder);
  requireRoom(options);
  try {
    await writeLayer(next, options);
    await syncFilesystemInBackground(layout.own);
  } catch (error) {
    // Its room may be what somebody else is short of.
    removeTree(next.folder);
    throw error;
  }
  putInPlace(layout, to, next);
}

async function writeLayer(
  next: Layer,
  { layout, from, index, plan, reporter, signal }: LayOptions,
): Promise<void> {
  const total = plan.steps.size;
  withSystemErrors('mkdir', next.folder, () => {
    mkdirSync(layout.layers, { recursive: true, mode: 0o755 });
    // Only root has business in a layer; overlayfs looks into it with root's rights.
    mkdirSync(next.folder, { mode: 0o700 });
    removeXattr(next.folder, byteStringFromText('system.posix_acl_default'));
    mkdirSync(next.work, { mode: 0o755 });
    writeFileSync(next.index, `${index}\n`);
    writeFileSync(next.carried, serialiseKeyValues({ from }));
  });
  await writeUpper({
    plan,
    upper: next.upper,
    signal,
    onWritten: (done) => reporter.progress({ step: 'switch', done, total, unit: 'entries' }),
  });
}

function putInPlace(layout: DeviceLayout, to: BuildName, next: Layer): void {
  const { folder } = layerOf(layout, to);
  if (readLayer(layout, to) === undefined) {
    // What has no upper directory is no layer, but would be in the way.
    moveToTrash(layout, folder);
    withSystemErrors('rename', folder, () => renameSync(next.folder, folder));
  } else exchangeNames(next.folder, folder);
  syncDirectory(layout.layers);
  moveToTrash(layout, next.folder);
}

function requireRoom({ layout, plan, to }: LayOptions): void {
  const { bytes } = freeSpace(layout.own);
  if (plan.bytes <= bytes || canShareBlocks(layout.own)) return;
  throw new SatchelError('carry-no-room', {
    build: to,
    bytes: formatBytes(plan.bytes),
    free: formatBytes(bytes),
  });
}
