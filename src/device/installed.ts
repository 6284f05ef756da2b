import { hash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { type BuildName, buildName, isSha256, type Sha256 } from '../base/identifiers.ts';
import { indexLimit } from '../build/entry-rules.ts';
import { IndexTable } from '../build/index-table.ts';
import { isZstdFrame } from '../formats/compression-magic.ts';
import { compressZstdNow, decompressBounded } from '../formats/zstd.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readFileIfThere } from '../os/if-there.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { type DeviceLayout, indexFile, recordFile } from './layout.ts';
import { type Fields, isCount, isOptionalText, readStateFile, writeStateFile } from './state-file.ts';

/** What is kept about a version that is completely on the disk. */
export type InstalledBuild = {
  readonly name: BuildName;
  /** SHA-256 of the uncompressed index. */
  readonly index: Sha256;
  /** Names the build in the old protocol; 64 lower-case letters or digits. */
  readonly contentsHash?: string;
  /** When it was installed, ISO 8601. */
  readonly installedAt: string;
  /** Bytes of all its files, each inode once. */
  readonly size: number;
  /** Lines of its index. */
  readonly entries: number;
  /** Its place in the order of publications. */
  readonly sequence?: number;
  /** When it was first sealed (see seal.ts), ISO 8601; absent for a version that nobody wants sealed. */
  readonly sealedAt?: string;
};

/** A tree in `pristine`; one without a record is incomplete or was not installed by Satchel. */
export type VersionOnDisk = { readonly name: BuildName; readonly record?: InstalledBuild };

const format = 1;

/** Declares a version complete: the last thing that an installation does before the switch. */
export function writeInstalled(layout: DeviceLayout, build: InstalledBuild): void {
  writeStateFile(recordFile(layout, build.name), format, build);
}

/** The record of a version, or undefined when it is not installed. Throws `device-file-…`. */
export function readInstalled(layout: DeviceLayout, name: BuildName): InstalledBuild | undefined {
  const record = readStateFile(recordFile(layout, name), format, parseRecord);
  return record?.name === name ? record : undefined;
}

/** Every tree in `pristine` that has a name a build may have, in order of the names. */
export function listVersions(layout: DeviceLayout): VersionOnDisk[] {
  return namesIn(layout.pristine).map((name) => {
    const record = readIfSound(layout, name);
    return record === undefined ? { name } : { name, record };
  });
}

/** The fastest: an index shrinks to a third by any. */
const indexLevel = 1;

/** Keeps an index, which is given uncompressed and stored in one zstd frame, under its hash, durable. */
export function storeIndex(layout: DeviceLayout, sha256: Sha256, bytes: Uint8Array): void {
  writeIndex(layout, sha256, bytes, { isChecked: false });
}

/** The same without waiting for the disk: for many at once, before the whole file system is synced. */
export function storeIndexUnsynced(layout: DeviceLayout, sha256: Sha256, bytes: Uint8Array): void {
  writeIndex(layout, sha256, bytes, { isChecked: true });
}

function writeIndex(
  layout: DeviceLayout,
  sha256: Sha256,
  bytes: Uint8Array,
  options: { readonly isChecked: boolean },
): void {
  writeFileAtomic(indexFile(layout, sha256), compressZstdNow(bytes, { level: indexLevel }), options);
}

/**
 * The uncompressed bytes of a kept index, or undefined when it is absent or they are not what its name says. One that
 * lies there uncompressed, as they once did, is read too.
 */
export function readStoredIndex(layout: DeviceLayout, sha256: Sha256): Buffer | undefined {
  const stored = readFileIfThere(indexFile(layout, sha256));
  const bytes = stored !== undefined && isZstdFrame(stored) ? unpackIndex(stored) : stored;
  return bytes !== undefined && hash('sha256', bytes) === sha256 ? bytes : undefined;
}

function unpackIndex(stored: Buffer): Buffer | undefined {
  try {
    return decompressBounded(stored, indexLimit);
  } catch (error) {
    if (isSatchelError(error, 'zstd-damaged', 'zstd-too-large')) return undefined;
    throw error;
  }
}

/**
 * The index of an installed version. Throws `version-not-installed`, and `installed-index-damaged` when the
 * kept index is gone or its hash is wrong (it can be fetched again; the tree may still be right).
 */
export function readInstalledIndex(layout: DeviceLayout, name: BuildName): IndexTable {
  const record = readInstalled(layout, name);
  if (record === undefined) throw new SatchelError('version-not-installed', { name });
  const bytes = readStoredIndex(layout, record.index);
  if (bytes === undefined)
    throw new SatchelError('installed-index-damaged', { name, path: indexFile(layout, record.index) });
  // It was checked when it came, and its hash says that it still is what came.
  return IndexTable.ofChecked(bytes);
}

function readIfSound(layout: DeviceLayout, name: BuildName): InstalledBuild | undefined {
  try {
    return readInstalled(layout, name);
  } catch (error) {
    if (isSatchelError(error, 'device-file-damaged', 'device-file-newer')) return undefined;
    throw error;
  }
}

function namesIn(directory: string): BuildName[] {
  const found = withSystemErrors('readdir', directory, () => readdirSync(directory, { withFileTypes: true }));
  return found
    .filter((child) => child.isDirectory())
    .map((child) => nameOrNothing(child.name))
    .filter((name) => name !== undefined)
    .sort();
}

function nameOrNothing(value: string): BuildName | undefined {
  try {
    return buildName(value);
  } catch (error) {
    if (isSatchelError(error, 'name-not-allowed')) return undefined;
    throw error;
  }
}

function parseRecord(fields: Fields): InstalledBuild | undefined {
  const { name, index, contentsHash, installedAt, size, entries, sequence, sealedAt } = fields;
  if (typeof name !== 'string' || typeof index !== 'string' || !isSha256(index)) return undefined;
  if (!isOptionalText(contentsHash) || typeof installedAt !== 'string') return undefined;
  if (!isOptionalText(sealedAt)) return undefined;
  if (!isCount(size) || !isCount(entries)) return undefined;
  if (sequence !== undefined && !isCount(sequence)) return undefined;
  const known = nameOrNothing(name);
  if (known === undefined) return undefined;
  const place = sequence === undefined ? {} : { sequence };
  const seal = sealedAt === undefined ? {} : { sealedAt };
  const record = { name: known, index, installedAt, size, entries, ...place, ...seal };
  return contentsHash === undefined ? record : { ...record, contentsHash };
}
