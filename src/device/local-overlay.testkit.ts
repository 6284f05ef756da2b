/** For tests: the kernel's own overlayfs over a pristine tree, in a mount namespace that ends with the command. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildName, Sha256 } from '../base/identifiers.ts';
import { layerOf } from './layers.ts';
import { type DeviceLayout, pristineTree } from './layout.ts';

/** A version on a device and the hash of its index. */
export type LayeredVersion = { readonly name: BuildName; readonly index: Sha256 };

/**
 * Boots a version as the initramfs does, runs a shell script in its root, and goes down again. What the script prints
 * comes back.
 */
export function runInLayer(layout: DeviceLayout, version: LayeredVersion, script: string): string {
  const layer = layerOf(layout, version.name);
  const mountPoint = join(layout.run, version.name);
  for (const folder of [layer.upper, mountPoint]) mkdirSync(folder, { recursive: true });
  rmSync(layer.work, { recursive: true, force: true });
  rmSync(layer.carried, { force: true });
  mkdirSync(layer.work);
  writeFileSync(layer.index, `${version.index}\n`);
  return inOverlay({ lower: pristineTree(layout, version.name), ...layer, mountPoint }, script);
}

/** The merged view of a version and its layer is only read: nothing of the layer changes. */
export function readInLayer(layout: DeviceLayout, version: LayeredVersion, script: string): string {
  const mountPoint = join(layout.run, version.name);
  mkdirSync(mountPoint, { recursive: true });
  const lower = `${layerOf(layout, version.name).upper}:${pristineTree(layout, version.name)}`;
  return inOverlay({ lower, mountPoint }, script);
}

type Mount = {
  readonly lower: string;
  readonly upper?: string;
  readonly work?: string;
  readonly mountPoint: string;
};

function inOverlay({ lower, upper, work, mountPoint }: Mount, script: string): string {
  const options = [`lowerdir=${lower}`, 'index=off,metacopy=off,redirect_dir=off,xino=off'];
  if (upper !== undefined) options.push(`upperdir=${upper},workdir=${work}`);
  const words = 'mount -t overlay satchel -o "$1" "$2" && cd "$2" && eval "$3"';
  return execFileSync('unshare', ['-m', 'sh', '-euc', words, 'sh', options.join(','), mountPoint, script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
