import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { testStoreConformance } from '../../test/suites/store-conformance.ts';
import { isSatchelError } from '../base/errors.ts';
import { openDirectoryStore } from './directory.ts';
import { readAll } from './read-all.ts';

testStoreConformance(
  'a directory store',
  async () => {
    const root = mkdtempSync(join(tmpdir(), 'satchel-directory-'));
    return {
      store: openDirectoryStore(join(root, 'repository')),
      dispose: async () => rmSync(root, { recursive: true }),
    };
  },
  { streams: true },
);

describe('a directory store on disk', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'satchel-directory-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const modeOf = (name: string) => statSync(join(root, name)).mode & 0o7777;

  test('opening and reading make nothing', async () => {
    const store = openDirectoryStore(join(root, 'none'));
    await assert.rejects(store.read('a'), (error) => isSatchelError(error, 'store-not-found'));
    for await (const _ of store.list('')) assert.fail();
    assert.equal(await store.removeLeftovers(0), 0);
    assert.equal(existsSync(join(root, 'none')), false);
  });

  test('files and folders can be read by a web server whatever the umask', async () => {
    const before = process.umask(0o077);
    try {
      const store = openDirectoryStore(join(root, 'repository'));
      const path = join(root, 'given');
      writeFileSync(path, 'x', { mode: 0o600 });
      await store.put('packs/deep/a.pack', { path });
      await store.put('maps/b.zst', Buffer.from('x'));
      await store.compareAndSwap('metadata/timestamp.json', null, Buffer.from('x'));
      await store.compareAndSwap('metadata/timestamp.json', Buffer.from('x'), Buffer.from('y'));
    } finally {
      process.umask(before);
    }
    for (const file of ['packs/deep/a.pack', 'maps/b.zst', 'metadata/timestamp.json'])
      assert.equal(modeOf(`repository/${file}`), 0o644, file);
    for (const folder of ['', '/packs', '/packs/deep', '/maps', '/metadata'])
      assert.equal(modeOf(`repository${folder}`), 0o755, folder);
  });

  test('nothing but the stored files and the lock is left', async () => {
    const store = openDirectoryStore(root);
    const path = join(root, 'given');
    writeFileSync(path, 'x');
    await store.put('a', { path });
    await store.put('a', Buffer.from('y'));
    await store.compareAndSwap('a', Buffer.from('x'), Buffer.from('z'));
    assert.deepEqual(readdirSync(root).sort(), ['.lock', 'a']);
  });

  test('a file of the same file system is taken over without a copy', async () => {
    const store = openDirectoryStore(join(root, 'repository'));
    const path = join(root, 'given');
    writeFileSync(path, 'x');
    const { ino } = statSync(path);
    await store.put('packs/a.pack', { path });
    assert.equal(statSync(join(root, 'repository/packs/a.pack')).ino, ino);
    assert.equal(existsSync(path), false);
  });

  test('a file from another file system is copied', { skip: anotherFileSystem() === undefined }, async () => {
    const elsewhere = mkdtempSync(join(anotherFileSystem() as string, 'satchel-'));
    try {
      const path = join(elsewhere, 'given');
      writeFileSync(path, 'from afar');
      const store = openDirectoryStore(root);
      assert.equal(await store.put('packs/a.pack', { path }), 'stored');
      assert.equal(String(await readAll(store, 'packs/a.pack', { limit: 100 })), 'from afar');
      assert.deepEqual(readdirSync(join(root, 'packs')), ['a.pack']);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  test('what others left is not listed, and a link to a file is', async () => {
    const store = openDirectoryStore(root);
    await store.put('packs/a.pack', Buffer.from('x'));
    for (const name of ['.hidden', 'with space', 'packs/.tmp.0123456789abcdef.b.pack', 'packs/ä'])
      writeFileSync(join(root, name), '');
    symlinkSync('nowhere', join(root, 'packs/dangling'));
    symlinkSync('a.pack', join(root, 'packs/link'));
    execFileSync('mkfifo', [join(root, 'packs/fifo')]);
    const names: string[] = [];
    for await (const { name } of store.list('')) names.push(name);
    assert.deepEqual(names, ['packs/a.pack', 'packs/link']);
  });

  test('a folder or fifo in the place of a file is not found and blocks nothing', async () => {
    const store = openDirectoryStore(root);
    mkdirSync(join(root, 'folder'));
    execFileSync('mkfifo', [join(root, 'fifo')]);
    for (const name of ['folder', 'fifo'])
      await assert.rejects(store.read(name), (error) => isSatchelError(error, 'store-not-found'));
  });

  test('a file that shrinks while it is read is told as too short', async () => {
    const store = openDirectoryStore(root);
    await store.put('a', Buffer.alloc(1_000_000));
    const { body } = await store.read('a');
    await assert.rejects(
      async () => {
        for await (const piece of body) if (piece.length > 0) truncateSync(join(root, 'a'), 1);
      },
      (error) => isSatchelError(error, 'store-too-short') && error.parameters.received === 262_144,
    );
  });

  test('leftovers of killed processes go, those of living ones stay', async () => {
    const store = openDirectoryStore(root, { clock: () => 10_000_000_000 });
    await store.put('packs/a.pack', Buffer.from('x'));
    const old = join(root, 'packs/.tmp.0123456789abcdef.b.pack');
    const young = join(root, '.tmp.0123456789abcdef.c');
    for (const path of [old, young]) writeFileSync(path, 'half');
    utimesSync(old, 9_000_000, 9_000_000);
    utimesSync(young, 9_999_999, 9_999_999);
    assert.equal(await store.removeLeftovers(60_000), 1);
    assert.deepEqual([existsSync(old), existsSync(young)], [false, true]);
    assert.equal(readFileSync(join(root, 'packs/a.pack'), 'utf8'), 'x');
  });

  test('a further link to a stored file is left alone by a swap', async () => {
    const store = openDirectoryStore(root);
    await store.put('a', Buffer.from('one'));
    linkSync(join(root, 'a'), join(root, 'other'));
    await store.compareAndSwap('a', Buffer.from('one'), Buffer.from('two'));
    assert.equal(readFileSync(join(root, 'other'), 'utf8'), 'one');
  });

  test('missing permission is told with the path', {
    skip: process.getuid?.() === 0 ? 'root may do everything' : false,
  }, async () => {
    const store = openDirectoryStore(root);
    chmodSync(root, 0o500);
    await assert.rejects(store.put('a/b', Buffer.from('x')), (error) =>
      isSatchelError(error, 'permission-denied'),
    );
    chmodSync(root, 0o700);
  });

  test('a full disk is told as such and leaves nothing behind', {
    skip: canMount() ? false : 'needs root and the right to mount, to make a small disk',
  }, async () => {
    const small = join(root, 'small');
    mkdirSync(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small]);
    try {
      const store = openDirectoryStore(small);
      await store.put('kept', Buffer.from('x'));
      const isFull = (error: unknown) => isSatchelError(error, 'disk-full');
      await assert.rejects(store.put('packs/a', Buffer.alloc(2_000_000)), isFull);
      const path = join(root, 'large');
      writeFileSync(path, Buffer.alloc(2_000_000));
      await assert.rejects(store.put('packs/b', { path }), isFull);
      await assert.rejects(store.compareAndSwap('kept', Buffer.from('x'), Buffer.alloc(2_000_000)), isFull);
      assert.equal(readFileSync(join(small, 'kept'), 'utf8'), 'x');
      assert.deepEqual(readdirSync(join(small, 'packs')), []);
      assert.equal(existsSync(path), true);
    } finally {
      execFileSync('umount', [small]);
    }
  });
});

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'satchel-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function anotherFileSystem(): string | undefined {
  const here = statSync(tmpdir()).dev;
  return ['/dev/shm', '/run', '/var/tmp'].find((path) => {
    const information = statSync(path, { throwIfNoEntry: false });
    return information !== undefined && information.dev !== here && process.getuid?.() === 0;
  });
}
