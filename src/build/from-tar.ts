import { type ByteString, displayOf } from '../base/byte-string.ts';
import { throwIfCancelled } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import { type Reporter, silentReporter } from '../base/progress.ts';
import type { TarMember } from '../formats/tar.ts';
import { type ArchiveTree, createArchiveTree } from './archive-tree.ts';
import { type Content, type ContentIntake, createContentIntake } from './content-intake.ts';
import type { ContentSink } from './content-sink.ts';
import { countedNotices } from './counted-notices.ts';
import { chunkingLimit, type IndexEntry, type ModificationTime } from './entry.ts';
import { isTreePath } from './entry-rules.ts';
import { checkedDevice, checkedMetadata, checkedPath, checkedTarget, symlinkMode } from './member-inode.ts';
import { applyPristineRule } from './pristine-rule.ts';
import { type ReadProgress, readProgress } from './read-progress.ts';
import { entriesOf, modificationTimeOf } from './tree.ts';

/** How a tree is read into a build. */
export type BuildOptions = {
  /**
   * Sets every modification time to this moment (milliseconds since 1970), as the old image builder set them
   * all to 2007-11-02 12:00:00Z. Without it times are kept as they are.
   */
  readonly clampMtime?: number | undefined;
  readonly reporter?: Reporter | undefined;
  readonly signal?: AbortSignal | undefined;
};

type Reader = {
  readonly intake: ContentIntake;
  readonly progress: ReadProgress;
  readonly clamped: ModificationTime | undefined;
  readonly signal: AbortSignal | undefined;
};

/**
 * Reads the members of a tar into the entries of a build, as GNU tar would extract them, and gives every
 * distinct object to the sink while the stream passes. Nothing is unpacked; memory holds the entries and a few
 * MiB. Content below `versions/` that the pristine rule leaves out may reach the sink too: nothing refers to it.
 * Throws the `tree-…` codes for what escapes, collides or cannot exist, and `cancelled`.
 */
export async function buildFromTar(
  members: AsyncIterable<TarMember>,
  sink: ContentSink,
  options: BuildOptions = {},
): Promise<IndexEntry[]> {
  const { reporter = silentReporter, signal } = options;
  const clamped = options.clampMtime === undefined ? undefined : modificationTimeOf(options.clampMtime);
  const repeated = countedNotices(reporter, 'tree-path-repeated', 'tree-paths-repeated');
  const tree = createArchiveTree({ impliedMtime: clamped, onRepeated: repeated.add });
  const progress = readProgress(reporter);
  const reader: Reader = { intake: createContentIntake(sink), progress, clamped, signal };
  for await (const member of members) {
    throwIfCancelled(signal);
    await addMember(tree, member, reader);
    progress.entry();
  }
  repeated.finish();
  progress.finish();
  return entriesOf(applyPristineRule(tree.names, reporter));
}

async function addMember(tree: ArchiveTree, member: TarMember, reader: Reader): Promise<void> {
  const path = treePath(member.path, () => escapes(member));
  if (member.type === 'hardlink') {
    tree.link(path, linkTarget(member));
    return;
  }
  const metadata = checkedMetadata(path, member, reader.clamped);
  const { type } = member;
  switch (type) {
    case 'file':
      tree.place({ type, path, ...metadata, ...(await readContent(member, reader)) });
      return;
    case 'symlink':
      tree.place({ type, path, ...metadata, mode: symlinkMode, target: checkedTarget(path, member.link) });
      return;
    case 'char':
    case 'block':
      tree.place({ type, path, ...metadata, device: checkedDevice(path, type, member.device) });
      return;
    default:
      tree.place({ type, path, ...metadata });
  }
}

/** The path inside the tree; `.` and doubled slashes mean nothing, `..` and a leading slash are refused. */
function treePath(raw: ByteString, problem: () => SatchelError): ByteString {
  if (isTreePath(raw)) return raw;
  if (raw.startsWith('/')) throw problem();
  const segments = raw.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..')) throw problem();
  return checkedPath(segments.join('/') as ByteString);
}

function escapes(member: TarMember): SatchelError {
  return new SatchelError('tree-path-escapes', {
    path: displayOf(member.path),
    position: member.position,
  });
}

function linkTarget(member: TarMember): ByteString {
  const link = member.link ?? ('' as ByteString);
  return treePath(
    link,
    () => new SatchelError('tree-link-escapes', { path: displayOf(member.path), link: displayOf(link) }),
  );
}

async function readContent(member: TarMember, reader: Reader): Promise<Content> {
  if (member.size > chunkingLimit) return readLargeContent(member, reader);
  const reading = member.readWhole(chunkingLimit);
  const bytes = reading instanceof Uint8Array ? reading : await reading;
  if (bytes.length !== member.size) throw wrongLength(member, bytes.length);
  reader.progress.bytes(bytes.length);
  const { content, pressure } = reader.intake.whole(bytes, false);
  if (pressure !== undefined) await pressure;
  return content;
}

async function readLargeContent(member: TarMember, { intake, progress, signal }: Reader): Promise<Content> {
  for await (const bytes of member.content) {
    throwIfCancelled(signal);
    await intake.push(bytes);
    progress.bytes(bytes.length);
  }
  const content = await intake.finish();
  if (content.size !== member.size) throw wrongLength(member, content.size);
  return content;
}

/** The reader of the archive keeps to the size in the header, so this is a second pair of eyes. */
function wrongLength(member: TarMember, bytes: number): SatchelError {
  return new SatchelError('tree-content-wrong-length', {
    path: displayOf(member.path),
    bytes,
    expected: member.size,
  });
}
