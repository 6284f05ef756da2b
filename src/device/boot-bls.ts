import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { listIfThere } from '../os/if-there.ts';
import { syncFilesystem } from '../os/system-calls.ts';
import { type BlsEntry, entryFile, goodFile, kernelWords, serialiseEntry } from './bls-entry.ts';
import {
  type BlsPlace,
  bytesOfFiles,
  hashFiles,
  placeEntry,
  placeFiles,
  placeFound,
  readEntries,
  removeEntries,
  removeUnused,
  requireDefault,
} from './bls-files.ts';
import { hasBootRoom, requireBootPartition, requireBootRoom } from './boot-partition.ts';
import type { BootPointer, BootState, SwitchOptions } from './boot-pointer.ts';
import type { BootSettings } from './boot-settings.ts';
import { bootFilesOf, requireTree } from './boot-tree.ts';
import type { DeviceLayout } from './layout.ts';

/**
 * The boot pointer of devices with a loader that follows the Boot Loader Specification (systemd-boot): a switch adds an
 * entry of a higher generation, whose boots the loader counts by the entry's name, and then takes away those that are
 * needed no longer. Files on the partition are never rewritten: the file system there (FAT) has no journal.
 */
export function blsBootPointer(layout: DeviceLayout, settings: BootSettings): BootPointer {
  return {
    kind: 'bls',
    read: () => stateOf(readEntries(layout)),
    switchTo: (build, alternate, options) => switchTo(layout, settings, { build, alternate, ...options }),
    triesLeft: (build) => entryOf(readEntries(layout), build)?.triesLeft,
    markGood: (build) => markGood(layout, build),
    forgetOthers: (kept) => forgetOthers(layout, kept),
  };
}

type Switch = SwitchOptions & { readonly build: BuildName; readonly alternate?: BuildName | undefined };

function stateOf(entries: readonly BlsEntry[]): BootState {
  const current = entries[0]?.build;
  if (current === undefined) return {};
  const alternate = entries.find(({ build }) => build !== current)?.build;
  return alternate === undefined ? { current } : { current, alternate };
}

/** The entry that counts for a build: its newest. */
function entryOf(entries: readonly BlsEntry[], build: BuildName): BlsEntry | undefined {
  const [first, ...others] = entries.filter((entry) => entry.build === build);
  return others.reduce((best, entry) => (entry.generation > (best?.generation ?? 0) ? entry : best), first);
}

function switchTo(layout: DeviceLayout, settings: BootSettings, { build, alternate, tries }: Switch): void {
  for (const name of [build, alternate]) if (name !== undefined) requireTree(layout, name);
  if (settings.options === undefined) throw new SatchelError('boot-options-missing');
  requireBootPartition(layout);
  removeUnused(layout);
  const before = readEntries(layout);
  const words = (name: BuildName) => kernelWords(settings.options ?? '', name);
  if (isSet(layout, before, { build, alternate }, words(build))) {
    // An earlier switch to it may have been interrupted after the entry was written.
    syncFilesystem(layout.bootPartition);
    removeOlder(layout, build, alternate);
    removeUnused(layout);
    return;
  }
  const keep: string[] = [build, alternate, before[0]?.build].filter((name) => name !== undefined);
  const writeEntry = (name: BuildName, place: BlsPlace, counted: number | undefined) => {
    const generation = 1 + readEntries(layout).reduce((most, entry) => Math.max(most, entry.generation), 0);
    const text = serialiseEntry({ generation, build: name, ...place, options: words(name) });
    placeEntry(layout, entryFile(generation, name, counted), text);
  };
  const isNew = alternate !== undefined && alternate !== build && entryOf(before, alternate) === undefined;
  for (const name of [build, ...(isNew ? [alternate] : [])]) bootFilesOf(layout, name);
  if (isNew) writeEntry(alternate, findOrPlaceFiles(layout, alternate, keep), undefined);
  const place = findOrPlaceFiles(layout, build, keep);
  requireDefault(layout);
  syncFilesystem(layout.versions);
  writeEntry(build, place, tries);
  removeOlder(layout, build, alternate);
  removeUnused(layout);
}

/** True when the entries say already what a switch is to make them say, with the files that the version has now. */
function isSet(layout: DeviceLayout, entries: readonly BlsEntry[], wanted: Switch, words: string): boolean {
  const [first] = entries;
  if (first?.build !== wanted.build || first.options !== words) return false;
  if (stateOf(entries).alternate !== wanted.alternate) return false;
  return placeFound(layout, hashFiles(bootFilesOf(layout, wanted.build)), [first]) !== undefined;
}

/** Where the files of a version lie; copied there if they do not yet. */
function findOrPlaceFiles(layout: DeviceLayout, build: BuildName, keep: readonly string[]): BlsPlace {
  const files = hashFiles(bootFilesOf(layout, build));
  const found = placeFound(layout, files, readEntries(layout));
  if (found !== undefined) return found;
  const bytes = bytesOfFiles(layout, files);
  // Where they do not fit, those go first that nothing will name after the switch.
  if (!hasBootRoom(layout, bytes)) forgetOthers(layout, new Set([...keep, ...listIfThere(layout.sticky)]));
  requireBootRoom(layout, build, bytes);
  return placeFiles(layout, build, files);
}

/** Of two versions one entry each stays, the newest. */
function removeOlder(layout: DeviceLayout, build: BuildName, alternate: BuildName | undefined): void {
  const entries = readEntries(layout);
  const kept = [build, alternate].map((name) => name && entryOf(entries, name));
  removeEntries(
    layout,
    entries.filter((entry) => !kept.includes(entry)),
  );
}

/** The entry gets its name without counter: first both names, so that at no moment there is none. */
function markGood(layout: DeviceLayout, build: BuildName): void {
  requireBootPartition(layout);
  removeUnused(layout);
  const entries = readEntries(layout);
  const entry = entryOf(entries, build);
  if (entry?.triesLeft !== undefined) placeEntry(layout, goodFile(entry.file), serialiseEntry(entry));
  const counted = entries.filter((one) => one.build === build && one.triesLeft !== undefined);
  removeEntries(layout, counted);
}

function forgetOthers(layout: DeviceLayout, kept: ReadonlySet<string>): void {
  const entries = readEntries(layout);
  const { current } = stateOf(entries);
  if (current === undefined) return;
  removeEntries(
    layout,
    entries.filter(({ build }) => build !== current && !kept.has(build)),
  );
  removeUnused(layout);
}
