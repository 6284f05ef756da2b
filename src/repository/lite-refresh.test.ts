import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { MessageCode } from '../base/catalogue.ts';
import { buildName } from '../base/identifiers.ts';
import { readAll } from '../store/read-all.ts';
import type { Store } from '../store/store.ts';
import { day } from '../trust/roles.ts';
import { renameBuild } from './change-list.ts';
import { checkLite } from './lite-check.ts';
import { refreshLite } from './lite-refresh.ts';
import { headerOf, isSignedBy, keysNamedIn, parseSignedText, sha256Of } from './lite-signed.ts';
import { prune } from './prune.ts';
import { emptyRepository } from './repository.fixture.ts';

async function namesIn(store: Store): Promise<string[]> {
  return (await Array.fromAsync(store.list('lite/'))).map(({ name }) => name);
}

const read = (store: Store, name: string) => readAll(store, name, { limit: 1_000_000 });

async function signedIn(store: Store, name: string) {
  const signed = parseSignedText(await read(store, name));
  assert.ok(signed, `${name} is signed`);
  return signed;
}

const serialOf = async (store: Store) => Number(headerOf(await signedIn(store, 'lite/stable')).get('serial'));

describe('the lists for satchel-lite', () => {
  test('do not exist where nobody made a key for them', async (t) => {
    const { store, context, publish } = await emptyRepository(t);
    await publish('one', { a: 'a' });
    assert.deepEqual(await refreshLite(context), { written: [], current: 0 });
    assert.deepEqual(await namesIn(store), []);
  });

  test('follow every publication, signed by all keys, with a serial that grows', async (t) => {
    const { store, context, publish, catalog } = await emptyRepository(t);
    const keys = [context.keys.lite.create(), context.keys.lite.create()];
    await publish('one', { a: 'a' });
    assert.deepEqual(await namesIn(store), ['lite/one.sum', 'lite/stable']);
    const first = await serialOf(store);
    await publish('two', { a: 'b' }, { streams: ['stable', 'testing'] });
    assert.deepEqual(await namesIn(store), ['lite/one.sum', 'lite/stable', 'lite/testing', 'lite/two.sum']);
    assert.ok((await serialOf(store)) > first);

    const stream = await signedIn(store, 'lite/stable');
    const list = await read(store, 'lite/two.sum');
    assert.equal(headerOf(stream).get('list'), `${sha256Of(list)} ${list.length}`);
    assert.equal(headerOf(stream).get('build'), 'two');
    for (const name of ['lite/stable', 'lite/testing', 'lite/two.sum'])
      assert.ok(isSignedBy(await signedIn(store, name), keys), name);
    const named = keysNamedIn(stream).map((key) => key.export({ type: 'spki', format: 'pem' }));
    assert.deepEqual(
      named,
      keys.map(({ publicKey }) => publicKey.export({ type: 'spki', format: 'pem' })),
    );
    assert.deepEqual((await checkLite(await catalog())).problems, []);
  });

  test('say of each entry what the index says', async (t) => {
    const { store, context, publish } = await emptyRepository(t);
    context.keys.lite.create();
    await publish('one', { a: 'text\n', 'b \\ c': '' });
    const { text } = await signedIn(store, 'lite/one.sum');
    const lines = text
      .toString('latin1')
      .split('\n')
      .filter((line) => line.includes('\t'));
    const [uid, gid] = [process.getuid?.(), process.getgid?.()];
    assert.deepEqual(
      lines.map((line) => line.split('\t').toSpliced(2, 1)),
      [
        ['.', 'd', `${uid}`, `${gid}`, '-', '0', '-', '-', '-'],
        ['./a', 'f', `${uid}`, `${gid}`, '5', '0', sha256Of(Buffer.from('text\n')), '-', '-'],
        ['./b \\ c', 'f', `${uid}`, `${gid}`, '0', '0', sha256Of(Buffer.from('')), '-', '-'],
      ],
    );
  });

  test('stay as they are while they are right, and are renewed when half of their life is over', async (t) => {
    const { store, context, publish } = await emptyRepository(t);
    context.keys.lite.create();
    await publish('one', { a: 'a' });
    const before = await read(store, 'lite/stable');
    assert.deepEqual(await refreshLite(context), { written: [], current: 1 });
    const later = { ...context, clock: () => context.clock() + 100 * day };
    assert.deepEqual((await refreshLite(later)).written, ['lite/stable']);
    assert.notDeepEqual(await read(store, 'lite/stable'), before);
  });

  test('that are damaged, replaced or signed by keys that are gone are written again', async (t) => {
    const { store, context, publish, catalog } = await emptyRepository(t);
    context.keys.lite.create();
    await publish('one', { a: 'a' });
    for (const name of ['lite/one.sum', 'lite/stable']) {
      const right = await read(store, name);
      const wrong = Buffer.from(right.toString('latin1').replace('one', 'two'), 'latin1');
      assert.ok(await store.compareAndSwap(name, right, wrong));
      assert.notDeepEqual((await checkLite(await catalog())).problems, []);
      assert.ok((await refreshLite(context)).written.includes(name));
      assert.deepEqual((await checkLite(await catalog())).problems, []);
    }
    context.keys.lite.create();
    assert.deepEqual((await refreshLite(context)).written, ['lite/one.sum', 'lite/stable']);
  });

  test('follow a build that is renamed, and prune takes what no stream names', async (t) => {
    const { store, context, publish, creation } = await emptyRepository(t);
    context.keys.lite.create();
    await publish('one', { a: 'a' });
    await renameBuild(context, buildName('one'), buildName('uno'));
    assert.equal(headerOf(await signedIn(store, 'lite/stable')).get('build'), 'uno');
    const { deleted } = await prune({ ...creation(), grace: 0, dryRun: false });
    assert.ok(deleted.includes('lite/one.sum'), deleted.join(' '));
    assert.deepEqual(await namesIn(store), ['lite/stable', 'lite/uno.sum']);
  });

  test('leave out a stream that plain lines cannot hold, with a sentence, and nothing else', async (t) => {
    const { store, context, publish } = await emptyRepository(t);
    context.keys.lite.create();
    await publish('one', { 'a\nb': 'a' });
    await publish('two', { a: 'a' }, { streams: ['testing', 'odd.sum'] });
    assert.deepEqual(await namesIn(store), ['lite/testing', 'lite/two.sum']);
    const said: MessageCode[] = [];
    const reporter = { progress() {}, notice: (code: MessageCode) => said.push(code) };
    await refreshLite({ ...context, reporter });
    assert.deepEqual(said, ['lite-stream-name-left-out', 'lite-path-left-out']);
  });

  test('are never replaced by those of an older state of the repository', async (t) => {
    const { store, context, publish } = await emptyRepository(t);
    context.keys.lite.create();
    await publish('one', { a: 'a' });
    // Whoever writes the list of the stream now finds that another has written a newer one meanwhile.
    let raced = false;
    const racing: Store = {
      ...store,
      async compareAndSwap(name, expected, next) {
        if (name === 'lite/stable' && !raced) {
          raced = true;
          await publish('two', { a: 'b' });
        }
        return store.compareAndSwap(name, expected, next);
      },
    };
    const later = { ...context, store: racing, clock: () => context.clock() + 100 * day };
    await refreshLite(later);
    assert.ok(raced);
    assert.equal(headerOf(await signedIn(store, 'lite/stable')).get('build'), 'two');
  });
});
