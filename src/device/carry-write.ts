import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { type ByteString, byteStringFromText, bytesOf, pathBelow } from '../base/byte-string.ts';
import type { InodeEntry } from '../build/entry.ts';
import { makeNode, removeXattr } from '../os/system-calls.ts';
import { errnoOf, type SystemPath, withSystemErrors } from '../os/system-error.ts';
import { applyMetadata } from './apply-metadata.ts';
import { type ContentCopier, createContentCopier, giveTurn } from './carry-copy.ts';
import type { CarriedMetadata } from './carry-decide.ts';
import type { CarryStep } from './carry-layer.ts';
import type { CarryPlan } from './carry-plan.ts';
import type { LocalPlace } from './local-inode.ts';

/** What is written of a plan, and into which folder that does not exist yet. */
export type WriteOptions = {
  readonly plan: Pick<CarryPlan, 'steps'>;
  readonly upper: string;
  /** Told after each inode. */
  readonly onWritten?: (count: number) => void;
  readonly signal?: AbortSignal | undefined;
};

type Writing = WriteOptions & {
  /** The first new name of each inode that has several names and is copied as it is. */
  readonly links: Map<bigint, SystemPath>;
  readonly copyContent: ContentCopier;
};

/** Writes an upper directory; nothing in it is shared with another tree. Syncs nothing. Throws `cancelled`. */
export async function writeUpper(options: WriteOptions): Promise<void> {
  const copyContent = createContentCopier(options.signal);
  const writing = { ...options, links: new Map<bigint, SystemPath>(), copyContent };
  const folders: [ByteString, CarriedMetadata][] = [];
  let count = 0;
  for (const [path, step] of options.plan.steps) {
    const place = pathBelow(options.upper, path);
    if (step.do === 'directory') {
      makeFolder(place);
      folders.push([path, step.metadata]);
    } else await writeStep(place, step, writing);
    count += 1;
    options.onWritten?.(count);
    if (count % 100 === 0) await giveTurn(options.signal);
  }
  // What is made in a folder changes its time, and one that may not be written could not be filled.
  for (const [path, metadata] of folders.reverse())
    applyTo(pathBelow(options.upper, path), 'directory', metadata);
}

/** An inherited default ACL would give every file here an ACL. */
function makeFolder(place: SystemPath): void {
  withSystemErrors('mkdir', place, () => mkdirSync(place, { mode: 0o700 }));
  removeXattr(place, byteStringFromText('system.posix_acl_default'));
}

async function writeStep(
  place: SystemPath,
  step: Exclude<CarryStep, { do: 'directory' }>,
  writing: Writing,
): Promise<void> {
  if (step.do === 'whiteout') {
    makeNode(place, 'char', 0, 0, 0);
    return;
  }
  if (step.do === 'write') {
    withSystemErrors('write', place, () =>
      writeFileSync(place, bytesOf(step.content), { flag: 'wx', mode: 0o600 }),
    );
    applyTo(place, 'file', step.metadata);
    return;
  }
  await copy(place, step, writing);
}

async function copy(
  place: SystemPath,
  { from, metadata }: Extract<CarryStep, { do: 'copy' }>,
  { links, copyContent }: Writing,
): Promise<void> {
  const { inode } = from;
  const isWhole = metadata === inode && inode.names > 1;
  const first = isWhole ? links.get(inode.ino) : undefined;
  if (first !== undefined) {
    withSystemErrors('link', place, () => linkSync(first, place));
    return;
  }
  if (inode.type === 'file') {
    const isThere = await copyUnlessGone(() => copyContent(from, place));
    if (!isThere) return;
  } else withSystemErrors('create', place, () => makeSpecial(place, from));
  applyTo(place, inode.type, metadata);
  if (isWhole) links.set(inode.ino, place);
}

/** False when a file of the user has vanished since the layer was looked through. */
async function copyUnlessGone(copying: () => Promise<void>): Promise<boolean> {
  try {
    await copying();
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function makeSpecial(place: SystemPath, { inode }: LocalPlace): void {
  const { type, target, device } = inode;
  if (type === 'symlink') symlinkSync(bytesOf(target!), place);
  else if (type === 'fifo') makeNode(place, 'fifo', 0o600);
  else if (type === 'char' || type === 'block') makeNode(place, type, 0o600, ...device!);
}

function applyTo(place: SystemPath, type: InodeEntry['type'] | 'socket', metadata: CarriedMetadata): void {
  if (type === 'socket') return;
  const { mode, uid, gid, mtime, xattrs } = metadata;
  applyMetadata(place, { type, path: '' as ByteString, mode, uid, gid, mtime, xattrs });
}
