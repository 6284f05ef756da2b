import { hash } from 'node:crypto';
import fc from 'fast-check';
import type { ByteString } from '../../src/base/byte-string.ts';
import type { Sha256 } from '../../src/base/identifiers.ts';
import { chunkingLimit, type IndexEntry, type InodeEntry } from '../../src/build/entry.ts';
import { emptySha256, isTreePath, parentOf } from '../../src/build/entry-rules.ts';
import { entriesOf, impliedDirectory, type TreeNames } from '../../src/build/tree.ts';

/** For property tests: bytes from a small alphabet with everything that has to be escaped or is not UTF-8. */
const awkwardBytes = fc
  .array(
    fc.constantFrom('a', 'b', '-', ' ', '"', '\\', '\n', '\x7f', '\xc3\xa9', '\xe2\x80\xa8', '\xff', '\x80'),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .map((parts) => parts.join('') as ByteString);

const paths = fc
  .array(awkwardBytes, { minLength: 1, maxLength: 4 })
  .map((segments) => segments.join('/') as ByteString)
  .filter(isTreePath);

const sha256s = fc.nat().map((seed) => hash('sha256', String(seed)) as Sha256);

const metadata = fc.record(
  {
    path: fc.constant('' as ByteString),
    mode: fc.integer({ min: 0, max: 0o7777 }),
    uid: fc.integer({ min: 0, max: 2 ** 32 - 2 }),
    gid: fc.integer({ min: 0, max: 2 ** 32 - 2 }),
    user: awkwardBytes,
    group: awkwardBytes,
    mtime: fc.tuple(fc.maxSafeInteger(), fc.integer({ min: 0, max: 999_999_999 })),
    xattrs: fc
      .uniqueArray(fc.record({ name: awkwardBytes, value: awkwardBytes }, { noNullPrototype: true }), {
        selector: ({ name }) => name,
        maxLength: 3,
      })
      .map((list) => list.sort((one, other) => (one.name < other.name ? -1 : 1))),
  },
  { requiredKeys: ['path', 'mode', 'uid', 'gid', 'mtime', 'xattrs'] },
);

const small = fc
  .tuple(fc.integer({ min: 0, max: chunkingLimit }), sha256s)
  .map(([size, sha256]) => ({ size, sha256: size === 0 ? emptySha256 : sha256 }));

const chunked = fc
  .tuple(
    sha256s,
    fc.array(fc.tuple(sha256s, fc.integer({ min: 1, max: chunkingLimit })), { minLength: 1, maxLength: 4 }),
  )
  .map(([sha256, rest]) => {
    const chunks = [[sha256, chunkingLimit] as const, ...rest].map(([name, size]) => ({
      sha256: name,
      size,
    }));
    return { size: chunks.reduce((sum, { size }) => sum + size, 0), sha256, chunks };
  });

const device = fc.tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }));

const inodes: fc.Arbitrary<InodeEntry> = fc.oneof(
  metadata.map((fields) => ({ type: 'directory' as const, ...fields })),
  metadata.map((fields) => ({ type: 'fifo' as const, ...fields })),
  fc
    .tuple(metadata, fc.oneof(small, chunked))
    .map(([fields, content]) => ({ type: 'file' as const, ...fields, ...content })),
  fc
    .tuple(metadata, awkwardBytes)
    .map(([fields, target]) => ({ type: 'symlink' as const, ...fields, target })),
  fc.tuple(metadata, device, fc.constantFrom('char', 'block')).map(([fields, numbers, type]) => ({
    type,
    ...fields,
    device: numbers,
  })),
);

/** Entries of a sound tree: every parent is there and a directory, some inodes have several names. */
export const randomTrees: fc.Arbitrary<IndexEntry[]> = fc
  .array(fc.tuple(paths, inodes, fc.option(paths)), { maxLength: 12 })
  .map((names) => {
    const tree: TreeNames = new Map([['' as ByteString, impliedDirectory('' as ByteString)]]);
    for (const [path, inode, secondName] of names) {
      addName(tree, path, inode);
      if (secondName !== null && tree.get(path) === inode && inode.type !== 'directory')
        addName(tree, secondName, inode);
    }
    return entriesOf(tree);
  });

/** Adds a name unless another is there or something above it is no directory. */
function addName(tree: TreeNames, path: ByteString, inode: InodeEntry): boolean {
  if (tree.has(path)) return false;
  const parent = parentOf(path);
  if (!tree.has(parent) && !addName(tree, parent, impliedDirectory(parent))) return false;
  if (tree.get(parent)!.type !== 'directory') return false;
  tree.set(path, inode);
  return true;
}
