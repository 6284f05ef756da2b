/**
 * What every {@link Store} must do, whatever is behind it. An implementation runs the suite with a function that
 * opens a fresh, empty store.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { isSatchelError } from '../../src/base/errors.ts';
import { readAll } from '../../src/store/read-all.ts';
import { readResuming } from '../../src/store/retry.ts';
import type { ReadOptions, Store } from '../../src/store/store.ts';

/** An implementation under test. */
export type StoreUnderTest = {
  readonly store: Store;
  /** Removes whatever the store leaves behind. */
  dispose(): Promise<void>;
};

/** What is known about an implementation. */
export type ConformanceOptions = {
  /** True for a store whose files are not in this process's memory: reading must not put them there. */
  readonly streams: boolean;
};

const limit = 1_000_000;

/** Runs the suite. */
export function testStoreConformance(
  kind: string,
  open: () => Promise<StoreUnderTest>,
  { streams }: ConformanceOptions,
): void {
  const withStore = (name: string, action: (store: Store, scratch: string) => Promise<void>) =>
    test(name, async () => {
      const scratch = mkdtempSync(join(tmpdir(), 'satchel-store-'));
      const { store, dispose } = await open();
      try {
        await action(store, scratch);
      } finally {
        await store.close();
        await dispose();
        rmSync(scratch, { recursive: true });
      }
    });

  describe(`${kind} keeps the contract of a store`, () => {
    withStore('what was put is read back', async (store) => {
      const bytes = randomBytes(100_000);
      assert.equal(await store.put('packs/a.pack', bytes), 'stored');
      const { size } = await store.read('packs/a.pack', { length: 0 });
      assert.equal(size, bytes.length);
      assert.deepEqual(await readAll(store, 'packs/a.pack', { limit }), bytes);
    });

    withStore('an empty file is a file', async (store) => {
      assert.equal(await store.put('empty', Buffer.alloc(0)), 'stored');
      assert.deepEqual(await readAll(store, 'empty', { limit }), Buffer.alloc(0));
      assert.equal(await store.put('empty', Buffer.from('x')), 'present');
    });

    withStore('what is stored stays when it is put again', async (store) => {
      await store.put('a/b/c', Buffer.from('first'));
      assert.equal(await store.put('a/b/c', Buffer.from('second')), 'present');
      assert.equal(String(await readAll(store, 'a/b/c', { limit })), 'first');
    });

    withStore('changing the bytes after a put changes nothing that is stored', async (store) => {
      const bytes = Buffer.from('first');
      await store.put('a', bytes);
      bytes.fill(0);
      const read = await readAll(store, 'a', { limit });
      assert.equal(String(read), 'first');
      read.fill(0);
      assert.equal(String(await readAll(store, 'a', { limit })), 'first');
    });

    withStore('a file on disk is taken over', async (store, scratch) => {
      const path = join(scratch, 'file');
      writeFileSync(path, 'content');
      assert.equal(await store.put('packs/x.pack', { path }), 'stored');
      assert.equal(String(await readAll(store, 'packs/x.pack', { limit })), 'content');
      const again = join(scratch, 'again');
      writeFileSync(again, 'other');
      assert.equal(await store.put('packs/x.pack', { path: again }), 'present');
      assert.equal(String(await readAll(store, 'packs/x.pack', { limit })), 'content');
    });

    withStore('of many that put one name at once exactly one stores it', async (store, scratch) => {
      const contents = Array.from({ length: 12 }, (_, i) => Buffer.alloc(20_000, i));
      const results = await Promise.all(
        contents.map((content, i) => {
          if (i % 2 === 0) return store.put('new/one', content);
          const path = join(scratch, String(i));
          writeFileSync(path, content);
          return store.put('new/one', { path });
        }),
      );
      assert.equal(results.filter((result) => result === 'stored').length, 1);
      const winner = contents[results.indexOf('stored')] as Buffer;
      assert.deepEqual(await readAll(store, 'new/one', { limit }), winner);
    });

    withStore('any part of a file is read exactly', async (store) => {
      const bytes = randomBytes(300_000);
      await store.put('file', bytes);
      const part = fc.record({
        offset: fc.nat(bytes.length),
        length: fc.option(fc.nat(bytes.length), { nil: undefined }),
      });
      await fc.assert(
        fc.asyncProperty(part, async ({ offset, length }) => {
          const wanted = length === undefined ? {} : { length: Math.min(length, bytes.length - offset) };
          const expected = bytes.subarray(offset, offset + (wanted.length ?? bytes.length));
          assert.deepEqual(await readPart(store, 'file', { offset, ...wanted }), expected);
        }),
        { numRuns: 40 },
      );
    });

    withStore('the ends of a file are its own', async (store) => {
      await store.put('file', Buffer.from('0123456789'));
      const cases: [ReadOptions, string][] = [
        [{ offset: 0, length: 0 }, ''],
        [{ offset: 10 }, ''],
        [{ offset: 10, length: 0 }, ''],
        [{ offset: 9 }, '9'],
        [{ offset: 9, length: 1 }, '9'],
        [{ length: 10 }, '0123456789'],
        [{ length: 3 }, '012'],
      ];
      for (const [options, expected] of cases) {
        const { size } = await store.read('file', { length: 0 });
        assert.equal(size, 10);
        assert.equal(String(await readPart(store, 'file', options)), expected, JSON.stringify(options));
      }
    });

    withStore('a part beyond the end is refused', async (store) => {
      await store.put('file', Buffer.from('0123456789'));
      for (const options of [
        { offset: 11 },
        { offset: 11, length: 0 },
        { offset: 9, length: 2 },
        { length: 11 },
      ])
        await assert.rejects(
          readPart(store, 'file', options),
          hasCode('store-range'),
          JSON.stringify(options),
        );
    });

    withStore('a file above the limit is refused before it is taken in', async (store) => {
      await store.put('file', Buffer.alloc(1000));
      await assert.rejects(store.read('file', { limit: 999 }), hasCode('store-too-long'));
      await assert.rejects(readAll(store, 'file', { limit: 999 }), hasCode('store-too-long'));
      assert.equal((await readAll(store, 'file', { limit: 1000 })).length, 1000);
    });

    withStore('what is not there is not found', async (store) => {
      await store.put('a/b', Buffer.from('x'));
      for (const name of ['nothing', 'a', 'a/c', 'a/b/c'])
        await assert.rejects(store.read(name), hasCode('store-not-found'), name);
    });

    withStore('names that could lead elsewhere are refused by every operation', async (store) => {
      const names = [
        '',
        '/',
        '/a',
        'a/',
        'a//b',
        '.',
        '..',
        'a/../b',
        '../a',
        'a/.',
        '.a',
        'a/.b',
        'a b',
        'a\\b',
        'a\0',
        'ä',
        'a\n',
        '%2e%2e',
        'a?b',
        'a#b',
        'x'.repeat(300),
      ];
      for (const name of names) {
        const refused = hasCode('store-name-not-allowed');
        await assert.rejects(store.read(name), refused, JSON.stringify(name));
        await assert.rejects(store.put(name, Buffer.from('x')), refused, JSON.stringify(name));
        await assert.rejects(store.delete(name), refused, JSON.stringify(name));
        await assert.rejects(
          store.compareAndSwap(name, null, Buffer.from('x')),
          refused,
          JSON.stringify(name),
        );
      }
      assert.deepEqual(await namesOf(store, ''), []);
    });

    withStore('prefixes that could lead elsewhere are refused', async (store) => {
      for (const prefix of ['..', '/', 'a//', '../', 'a/../', '.', 'a/.'])
        await assert.rejects(namesOf(store, prefix), hasCode('store-name-not-allowed'), prefix);
    });

    withStore('a listing has all names with the prefix, in byte order', async (store) => {
      const names = [
        'a',
        'a-b',
        'a.b',
        'a/b',
        'a/b-c',
        'a/b/c',
        'a0',
        'B',
        'b/x',
        'b+',
        '_',
        'metadata/1.root.json',
        'metadata/timestamp.json',
      ];
      // A directory cannot hold both `a` and `a/b`.
      const possible = names.filter((name) => name !== 'a' && name !== 'a/b');
      for (const name of possible) await store.put(name, Buffer.from(name));
      for (const prefix of [
        '',
        'a',
        'a/',
        'a/b',
        'a/b/',
        'a-',
        'metadata/',
        'metadata/t',
        'zzz',
        'zzz/',
        'b/x',
        'b/x/',
      ])
        assert.deepEqual(
          await namesOf(store, prefix),
          possible.filter((name) => name.startsWith(prefix)).sort(),
          prefix,
        );
      for await (const { name, size, modified } of store.list('')) {
        assert.equal(size, name.length);
        assert.ok(Math.abs(modified - Date.now()) < 3_600_000);
      }
    });

    withStore('a deleted file is gone and may be put again', async (store) => {
      await store.put('a/b', Buffer.from('one'));
      await store.delete('a/b');
      await assert.rejects(store.read('a/b'), hasCode('store-not-found'));
      assert.deepEqual(await namesOf(store, ''), []);
      await store.delete('a/b');
      await store.delete('never/was');
      assert.equal(await store.put('a/b', Buffer.from('two')), 'stored');
      assert.equal(String(await readAll(store, 'a/b', { limit })), 'two');
    });

    withStore('a swap happens only over what was expected', async (store) => {
      const name = 'metadata/timestamp.json';
      const [one, two, three] = ['one', 'two', 'three'].map((text) => Buffer.from(text)) as [
        Buffer,
        Buffer,
        Buffer,
      ];
      assert.equal(await store.compareAndSwap(name, one, two), false);
      assert.equal(await store.compareAndSwap(name, null, one), true);
      assert.equal(await store.compareAndSwap(name, null, two), false);
      assert.equal(await store.compareAndSwap(name, three, two), false);
      assert.equal(await store.compareAndSwap(name, one, two), true);
      assert.equal(String(await readAll(store, name, { limit })), 'two');
      assert.equal(await store.compareAndSwap(name, two, two), true);
      assert.equal(await store.put(name, three), 'present');
      await store.delete(name);
      assert.equal(await store.compareAndSwap(name, two, three), false);
    });

    withStore('of many swaps at once exactly one wins', async (store) => {
      const first = Buffer.from('first');
      for (const expected of [null, first]) {
        const name = expected === null ? 'absent' : 'there';
        if (expected !== null) await store.put(name, expected);
        const next = Array.from({ length: 10 }, (_, i) => Buffer.from(`next ${i}`));
        const results = await Promise.all(next.map((bytes) => store.compareAndSwap(name, expected, bytes)));
        assert.equal(results.filter(Boolean).length, 1);
        assert.deepEqual(await readAll(store, name, { limit }), next[results.indexOf(true)]);
      }
    });

    withStore('counting up by swaps loses nothing', async (store) => {
      const count = async () => Number(String(await readAll(store, 'count', { limit })));
      await store.put('count', Buffer.from('0'));
      const increase = async () => {
        for (;;) {
          const before = await count();
          if (
            await store.compareAndSwap('count', Buffer.from(String(before)), Buffer.from(String(before + 1)))
          )
            return;
        }
      };
      await Promise.all(Array.from({ length: 8 }, increase));
      assert.equal(await count(), 8);
    });

    withStore('breaking off in the middle of a body is fine', async (store) => {
      await store.put('file', randomBytes(2_000_000));
      const { body } = await store.read('file');
      for await (const piece of body) {
        assert.ok(piece.length > 0);
        break;
      }
      assert.equal((await readPart(store, 'file', {})).length, 2_000_000);
    });

    withStore('a cancelled read says so', async (store) => {
      await store.put('file', randomBytes(2_000_000));
      await assert.rejects(store.read('file', { signal: AbortSignal.abort() }), hasCode('cancelled'));
      const controller = new AbortController();
      const { body } = await store.read('file', { signal: controller.signal });
      await assert.rejects(async () => {
        for await (const piece of body) if (piece.length > 0) controller.abort();
      }, hasCode('cancelled'));
    });

    withStore('reading with resumption gives the same bytes', async (store) => {
      const bytes = randomBytes(500_000);
      await store.put('file', bytes);
      const pieces: Uint8Array[] = [];
      for await (const piece of readResuming(store, 'file', { offset: 1000, length: 400_000 }))
        pieces.push(piece);
      assert.deepEqual(Buffer.concat(pieces), bytes.subarray(1000, 401_000));
    });

    withStore('64 MiB pass through in small pieces and little memory', async (store, scratch) => {
      const size = 64 * 1024 * 1024;
      const path = join(scratch, 'large');
      writeFileSync(path, Buffer.alloc(size, 7));
      const collect = garbageCollector();
      collect();
      const before = process.memoryUsage().arrayBuffers;
      await store.put('large', { path });
      let received = 0;
      let most = 0;
      let pieces = 0;
      const { body } = await store.read('large');
      for await (const piece of body) {
        received += piece.length;
        assert.ok(piece.length <= 1024 * 1024);
        pieces += 1;
        if (pieces % 32 !== 0) continue;
        collect();
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      }
      assert.equal(received, size);
      if (streams) assert.ok(most < 16 * 1024 * 1024, `${most} bytes of buffers`);
    });
  });
}

/** The bytes of one read. */
export async function readPart(store: Store, name: string, options: ReadOptions): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  const { body } = await store.read(name, options);
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function namesOf(store: Store, prefix: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of store.list(prefix)) names.push(name);
  return names;
}

function hasCode(code: Parameters<typeof isSatchelError>[1] & string) {
  return (error: unknown) => isSatchelError(error, code) || assert.fail(String(error));
}

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
