import { lstatSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildName, buildName, isBuildName, isSha256, type Sha256 } from '../base/identifiers.ts';
import { syncDirectory } from '../os/atomic-file.ts';
import { listIfThere, readFileIfThere } from '../os/if-there.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { DeviceLayout } from './layout.ts';
import { moveToTrash } from './trash.ts';

/** Where the parts of the writable layer of a version lie. */
export type Layer = {
  /** `layers/<build>`; all of it, to be renamed as one. */
  readonly folder: string;
  /** What overlayfs writes: the user's changes. */
  readonly upper: string;
  /** Of overlayfs alone; empty before each mount. */
  readonly work: string;
  /** File with the SHA-256 of the index of the version that `upper` was written over. */
  readonly index: string;
  /** File that is there from carrying over until the layer is mounted for the first time. */
  readonly carried: string;
};

/** What is known about a layer that is there. */
export type LayerState = {
  /** The index of the tree that it belongs over; undefined when its file is absent or wrong, or that tree has none. */
  readonly index: Sha256 | undefined;
  /** False while nobody has worked in it: it was made by carrying over and never mounted. */
  readonly used: boolean;
};

/** The layer of a version, whether it is there or not. */
export function layerOf(layout: DeviceLayout, build: BuildName): Layer {
  return layerIn(join(layout.layers, build));
}

/** The layer that is being made for a version. No build has such a name: they do not begin with a full stop. */
export function nextLayerOf(layout: DeviceLayout, build: BuildName): Layer {
  return layerIn(join(layout.layers, `.new.${build}`));
}

function layerIn(folder: string): Layer {
  const at = (name: string) => join(folder, name);
  return { folder, upper: at('upper'), work: at('work'), index: at('index'), carried: at('carried') };
}

/** What is known about the layer of a version; undefined when it has none. */
export function readLayer(layout: DeviceLayout, build: BuildName): LayerState | undefined {
  const layer = layerOf(layout, build);
  const found = withSystemErrors('lstat', layer.upper, () =>
    lstatSync(layer.upper, { throwIfNoEntry: false }),
  );
  if (found?.isDirectory() !== true) return undefined;
  const text = readFileIfThere(layer.index)?.toString('latin1').trim() ?? '';
  return { index: isSha256(text) ? text : undefined, used: isUsed(layer) };
}

/** Mounting makes a folder in `work`, so a mark that a hook has not taken away deceives nobody. */
function isUsed({ carried, work }: Layer): boolean {
  if (lstatSync(carried, { throwIfNoEntry: false }) === undefined) return true;
  return listIfThere(work).length > 0;
}

/** Says that somebody works in the layer of a version: it is not made anew from that of another any more. */
export function markLayerUsed(layout: DeviceLayout, build: BuildName): void {
  const { folder, carried } = layerOf(layout, build);
  if (lstatSync(carried, { throwIfNoEntry: false }) === undefined) return;
  withSystemErrors('unlink', carried, () => rmSync(carried, { force: true }));
  syncDirectory(folder);
}

/** Versions that have a layer, in order of their names. */
export function listLayers(layout: DeviceLayout): BuildName[] {
  return listIfThere(layout.layers).filter(isBuildName).sort().map(buildName);
}

/** Takes every layer out of the way whose version is not in `kept`, and half-made ones. */
export function discardOtherLayers(layout: DeviceLayout, kept: ReadonlySet<string>): void {
  for (const name of listIfThere(layout.layers))
    if (!kept.has(name)) moveToTrash(layout, join(layout.layers, name));
}
