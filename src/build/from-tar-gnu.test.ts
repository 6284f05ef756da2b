/** GNU tar is the oracle: what it extracts from an archive is the tree that we read from it without unpacking. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ByteString } from '../base/byte-string.ts';
import type { MessageCode } from '../base/catalogue.ts';
import { isSatchelError, type SatchelError } from '../base/errors.ts';
import { readTar } from '../formats/tar.ts';
import { tarArchive } from '../formats/tar-writer.ts';
import { compareIndexes } from './compare.ts';
import type { ContentSink } from './content-sink.ts';
import type { IndexEntry } from './entry.ts';
import { buildFromDirectory } from './from-directory.ts';
import { buildFromTar } from './from-tar.ts';

type Member = Parameters<typeof tarArchive>[0][number];

const skip =
  process.getuid?.() === 0
    ? false
    : 'only root can extract owners and devices: run the tests as root for this one';

/** Refusals of archives that tar would extract somehow, but that nobody makes from a tree. */
const stricter: MessageCode[] = ['tree-through-symlink', 'tree-link-to-directory'];

const nowhere: ContentSink = { add: () => undefined };
const common = { mode: 0o755, uid: 0, gid: 0, mtime: [1_000_000_000, 0], size: 0, xattrs: [] } as const;

const paths = fc.constantFrom(
  'a',
  'b',
  'c',
  'd',
  'e',
  'd/a',
  'd/b',
  'e/d',
  'e/d/a',
  'd/\xff',
  'e/x y',
) as fc.Arbitrary<ByteString>;

const metadata = fc.record({
  mode: fc.constantFrom(0, 0o644, 0o4755, 0o2711, 0o1777),
  uid: fc.constantFrom(0, 12, 4_000_000_000),
  gid: fc.constantFrom(0, 34),
  mtime: fc.tuple(
    fc.integer({ min: -2_000_000_000, max: 4_000_000_000 }),
    fc.constantFrom(0, 5, 999_999_999),
  ),
});

const xattrs = fc.constantFrom(
  [],
  [{ name: 'user.x' as ByteString, value: 'a\0\xff\n=' as ByteString }],
  // cap_net_raw, as on ping.
  [
    {
      name: 'security.capability' as ByteString,
      value: '\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0' as ByteString,
    },
  ],
);

const members: fc.Arbitrary<Member> = fc
  .record({
    path: paths,
    type: fc.constantFrom(
      'file',
      'file',
      'file',
      'directory',
      'symlink',
      'hardlink',
      'hardlink',
      'char',
      'fifo',
    ),
    metadata,
    xattrs,
    link: fc.oneof(paths, fc.constantFrom('../x', '/nowhere/at/all', 'd') as fc.Arbitrary<ByteString>),
    hardLink: paths,
    body: fc.constantFrom('', 'one', 'two'),
  })
  .map(({ path, type, link, hardLink, body, ...rest }) => ({
    path,
    type,
    size: 0,
    ...rest.metadata,
    xattrs: type === 'file' ? rest.xattrs : [],
    ...(type === 'symlink' ? { link } : type === 'hardlink' ? { link: hardLink } : {}),
    ...(type === 'char' ? { device: [1, 3] as const } : {}),
    ...(type === 'file' ? { bytes: Buffer.from(body) } : {}),
  }));

/** Directories that nothing implies, because what tar makes of those depends on the umask and the hour. */
const directories: Member[] = ['', 'd', 'e', 'e/d'].map((path) => ({
  ...common,
  type: 'directory',
  path: path as ByteString,
}));

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function ours(archive: Uint8Array): Promise<IndexEntry[] | SatchelError> {
  try {
    return await buildFromTar(readTar(once(archive)), nowhere);
  } catch (error) {
    if (isSatchelError(error)) return error;
    throw error;
  }
}

// With -P tar makes symlinks at once. Otherwise it keeps a placeholder for those that lead outside, and takes a file
// that got the placeholder's inode number for it (tar 1.34).
const extraction = [
  '-P',
  '--numeric-owner',
  '-xp',
  '--xattrs',
  '--xattrs-include=*',
  '--delay-directory-restore',
  '-f',
];

async function theirs(archive: Uint8Array, folder: string): Promise<IndexEntry[] | string> {
  const tree = join(folder, 'tree');
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree);
  writeFileSync(join(folder, 'archive.tar'), archive);
  const tar = spawnSync('tar', [...extraction, '../archive.tar'], { cwd: tree, encoding: 'latin1' });
  return tar.status === 0 ? buildFromDirectory(tree, nowhere) : tar.stderr;
}

test('an archive read is the tree that GNU tar extracts, and what tar fails at is refused', {
  skip,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'satchel-gnu-'));
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(members, { maxLength: 10 }), async (list) => {
        const archive = tarArchive([...directories, ...list]);
        const read = await ours(archive);
        // Before anything is extracted: tar would follow a symlink, out of the folder too.
        if (!Array.isArray(read) && stricter.includes(read.code)) return;
        const extracted = await theirs(archive, folder);
        if (!Array.isArray(read)) {
          assert.equal(typeof extracted, 'string', read.message);
          return;
        }
        assert.ok(Array.isArray(extracted), String(extracted));
        assert.deepEqual(compareIndexes(extracted, read).changes, []);
        assert.deepEqual(read, extracted);
      }),
      { numRuns: 400 },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a directory and the tar that GNU tar makes of it are the same build', { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'satchel-gnu-'));
  try {
    const tree = join(folder, 'tree');
    mkdirSync(join(tree, 'etc'), { recursive: true });
    mkdirSync(join(tree, 'x'.repeat(200), 'y'.repeat(200)), { recursive: true });
    writeFileSync(join(tree, 'etc/passwd'), 'root:x:0:0::/:\nfake:x:0:\nuser:x:12:\n');
    writeFileSync(join(tree, 'etc/group'), 'root:x:0:\n');
    writeFileSync(join(tree, 'large'), Buffer.alloc(5_000_000, 'satchel'));
    execFileSync('sh', [
      '-ec',
      `cd "$1"; ln large z; ln large etc/z; ln -s ../../nowhere s; mkfifo p; mknod c c 5 1; mknod b b 8 300
      chown 12:0 large; chmod 4755 z; chmod 0 etc/group; touch -h -d '1955-11-05 06:00:00.123456789' s p
      setfattr -n user.note -v 0xff00 large 2>/dev/null || true
      truncate -s 3000000 sparse; printf end >> sparse; touch "$(printf 'bad\\377name')"`,
      'sh',
      tree,
    ]);
    execFileSync(
      'tar',
      [
        '--format=pax',
        '--xattrs',
        '--xattrs-include=*',
        '-S',
        '-C',
        tree,
        '-cf',
        join(folder, 'archive.tar'),
        '.',
      ],
      {
        stdio: 'ignore',
      },
    );
    const archive = execFileSync('cat', [join(folder, 'archive.tar')], { maxBuffer: 2 ** 30 });
    const withoutNames = (entries: IndexEntry[]) =>
      entries.map((entry) => {
        if (entry.type === 'hardlink') return entry;
        const { user: _user, group: _group, ...rest } = entry;
        return rest;
      });
    const fromTar = await buildFromTar(readTar(once(archive)), nowhere);
    const fromDirectory = await buildFromDirectory(tree, nowhere);
    assert.deepEqual(withoutNames(fromTar), withoutNames(fromDirectory));
    assert.equal(fromDirectory.length, 15);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
