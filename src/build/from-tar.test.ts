import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import type { ByteString } from '../base/byte-string.ts';
import type { MessageCode, MessageParameters } from '../base/catalogue.ts';
import { silentReporter } from '../base/progress.ts';
import type { TarMember } from '../formats/tar.ts';
import type { ContentSink } from './content-sink.ts';
import type { IndexEntry } from './entry.ts';
import { type BuildOptions, buildFromTar } from './from-tar.ts';
import { parseIndex, serialiseIndex } from './index-format.ts';

type MemberWords = Partial<Omit<TarMember, 'path' | 'link'>> & { body?: Uint8Array | string; link?: string };

function member(path: string, words: MemberWords = {}): TarMember {
  const { body = '', link, ...rest } = words;
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  return {
    path: path as ByteString,
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: [0, 0],
    xattrs: [],
    position: 0,
    size: bytes.length,
    ...(link === undefined ? {} : { link: link as ByteString }),
    readWhole: () => bytes,
    ...rest,
    content: (async function* () {
      for (let start = 0; start < bytes.length; start += 65_536) yield bytes.subarray(start, start + 65_536);
    })(),
  } as TarMember;
}

const directory = (path: string, words: MemberWords = {}) =>
  member(path, { type: 'directory', mode: 0o755, ...words });
const symlink = (path: string, link: string) => member(path, { type: 'symlink', mode: 0o777, link });
const hardLink = (path: string, link: string) => member(path, { type: 'hardlink', link });

async function* stream(members: readonly TarMember[]): AsyncGenerator<TarMember> {
  yield* members;
}

type Result = {
  entries: IndexEntry[];
  objects: Map<string, Uint8Array>;
  notices: [MessageCode, MessageParameters | undefined][];
  /** Path and content of files, link of hard links, type of the rest, in the order of the index. */
  summary: string[];
};

async function build(members: readonly TarMember[], options: BuildOptions = {}): Promise<Result> {
  const objects: Result['objects'] = new Map();
  const notices: Result['notices'] = [];
  const sink: ContentSink = {
    add(sha256, bytes) {
      assert.ok(!objects.has(sha256), 'an object was offered twice');
      assert.equal(hash('sha256', bytes), sha256);
      objects.set(sha256, bytes);
      return undefined;
    },
  };
  const reporter = {
    ...silentReporter,
    notice: (code: MessageCode, parameters?: MessageParameters) => notices.push([code, parameters]),
  };
  const entries = await buildFromTar(stream(members), sink, { reporter, ...options });
  assert.deepEqual([...parseIndex(serialiseIndex(entries))], entries);
  return { entries, objects, notices, summary: entries.map((entry) => summarise(entry, objects)) };
}

function summarise(entry: IndexEntry, objects: Map<string, Uint8Array>): string {
  if (entry.type === 'hardlink') return `${entry.path} -> ${entry.link}`;
  if (entry.type !== 'file') return `${entry.path} ${entry.type}`;
  const bytes = entry.size === 0 ? Buffer.alloc(0) : objects.get(entry.sha256);
  return `${entry.path} ${bytes === undefined ? 'in chunks' : Buffer.from(bytes).toString()}`;
}

const refuses = (members: readonly TarMember[], code: MessageCode, parameters?: MessageParameters) =>
  assert.rejects(build(members), parameters === undefined ? { code } : { code, parameters });

test('everything that a member says is in its entry', async () => {
  const xattrs = [
    { name: 'user.b' as ByteString, value: '\x00\xff' as ByteString },
    { name: 'security.capability' as ByteString, value: 'x' as ByteString },
  ];
  const common = {
    uid: 1,
    gid: 2,
    user: 'u\xff' as ByteString,
    group: 'g' as ByteString,
    mtime: [-5, 999_999_999],
  } as const;
  const { entries } = await build([
    directory('d', { mode: 0o2755, ...common }),
    member('d/f', { mode: 0o104755, body: 'x', xattrs, ...common }),
    member('d/c', { type: 'char', mode: 0, device: [5, 1] }),
    member('d/p', { type: 'fifo' }),
    symlink('d/s', '/etc/../../dangling'),
  ]);
  const inode = { uid: 1, gid: 2, user: 'u\xff', group: 'g', mtime: [-5, 999_999_999] };
  const plain = { uid: 0, gid: 0, mtime: [0, 0], xattrs: [] };
  assert.deepEqual(entries.slice(1), [
    { path: 'd', type: 'directory', mode: 0o2755, ...inode, xattrs: [] },
    { path: 'd/c', type: 'char', mode: 0, ...plain, device: [5, 1] },
    {
      path: 'd/f',
      type: 'file',
      mode: 0o4755,
      ...inode,
      xattrs: [xattrs[1], xattrs[0]],
      size: 1,
      sha256: hash('sha256', 'x'),
    },
    { path: 'd/p', type: 'fifo', mode: 0o644, ...plain },
    { path: 'd/s', type: 'symlink', mode: 0o777, ...plain, target: '/etc/../../dangling' },
  ]);
});

test('the root and other directories that the archive lacks are made', async () => {
  const { entries } = await build([member('a/b/c', { body: 'x' })]);
  assert.deepEqual(
    entries.slice(0, 3).map((entry) => entry),
    ['', 'a', 'a/b'].map((path) => ({
      path,
      type: 'directory',
      mode: 0o755,
      uid: 0,
      gid: 0,
      mtime: [0, 0],
      xattrs: [],
    })),
  );
});

test('a member for the root and later members for made directories give them their metadata, silently', async () => {
  const { entries, notices } = await build([
    directory('', { mode: 0o700, uid: 7 }),
    member('a/b'),
    directory('a', { mode: 0o711 }),
  ]);
  assert.deepEqual(
    entries.map((entry) => entry.type !== 'hardlink' && entry.mode),
    [0o700, 0o711, 0o644],
  );
  assert.deepEqual(notices, []);
});

test('single dots and doubled slashes inside a path mean nothing', async () => {
  const { summary } = await build([
    directory('.'),
    member('a//b', { body: '1' }),
    hardLink('./a/./c', 'a/.//b'),
  ]);
  assert.deepEqual(summary, [' directory', 'a directory', 'a/b 1', 'a/c -> a/b']);
});

test('small files are whole objects, large ones chunks, empty ones none, and equal content is given once', async () => {
  const large = Buffer.alloc(3_000_000, 'satchel');
  const { entries, objects } = await build([
    member('a', { body: 'x' }),
    member('b', { body: 'x' }),
    member('empty'),
    member('large', { body: large }),
    member('again', { body: large }),
  ]);
  const entry = entries.find(({ path }) => path === 'large');
  assert.ok(entry?.type === 'file' && entry.chunks !== undefined);
  assert.equal(entry.sha256, hash('sha256', large));
  assert.ok(Buffer.concat(entry.chunks.map(({ sha256 }) => objects.get(sha256)!)).equals(large));
  assert.equal(objects.size, 1 + new Set(entry.chunks.map(({ sha256 }) => sha256)).size);
});

test('a file of exactly 1 MiB is one object', async () => {
  const { entries, objects } = await build([member('a', { body: Buffer.alloc(1024 * 1024, 1) })]);
  assert.ok(entries[1]!.type === 'file' && entries[1]!.chunks === undefined);
  assert.equal(objects.size, 1);
});

test('the first name of a link group in byte order carries the inode, whichever came first', async () => {
  const { summary } = await build([member('m', { body: '1' }), hardLink('z', 'm'), hardLink('a', 'z')]);
  assert.deepEqual(summary.slice(1), ['a 1', 'm -> a', 'z -> a']);
});

test('symlinks, fifos and devices can have several names too', async () => {
  const { summary } = await build([
    symlink('s', '../x'),
    hardLink('t', 's'),
    member('p', { type: 'fifo' }),
    hardLink('q', 'p'),
  ]);
  assert.deepEqual(summary.slice(1), ['p fifo', 'q -> p', 's symlink', 't -> s']);
});

test('replacing one name of a link group breaks that name off the group', async () => {
  const { summary } = await build([
    member('a', { body: 'old' }),
    hardLink('b', 'a'),
    hardLink('c', 'a'),
    member('a', { body: 'new' }),
    hardLink('d', 'a'),
  ]);
  assert.deepEqual(summary.slice(1), ['a new', 'b old', 'c -> b', 'd -> a']);
});

test('a hard link that takes the place of a file leaves the other names of that file alone', async () => {
  const { summary, notices } = await build([
    member('a', { body: '1' }),
    hardLink('b', 'a'),
    member('x', { body: '2' }),
    hardLink('a', 'x'),
  ]);
  assert.deepEqual(summary.slice(1), ['a 2', 'b 1', 'x -> a']);
  assert.deepEqual(notices, [['tree-path-repeated', { path: 'a' }]]);
});

test('a hard link to itself changes nothing', async () => {
  const { summary } = await build([member('a', { body: '1' }), hardLink('b', 'a'), hardLink('a', 'a')]);
  assert.deepEqual(summary.slice(1), ['a 1', 'b -> a']);
});

test('of a path that comes twice the last wins, and it is said', async () => {
  const { summary, notices } = await build([
    member('a', { body: '1' }),
    symlink('a', 'x'),
    member('a', { body: '3' }),
    directory('d'),
    member('d', { body: '4' }),
    directory('d', { mode: 0o700 }),
  ]);
  assert.deepEqual(summary.slice(1), ['a 3', 'd directory']);
  assert.deepEqual(
    notices.map(([code, parameters]) => `${code} ${parameters?.path}`),
    ['a', 'a', 'd', 'd'].map((path) => `tree-path-repeated ${path}`),
  );
});

test('many repeated paths are told one by one up to ten, the rest as a number', async () => {
  const members = Array.from({ length: 26 }, (_, number) => member(`f${number % 13}`));
  const { notices } = await build(members);
  assert.equal(notices.length, 11);
  assert.deepEqual(notices.at(-1), ['tree-paths-repeated', { count: 3 }]);
});

test('a directory that comes twice unchanged is no news; with other metadata it takes those', async () => {
  const { entries, notices } = await build([
    directory('d'),
    member('d/a'),
    directory('d'),
    directory('d', { mode: 0o700 }),
  ]);
  assert.ok(entries[1]!.type === 'directory' && entries[1]!.mode === 0o700);
  assert.deepEqual(notices, [['tree-path-repeated', { path: 'd' }]]);
});

test('replacing a directory that is not empty is refused, an empty one may be replaced', async () => {
  await refuses([member('d/a'), member('d')], 'tree-directory-not-empty');
  await refuses([member('d/a'), member('x'), hardLink('d', 'x')], 'tree-directory-not-empty');
  assert.deepEqual((await build([directory('d'), symlink('d', 'x')])).summary.slice(1), ['d symlink']);
});

test('paths and hard links that leave the tree are refused', async () => {
  for (const path of ['/', '/etc/passwd', '..', '../a', 'a/..', 'a/../b', './../a'])
    await refuses([member(path)], 'tree-path-escapes', { path, position: 0 });
  for (const link of ['/a', '../a', 'b/../a', '/'])
    await refuses([member('a'), directory('b'), hardLink('c', link)], 'tree-link-escapes', {
      path: 'c',
      link,
    });
});

test('paths that Linux cannot hold are refused', async () => {
  for (const path of ['x'.repeat(256), `a/${'x'.repeat(256)}`, 'y/'.repeat(2100).slice(0, -1), 'a\0b'])
    await refuses([member(path)], 'tree-path-impossible');
});

test('a member below a symlink is refused, also below one that a repeated member left there', async () => {
  await refuses([symlink('lib', 'usr/lib'), member('lib/a')], 'tree-through-symlink', {
    path: 'lib/a',
    parent: 'lib',
  });
  await refuses([symlink('lib', '/etc'), member('lib/x/y/a')], 'tree-through-symlink');
  await refuses([symlink('lib', '/etc'), directory('lib/x')], 'tree-through-symlink');
  await refuses([directory('lib'), symlink('lib', '/etc'), symlink('lib/a', 'x')], 'tree-through-symlink');
  await refuses([symlink('lib', '.'), member('a'), hardLink('lib/b', 'a')], 'tree-through-symlink');
  await refuses([symlink('lib', '.'), member('a'), hardLink('b', 'lib/a')], 'tree-link-missing');
});

test('a directory may replace a symlink, as tar does', async () => {
  const { summary } = await build([symlink('lib', '/etc'), directory('lib'), member('lib/a', { body: '1' })]);
  assert.deepEqual(summary.slice(1), ['lib directory', 'lib/a 1']);
});

test('a member below a plain file is refused', async () => {
  await refuses([member('a'), member('a/b')], 'tree-parent-not-directory', { path: 'a/b', parent: 'a' });
});

test('a hard link to a missing member, a later one or a directory is refused', async () => {
  await refuses([hardLink('a', 'b')], 'tree-link-missing', { path: 'a', link: 'b' });
  await refuses([hardLink('a', 'b'), member('b')], 'tree-link-missing');
  await refuses([hardLink('a', 'a')], 'tree-link-missing');
  await refuses([directory('b'), hardLink('a', 'b')], 'tree-link-to-directory', { path: 'a', link: 'b' });
});

test('a root that is no directory is refused', async () => {
  await refuses([symlink('', '/')], 'tree-root-not-directory');
});

test('fields that Linux cannot hold are refused by name', async () => {
  await refuses([member('a', { uid: 2 ** 32 - 1 })], 'tree-field-impossible', { path: 'a', field: 'uid' });
  await refuses([member('a', { mtime: [0.5, 0] })], 'tree-field-impossible', { path: 'a', field: 'mtime' });
  await refuses([symlink('a', '')], 'tree-field-impossible', { path: 'a', field: 'target' });
  await refuses([member('a', { type: 'block' })], 'tree-field-impossible', { path: 'a', field: 'device' });
});

test('what overlayfs would obey on a device is refused', async () => {
  const whiteout = member('usr/a', { type: 'char', device: [0, 0] });
  await refuses([directory('usr'), whiteout], 'tree-whiteout', { path: 'usr/a' });
  for (const attribute of ['trusted.overlay.opaque', 'user.overlay.origin']) {
    const xattrs = [{ name: attribute as ByteString, value: 'y' as ByteString }];
    await refuses([directory('usr', { xattrs })], 'tree-overlay-mark', { path: 'usr', attribute });
  }
  const { summary } = await build([
    member('b', { type: 'block', device: [0, 0] }),
    member('f', { xattrs: [{ name: 'trusted.overlayfs' as ByteString, value: 'y' as ByteString }] }),
  ]);
  assert.equal(summary.length, 3);
});

test('content of another length than announced is refused', async () => {
  await refuses([member('a', { body: 'xx', size: 3 })], 'tree-content-wrong-length', {
    path: 'a',
    bytes: 2,
    expected: 3,
  });
  await refuses([member('a', { body: 'xx', size: 2_000_000 })], 'tree-content-wrong-length');
});

test('the first tree below versions/pristine becomes the root and the rest is left out', async () => {
  const { entries, summary, notices } = await build([
    directory('', { mode: 0o700 }),
    member('boot.txt', { body: 'x' }),
    member('versions/run/5/bin/ls', { body: 'ls' }),
    directory('versions/pristine/5', { mode: 0o711 }),
    hardLink('versions/pristine/5/bin/ls', 'versions/run/5/bin/ls'),
    hardLink('versions/pristine/5/bin/dir', 'versions/run/5/bin/ls'),
    member('versions/pristine/6/other', { body: 'x' }),
    directory('versions/pristine/5-later'),
  ]);
  assert.deepEqual(summary, [' directory', 'bin directory', 'bin/dir ls', 'bin/ls -> bin/dir']);
  assert.ok(entries[0]!.type === 'directory' && entries[0]!.mode === 0o711);
  assert.deepEqual(notices, [['tree-pristine-used', { path: 'versions/pristine/5' }]]);
});

test('a pristine root that is no directory is refused', async () => {
  await refuses([member('versions/pristine/README')], 'tree-root-not-directory');
});

test('without anything in versions/pristine the top-level versions is left out, but not others of that name', async () => {
  const { summary, notices } = await build([
    member('versions/run/ls', { body: 'ls' }),
    directory('versions/pristine'),
    hardLink('bin/ls', 'versions/run/ls'),
    member('usr/versions/a', { body: '1' }),
    member('versions-old', { body: '2' }),
  ]);
  assert.deepEqual(summary.slice(1), [
    'bin directory',
    'bin/ls ls',
    'usr directory',
    'usr/versions directory',
    'usr/versions/a 1',
    'versions-old 2',
  ]);
  assert.deepEqual(notices, [['tree-versions-dropped', undefined]]);
});

test('with a date given every time is that date, also of directories that had to be made', async () => {
  const { entries } = await build([member('a/b', { mtime: [9, 9] }), symlink('c', 'x')], {
    clampMtime: Date.parse('2007-11-02T12:00:00.250Z'),
  });
  for (const entry of entries)
    assert.deepEqual(entry.type !== 'hardlink' && entry.mtime, [1_194_004_800, 250_000_000]);
});

test('a date before 1970 is kept to the millisecond', async () => {
  const { entries } = await build([], { clampMtime: -1 });
  assert.deepEqual(entries[0]!.type === 'directory' && entries[0]!.mtime, [-1, 999_000_000]);
});

test('a stop is heeded between members', async () => {
  await assert.rejects(build([member('a')], { signal: AbortSignal.abort() }), { code: 'cancelled' });
});

test('the sink is waited for before the next object is offered', async () => {
  let waiting = false;
  const sink: ContentSink = {
    async add() {
      assert.equal(waiting, false);
      waiting = true;
      await new Promise((resolve) => setImmediate(resolve));
      waiting = false;
    },
  };
  const large = Buffer.from(
    Array.from({ length: 20_000 }, (_, number) => `${number * number} satchel `)
      .join('')
      .repeat(9),
  );
  await buildFromTar(
    stream([member('a', { body: '1' }), member('b', { body: large }), member('c', { body: '2' })]),
    sink,
  );
});
