import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import { type BootKind, bootKinds } from './boot-pointer.ts';
import {
  type KeyValues,
  parseKeyValues,
  readKeyValues,
  serialiseKeyValues,
  writeKeyValues,
} from './key-values.ts';
import type { DeviceLayout } from './layout.ts';

/**
 * How the initramfs makes the tree that runs: `overlay`: the untouched tree below, a writable layer above it;
 * `reflink`, `copy`, `hardlink`: a tree of its own. Where a kernel or a file system cannot do it, the next of overlay,
 * reflink, copy is taken; hard links only when they are asked for.
 */
export type RunMode = 'overlay' | 'reflink' | 'copy' | 'hardlink';

/** All modes, for whoever has to name them. */
export const runModes: readonly RunMode[] = ['overlay', 'reflink', 'copy', 'hardlink'];

/** How a device boots. */
export type BootSettings = {
  readonly kind: BootKind;
  readonly mode: RunMode;
  /** Boots that a version on trial may make before the device goes back. */
  readonly tries: number;
  /** How long a version that has passed its checks is lived with before it is kept, in seconds. */
  readonly soakSeconds: number;
  /** Where the boot partition is mounted in the running system. */
  readonly partition: string;
  /** The device of the boot partition, for the initramfs; undefined with the kind `olpc`. */
  readonly bootpart?: string;
  /** What entries for `bls` give the kernel beside our own words. */
  readonly options?: string;
};

/** What is changed; what is absent stays. */
export type BootSettingsChange = {
  readonly [Name in 'kind' | 'mode' | 'tries' | 'soakSeconds' | 'bootpart' | 'options']?:
    | BootSettings[Name]
    | undefined;
};

/** Most boots that a trial may have: a device that does not start must come back on the same day. */
export const mostTries = 20;

/** Longest time to live with a version before it is kept: a year, in seconds. */
export const longestSoak = 365 * 24 * 60 * 60;

/** Where the boot partition is looked for when nobody has said it (facts, 5.1: the label of the old images). */
const usualPartition = '/dev/disk/by-label/Boot';

/**
 * How the device boots. Where nobody has said what kind it is, a boot partition with the links of the old images makes
 * it `olpc-partitioned`. Throws `boot-setting-wrong` for what cannot be understood: a guess could leave the device
 * without a way to boot.
 */
export function readBootSettings(layout: DeviceLayout): BootSettings {
  return settingsFrom(layout, readKeyValues(layout.bootSettings) ?? {});
}

/**
 * Changes how the device boots, atomically, and gives all of it. The caller holds the device lock. Throws
 * `shared-value-not-allowed`, and `boot-setting-wrong` for a line that stood there and is not replaced.
 */
export function writeBootSettings(layout: DeviceLayout, change: BootSettingsChange): BootSettings {
  const given = {
    adapter: change.kind,
    mode: change.mode,
    tries: change.tries,
    soak: change.soakSeconds,
    bootpart: change.bootpart,
    options: change.options,
  };
  const stood = readKeyValues(layout.bootSettings) ?? {};
  const changed = parseKeyValues(serialiseKeyValues({ ...stood, ...definedOf(given) }));
  const after = settingsFrom(layout, changed);
  writeKeyValues(layout.bootSettings, {
    ...changed,
    adapter: after.kind,
    mode: after.mode,
    tries: after.tries,
    soak: after.soakSeconds,
    bootpart: after.bootpart,
  });
  return after;
}

function definedOf<Value>(
  fields: Readonly<Record<string, Value | undefined>>,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

function settingsFrom(layout: DeviceLayout, fields: KeyValues): BootSettings {
  const path = layout.bootSettings;
  const { adapter, mode = 'overlay', tries = '3', soak = '0', options } = fields;
  const wrong = (key: string, value: string) => new SatchelError('boot-setting-wrong', { path, key, value });
  const kind = adapter === undefined ? kindFound(layout) : bootKinds.find((known) => known === adapter);
  if (kind === undefined) throw wrong('adapter', adapter ?? '');
  const knownMode = runModes.find((known) => known === mode);
  if (knownMode === undefined) throw wrong('mode', mode);
  const triesNumber = wholeNumber(tries, 1, mostTries);
  if (triesNumber === undefined) throw wrong('tries', tries);
  const soakSeconds = wholeNumber(soak, 0, longestSoak);
  if (soakSeconds === undefined) throw wrong('soak', soak);
  const bootpart = fields.bootpart ?? (kind === 'olpc' ? undefined : usualPartition);
  return {
    ...{ kind, mode: knownMode, tries: triesNumber, soakSeconds, partition: layout.bootPartition },
    ...(bootpart === undefined ? {} : { bootpart }),
    ...(options === undefined ? {} : { options }),
  };
}

/** What an old image shows: there the links lie on a partition of their own. */
function kindFound(layout: DeviceLayout): BootKind {
  const exists = (name: string) =>
    lstatSync(join(layout.bootPartition, name), { throwIfNoEntry: false }) !== undefined;
  return exists('boot-versions') ? 'olpc-partitioned' : 'olpc';
}

function wholeNumber(text: string, least: number, most: number): number | undefined {
  const number = Number(text);
  return /^\d{1,9}$/.test(text) && number >= least && number <= most ? number : undefined;
}
