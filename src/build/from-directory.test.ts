import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { byteStringFromText } from '../base/byte-string.ts';
import type { MessageCode, MessageParameters } from '../base/catalogue.ts';
import { silentReporter } from '../base/progress.ts';
import { needsRoot } from '../formats/gnu-tar.testkit.ts';
import { makeNode, setXattr } from '../os/system-calls.ts';
import type { ContentSink } from './content-sink.ts';
import type { IndexEntry } from './entry.ts';
import { buildFromDirectory } from './from-directory.ts';
import type { BuildOptions } from './from-tar.ts';
import { parseIndex, serialiseIndex } from './index-format.ts';

let tree = '';
const at = (path: string) => join(tree, path);
const make = (files: Record<string, string | Buffer>) => {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(at(path), '..'), { recursive: true });
    writeFileSync(at(path), content);
  }
};

beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'satchel-tree-'));
});
afterEach(() => rmSync(tree, { recursive: true, force: true }));

type Built = {
  entries: IndexEntry[];
  objects: Map<string, Uint8Array>;
  notices: [MessageCode, MessageParameters | undefined][];
  paths: string[];
};

async function build(options: BuildOptions = {}, onAdd: () => void = () => {}): Promise<Built> {
  const objects: Built['objects'] = new Map();
  const notices: Built['notices'] = [];
  const sink: ContentSink = {
    add(sha256, bytes) {
      assert.equal(hash('sha256', bytes), sha256);
      objects.set(sha256, bytes);
      onAdd();
      return undefined;
    },
  };
  const notice = (code: MessageCode, parameters?: MessageParameters) => notices.push([code, parameters]);
  const reporter = { ...silentReporter, notice };
  const entries = await buildFromDirectory(tree, sink, { reporter, ...options });
  assert.deepEqual([...parseIndex(serialiseIndex(entries))], entries);
  return { entries, objects, notices, paths: entries.map(({ path }) => path) };
}

test('files, directories, symlinks and empty directories become entries in byte order', async () => {
  make({ 'a/x': 'one', 'a-b': '', c: 'three' });
  mkdirSync(at('empty'), { mode: 0o711 });
  symlinkSync('../anywhere', at('s'));
  const { entries, objects, paths } = await build();
  assert.deepEqual(paths, ['', 'a', 'a-b', 'a/x', 'c', 'empty', 's']);
  assert.ok(entries[3]!.type === 'file');
  assert.equal(Buffer.from(objects.get(entries[3]!.sha256)!).toString(), 'one');
  assert.ok(entries[5]!.type === 'directory' && entries[5]!.mode === 0o711);
  assert.ok(
    entries[6]!.type === 'symlink' && entries[6]!.target === '../anywhere' && entries[6]!.mode === 0o777,
  );
  assert.equal(objects.size, 2);
});

test('objects keep their bytes although one buffer reads all files', async () => {
  make(Object.fromEntries(Array.from({ length: 100 }, (_, number) => [`f${number}`, `content ${number}`])));
  const { objects } = await build();
  for (const [sha256, bytes] of objects) assert.equal(hash('sha256', bytes), sha256);
});

test('a large file is chunked and its whole hash is right', async () => {
  const bytes = Buffer.alloc(5_000_001, 'satchel carries builds');
  make({ large: bytes });
  const { entries, objects } = await build();
  const entry = entries[1]!;
  assert.ok(entry.type === 'file' && entry.chunks !== undefined);
  assert.equal(entry.sha256, hash('sha256', bytes));
  assert.ok(Buffer.concat(entry.chunks.map(({ sha256 }) => objects.get(sha256)!)).equals(bytes));
});

test('names that are not UTF-8 stay as they are, also in directories above', async () => {
  execFileSync('sh', [
    '-ec',
    `cd "$1"; mkdir "$(printf 'd\\377')"; echo x > "$(printf 'd\\377/\\303\\251')"`,
    'sh',
    tree,
  ]);
  assert.deepEqual((await build()).paths, ['', 'd\xff', 'd\xff/\xc3\xa9']);
});

test('times are kept to the nanosecond, before 1970 too', async () => {
  make({ a: '', b: '' });
  execFileSync('touch', ['-d', '1969-12-31T23:59:58.000000001Z', at('a')]);
  execFileSync('touch', ['-d', '2026-01-31T12:00:00.999999999Z', at('b')]);
  const { entries } = await build();
  const times = entries.slice(1).map((entry) => entry.type !== 'hardlink' && entry.mtime);
  assert.deepEqual(times, [
    [-2, 1],
    [1_769_860_800, 999_999_999],
  ]);
});

test('with a date given every time is that date', async () => {
  make({ 'a/b': '' });
  const { entries } = await build({ clampMtime: Date.parse('2007-11-02T12:00:00Z') });
  for (const entry of entries) assert.deepEqual(entry.type !== 'hardlink' && entry.mtime, [1_194_004_800, 0]);
});

test('names of one inode are a link group, and its first name in byte order carries it', async () => {
  make({ m: 'x', 'd/other': 'x' });
  linkSync(at('m'), at('z'));
  linkSync(at('m'), at('d/a'));
  const { entries } = await build();
  const links = entries.filter((entry) => entry.type === 'hardlink');
  assert.deepEqual(links, [
    { type: 'hardlink', path: 'm', link: 'd/a' },
    { type: 'hardlink', path: 'z', link: 'd/a' },
  ]);
});

test('a link group of which only one name lies in the tree is a file of its own', async () => {
  make({ 'versions/pristine/1/a': 'x', outside: '' });
  linkSync(at('versions/pristine/1/a'), at('b'));
  const { entries } = await build();
  assert.deepEqual(
    entries.map(({ path, type }) => `${path} ${type}`),
    [' directory', 'a file'],
  );
});

test('modes are kept with setuid, setgid and sticky, and mode 000 stays 000', async () => {
  make({ a: '', b: '' });
  chmodSync(at('a'), 0o4755);
  if (process.getuid?.() === 0) chmodSync(at('b'), 0);
  const { entries } = await build();
  assert.ok(entries[1]!.type === 'file' && entries[1]!.mode === 0o4755);
  if (process.getuid?.() === 0) assert.ok(entries[2]!.type === 'file' && entries[2]!.mode === 0);
});

test("users and groups get the names of the tree's own passwd and group files", async () => {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  make({
    'etc/passwd': `nonsense\nother:x:99999:0::/:\nme:x:${uid}:0::/:\nagain:x:${uid}:0::/:\n`,
    'etc/group': `:x:${gid}:\nours:x:${gid}:\n`,
  });
  const { entries } = await build();
  for (const entry of entries) {
    assert.ok(entry.type !== 'hardlink');
    assert.deepEqual([entry.user, entry.group], ['me', 'ours']);
  }
});

test('a passwd file that is a symlink out of the tree is not read', async () => {
  mkdirSync(at('etc'));
  symlinkSync('/etc/passwd', at('etc/passwd'));
  const { entries } = await build();
  assert.ok(entries.every((entry) => entry.type === 'hardlink' || entry.user === undefined));
});

test('a socket is left out and said', async () => {
  make({ a: '' });
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(at('socket'), resolve));
  const { paths, notices } = await build();
  await new Promise((resolve) => server.close(resolve));
  assert.deepEqual(paths, ['', 'a']);
  assert.deepEqual(notices, [['tree-socket-skipped', { path: 'socket' }]]);
});

test('a place where another file system is mounted becomes an empty directory and is said', async (context) => {
  make({ 'mounted/x': '' });
  if (spawnSync('mount', ['-t', 'tmpfs', 'none', at('mounted')]).status !== 0)
    return context.skip('mounting needs root');
  try {
    writeFileSync(at('mounted/inside'), '');
    const { paths, notices } = await build();
    assert.deepEqual(paths, ['', 'mounted']);
    assert.deepEqual(notices, [['tree-mount-skipped', { path: 'mounted' }]]);
  } finally {
    execFileSync('umount', [at('mounted')]);
  }
});

test('the first tree below versions/pristine is the build', async () => {
  make({ 'versions/pristine/5/bin/ls': 'ls', 'versions/pristine/6/x': '', 'versions/run/5/y': '', z: '' });
  const { paths, notices } = await build();
  assert.deepEqual(paths, ['', 'bin', 'bin/ls']);
  assert.deepEqual(notices, [['tree-pristine-used', { path: 'versions/pristine/5' }]]);
});

test('without a pristine tree the top-level versions is left out', async () => {
  make({ 'versions/run/x': '', 'usr/versions/y': '' });
  const { paths, notices } = await build();
  assert.deepEqual(paths, ['', 'usr', 'usr/versions', 'usr/versions/y']);
  assert.deepEqual(notices, [['tree-versions-dropped', undefined]]);
});

test('a file that grows, shrinks or is rewritten while it is read is refused', async () => {
  const changes = [
    () => appendFileSync(at('large'), 'more'),
    () => execFileSync('truncate', ['-s', '1500000', at('large')]),
    () => writeFileSync(at('large'), Buffer.alloc(3_000_000, 2)),
  ];
  for (const change of changes) {
    make({ large: Buffer.alloc(3_000_000, 1) });
    await assert.rejects(build({}, change), {
      code: 'tree-changed-while-read',
      parameters: { path: 'large' },
    });
  }
});

test('a file that vanishes while the tree is read is refused', async () => {
  make({ a: 'x', b: 'y' });
  await assert.rejects(
    build({}, () => rmSync(at('b'), { force: true })),
    { code: 'tree-changed-while-read', parameters: { path: 'b' } },
  );
});

test('a directory that is not there, or is a file, is refused', async () => {
  make({ a: '' });
  await assert.rejects(buildFromDirectory(at('none'), { add: () => undefined }), {
    code: 'system-call-failed',
  });
  await assert.rejects(buildFromDirectory(at('a'), { add: () => undefined }), {
    code: 'tree-root-not-directory',
  });
});

test('a stop is heeded in the middle of a large file', async () => {
  make({ large: Buffer.alloc(30_000_000, 1) });
  const stop = new AbortController();
  await assert.rejects(
    build({ signal: stop.signal }, () => stop.abort()),
    { code: 'cancelled' },
  );
});

test('a directory that is a layer of overlayfs is refused', { skip: needsRoot }, async () => {
  make({ 'usr/file': 'x' });
  makeNode(at('usr/gone'), 'char', 0, 0, 0);
  await assert.rejects(build(), { code: 'tree-whiteout', parameters: { path: 'usr/gone' } });
  rmSync(at('usr/gone'));
  const attribute = 'trusted.overlay.opaque';
  setXattr(at('usr'), byteStringFromText(attribute), byteStringFromText('y'));
  await assert.rejects(build(), { code: 'tree-overlay-mark', parameters: { path: 'usr', attribute } });
});
