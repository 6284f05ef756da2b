import type { BigIntStats } from 'node:fs';
import type { InodeEntry, ModificationTime, Xattr } from '../build/entry.ts';
import { unpackDevice } from '../os/device-numbers.ts';
import { listXattrs } from '../os/system-calls.ts';
import type { SystemPath } from '../os/system-error.ts';
import type { OwedPart } from './apply-metadata.ts';
import type { DamageReason } from './damage.ts';

/** What is excused when an inode is compared with its entry. */
export type Excuses = {
  /** What is owed to the path. */
  readonly owed?: ReadonlySet<OwedPart> | undefined;
  /** The time that the disk had when the entry was known to be right, in nanoseconds. */
  readonly recordedTime?: bigint | undefined;
};

const typeBits: Readonly<Record<InodeEntry['type'], bigint>> = {
  fifo: 0o010000n,
  char: 0o020000n,
  directory: 0o040000n,
  block: 0o060000n,
  file: 0o100000n,
  symlink: 0o120000n,
};
const setIdBits = 0o6000;

/**
 * What `lstat` shows to be different from the entry, or undefined. Content, link target and extended
 * attributes are not looked at.
 */
export function statDifference(
  entry: InodeEntry,
  stat: BigIntStats,
  { owed, recordedTime }: Excuses = {},
): DamageReason | undefined {
  if ((stat.mode & 0o170000n) !== typeBits[entry.type]) return 'type';
  if (entry.type === 'file' && stat.size !== BigInt(entry.size)) return 'content';
  if (entry.type === 'char' || entry.type === 'block') {
    const [major, minor] = unpackDevice(stat.rdev);
    if (major !== entry.device[0] || minor !== entry.device[1]) return 'device';
  }
  const ownerDiffers = Number(stat.uid) !== entry.uid || Number(stat.gid) !== entry.gid;
  if (ownerDiffers && !owed?.has('owner')) return 'owner';
  if (entry.type !== 'symlink' && modeDiffers(entry.mode, Number(stat.mode & 0o7777n), owed)) return 'mode';
  if (stat.mtimeNs !== nanoseconds(entry.mtime) && stat.mtimeNs !== recordedTime) return 'time';
  return undefined;
}

/** True when extended attributes are not those of the entry, as far as this user can see them. */
export function attributesDiffer(
  path: SystemPath,
  expected: readonly Xattr[],
  owed: ReadonlySet<OwedPart> | undefined,
): boolean {
  if (owed?.has('xattr')) return false;
  const isRoot = process.geteuid?.() === 0;
  const visible = (xattr: Xattr) => isRoot || !xattr.name.startsWith('trusted.');
  const wanted = new Map(expected.filter(visible).map(({ name, value }) => [name, value]));
  for (const { name, value } of listXattrs(path)) {
    const right = wanted.get(name);
    if (right === undefined ? !isMadeBySystem(name) : right !== value) return true;
    wanted.delete(name);
  }
  return wanted.size > 0;
}

/**
 * True when `actual` is what a file system makes of `wanted` that keeps coarser times (JFFS2: seconds) or has
 * an earlier end of time (32 bits: 2038, ext4: 2446).
 */
export function isTimeAsStored(wanted: ModificationTime, actual: bigint): boolean {
  const [seconds] = wanted;
  const difference = nanoseconds(wanted) - actual;
  if (difference >= 0n && difference < 1_000_000_000n) return true;
  return seconds < -(2 ** 31) || seconds >= 2 ** 31;
}

/** A time of an entry in nanoseconds since 1970. */
export function nanoseconds([seconds, rest]: ModificationTime): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(rest);
}

function modeDiffers(wanted: number, actual: number, owed: ReadonlySet<OwedPart> | undefined): boolean {
  return actual !== wanted && !(owed?.has('mode') && actual === (wanted & ~setIdBits));
}

/** Labels that security modules put on every file by themselves. */
function isMadeBySystem(name: string): boolean {
  return (
    name === 'security.selinux' ||
    name === 'security.ima' ||
    name === 'security.evm' ||
    name.startsWith('security.SMACK64')
  );
}
