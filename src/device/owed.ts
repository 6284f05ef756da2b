import { type ByteString, byteString, bytesOf, textOf } from '../base/byte-string.ts';
import type { BuildName } from '../base/identifiers.ts';
import { type EntryList, pathOf } from '../build/index-table.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import type { Owed, OwedPart } from './apply-metadata.ts';
import { type DeviceLayout, owedFile } from './layout.ts';
import { readIfPresent } from './state-file.ts';

/** What is owed to each path of a version. */
export type OwedByPath = ReadonlyMap<ByteString, ReadonlySet<OwedPart>>;

const parts: readonly string[] = ['owner', 'mode', 'xattr', 'device'] satisfies OwedPart[];

/** Records what is owed to a version, one JSON line a path (`path`, or `path64` when it is not UTF-8). */
export function writeOwed(layout: DeviceLayout, name: BuildName, owed: Iterable<Owed>): void {
  const lines: string[] = [];
  for (const [path, what] of groupOwed(owed)) {
    const text = textOf(path);
    const key = text === undefined ? { path64: bytesOf(path).toString('base64') } : { path: text };
    lines.push(`${JSON.stringify({ ...key, owed: [...what] })}\n`);
  }
  writeFileAtomic(owedFile(layout, name), lines.join(''));
}

/** What is owed to a version; empty when nothing is. Lines that cannot be read are passed over. */
export function readOwed(layout: DeviceLayout, name: BuildName): OwedByPath {
  const found: Owed[] = [];
  for (const line of (readIfPresent(owedFile(layout, name)) ?? '').split('\n')) {
    if (line !== '') found.push(...parseLine(line));
  }
  return groupOwed(found);
}

/** What is owed to inodes of a version that the next one shares: the same is owed to that one. */
export function carriedOwed(owed: OwedByPath, entries: EntryList, linked: Iterable<number>): Owed[] {
  if (owed.size === 0) return [];
  const carried: Owed[] = [];
  for (const number of linked) {
    const path = pathOf(entries, number)!;
    for (const what of owed.get(path) ?? []) carried.push({ path, what });
  }
  return carried;
}

/** To how many paths of a version something is owed. */
export function countOwed(layout: DeviceLayout, name: BuildName): number {
  return (readIfPresent(owedFile(layout, name)) ?? '').split('\n').length - 1;
}

/** What is owed, by path. */
export function groupOwed(owed: Iterable<Owed>): Map<ByteString, Set<OwedPart>> {
  const byPath = new Map<ByteString, Set<OwedPart>>();
  for (const { path, what } of owed) {
    const known = byPath.get(path);
    if (known) known.add(what);
    else byPath.set(path, new Set([what]));
  }
  return byPath;
}

/** A damaged line excuses nothing: verifying then reports what it would have excused. */
function parseLine(line: string): Owed[] {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return [];
  }
  if (typeof value !== 'object' || value === null) return [];
  const { path, path64, owed } = value as Record<string, unknown>;
  const raw =
    typeof path === 'string'
      ? byteString(Buffer.from(path, 'utf8'))
      : typeof path64 === 'string'
        ? byteString(Buffer.from(path64, 'base64'))
        : undefined;
  if (raw === undefined || !Array.isArray(owed)) return [];
  return owed.filter(isPart).map((what) => ({ path: raw, what }));
}

function isPart(value: unknown): value is OwedPart {
  return typeof value === 'string' && parts.includes(value);
}
