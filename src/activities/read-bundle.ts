import { basename } from 'node:path';
import { type ByteString, byteStringFromText, displayOf, textOf } from '../base/byte-string.ts';
import { throwIfCancelled } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import { type Reporter, silentReporter } from '../base/progress.ts';
import { createArchiveTree } from '../build/archive-tree.ts';
import { type Content, type ContentIntake, createContentIntake } from '../build/content-intake.ts';
import type { ContentSink } from '../build/content-sink.ts';
import { chunkingLimit, type IndexEntry } from '../build/entry.ts';
import { isTreePath } from '../build/entry-rules.ts';
import { readProgress } from '../build/read-progress.ts';
import { entriesOf } from '../build/tree.ts';
import type { ExpansionLimit } from '../formats/expansion-limit.ts';
import { openZip, type ZipArchive, type ZipMember } from '../formats/zip.ts';
import { type BundleInfo, isBundleFolder, longestBundlePath } from '../repository/bundle-record.ts';
import { longestIcon } from '../repository/group-record.ts';
import { bundleInfo, infoLimit, infoPaths } from './bundle-info.ts';

/** A bundle that has been read to its end and found sound. */
export type ReadBundle = {
  readonly info: BundleInfo;
  /** The tree of its folder, which is the root. */
  readonly entries: readonly IndexEntry[];
  /** The bytes of its picture, where that is small enough to be shown in lists. */
  readonly icon?: Uint8Array | undefined;
};

export type ReadBundleOptions = {
  readonly reporter?: Reporter | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly limit?: ExpansionLimit;
};

/**
 * Bundles are zips of some megabytes; content of many gigabytes is published as a directory. Text is packed to a
 * twentieth, and deflate makes a thousandth of zeros: a hundred times of more than 64 MiB is what only a bomb grows to.
 * A sparse map or sound may be as dense as it likes below that.
 */
export const bundleLimit: ExpansionLimit = { absolute: 8 * 2 ** 30, floor: 64 * 2 ** 20, ratio: 100 };

/**
 * Reads a `.xo` or `.xol` into the entries of a tree and gives its objects to the sink. Nothing is unpacked. Whatever
 * wrote the zip, files are owned by root with mode 0644 or 0755 here: on a device they belong to who uses it.
 * Throws `bundle-…`, `zip-…`, `cancelled`.
 */
export async function readBundle(
  path: string,
  sink: ContentSink,
  options: ReadBundleOptions = {},
): Promise<ReadBundle> {
  const { limit = bundleLimit, signal } = options;
  const archive = basename(path);
  const zip = await openZip(path, { limit, signal, maximumMembers: 100_000 });
  try {
    return await readMembers(zip, archive, createContentIntake(sink), options);
  } finally {
    zip.close();
  }
}

async function readMembers(
  { members }: ZipArchive,
  archive: string,
  intake: ContentIntake,
  { reporter = silentReporter, signal }: ReadBundleOptions,
): Promise<ReadBundle> {
  const folder = folderOf(members, archive);
  const progress = readProgress(reporter);
  const tree = createArchiveTree({
    impliedMtime: undefined,
    onRepeated(path) {
      throw new SatchelError('bundle-path-repeated', { archive, path: displayOf(path) });
    },
  });
  const below = (member: ZipMember) => member.path.slice(folder.length + 1) as ByteString;
  const wanted = infoPaths(members.map(below));
  const texts = new Map<ByteString, string>();
  const directories = new Set<ByteString>();
  for (const member of members) {
    throwIfCancelled(signal);
    const path = below(member);
    if (member.type === 'directory') {
      // Zips list a directory as often as they like.
      if (path !== '' && !directories.has(path))
        tree.place({ type: 'directory', path, ...owned(member, 0o755) });
      directories.add(path);
    } else
      tree.place({ type: 'file', path, ...owned(member, modeOf(member)), ...(await take(member, path)) });
    progress.entry();
  }
  progress.finish();
  const { names } = tree;
  const isFile = (path: ByteString) => names.get(path)?.type === 'file';
  const info = bundleInfo({ archive, folder: nameOf(folder, archive), isFile, texts });
  return { info, entries: entriesOf(names), icon: await readIcon() };

  async function readIcon(): Promise<Uint8Array | undefined> {
    const path = info.icon === undefined ? undefined : `${folder}/${byteStringFromText(info.icon)}`;
    const member = members.find((each) => each.path === path);
    return member === undefined || member.size > longestIcon ? undefined : readWhole(member);
  }

  async function take(member: ZipMember, path: ByteString): Promise<Content> {
    if (!wanted.has(path)) return readContent(member, intake);
    if (member.size > infoLimit)
      throw new SatchelError('bundle-info-too-long', { archive, info: displayOf(path), limit: infoLimit });
    const bytes = await readWhole(member);
    texts.set(path, bytes.toString('utf8'));
    const { content, pressure } = intake.whole(bytes, true);
    await pressure;
    return content;
  }
}

/** The one directory that everything lies in. */
function folderOf(members: readonly ZipMember[], archive: string): ByteString {
  const [first] = members;
  if (first === undefined) throw new SatchelError('bundle-empty', { archive });
  const folder = first.path.split('/')[0] as ByteString;
  for (const { path, type } of members) {
    if (path.length > longestBundlePath) throw pathTooLong(path, archive);
    const outside = path !== folder && !path.startsWith(`${folder}/`);
    if (outside || (path === folder && type !== 'directory') || !isTreePath(path) || path.includes('\\'))
      throw new SatchelError('bundle-path-outside', { archive, path: displayOf(path).slice(0, 200) });
    if (type !== 'file' && type !== 'directory')
      throw new SatchelError('bundle-special-file', { archive, path: displayOf(path) });
  }
  return folder;
}

/** Refuses a path that devices could not make, folder and all. */
export function pathTooLong(path: ByteString, archive: string): SatchelError {
  const start = displayOf(path).slice(0, 200);
  return new SatchelError('bundle-path-too-long', { archive, path: start, limit: longestBundlePath });
}

/** The folder as text: other names than UTF-8 can be no name in a signed record. */
function nameOf(folder: ByteString, archive: string): string {
  const name = textOf(folder);
  if (name !== undefined && isBundleFolder(name)) return name;
  throw new SatchelError('bundle-folder-unusable', { archive, folder: displayOf(folder) });
}

function owned({ mtime }: ZipMember, mode: number) {
  return { mode, uid: 0, gid: 0, mtime: [mtime, 0], xattrs: [] } as const;
}

function modeOf({ mode }: ZipMember): number {
  return mode !== undefined && (mode & 0o111) !== 0 ? 0o755 : 0o644;
}

async function readContent(member: ZipMember, intake: ContentIntake): Promise<Content> {
  if (member.size <= chunkingLimit) {
    const { content, pressure } = intake.whole(await readWhole(member), true);
    await pressure;
    return content;
  }
  for await (const bytes of member.content()) await intake.push(bytes);
  return intake.finish();
}

/** For small members. yauzl ends a stream that is longer than the directory of the zip says. */
async function readWhole(member: ZipMember): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const bytes of member.content()) pieces.push(bytes);
  return Buffer.concat(pieces);
}
