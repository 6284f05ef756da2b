import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { noise, pulled, pullScene } from '../../test/doubles/pull-scene.ts';
import { when } from '../../test/doubles/when.ts';
import { SatchelError } from '../base/errors.ts';
import { readAll } from '../store/read-all.ts';

const size = 3_000_000;
/** What is said of an upstream that sends part of a file, and then nothing. */
const trouble = /could not be reached|ended/;

test('many who ask at once cause one request, get the same bytes, and the file is kept', async (t) => {
  const scene = await pullScene(t);
  const name = scene.add('deltas', noise(size, 1));
  const pull = scene.start();
  const all = await Promise.all(Array.from({ length: 100 }, () => pulled(pull, name)));
  for (const bytes of all) assert.ok(bytes.equals(scene.bytes(name)));
  assert.equal(scene.server.requests.length, 1);
  await when(() => pull.isSound(name));
  assert.equal(statSync(join(scene.layout.repository, name)).mode & 0o777, 0o644);
  assert.ok(
    (await pulled(pull, name, { offset: 5, length: 70_000 })).equals(scene.bytes(name).subarray(5, 70_005)),
  );
  assert.equal(scene.server.requests.length, 1);
  await when(() => pull.inUse().length === 0);
  assert.deepEqual(readdirSync(scene.layout.partial), []);
});

test('what arrives is passed on before the rest has come', async (t) => {
  const scene = await pullScene(t, [
    { pattern: '^/deltas/', fault: { kind: 'hang', when: 'in-body', after: 1_000_000 } },
  ]);
  const name = scene.add('deltas', noise(size, 2));
  const pull = scene.start();
  const file = await pull.open(name);
  let received = 0;
  for await (const piece of file.read({ offset: 300_000, length: 1_000_000 })) {
    received += piece.length;
    if (received >= 650_000) break;
  }
  assert.equal(file.size, size);
  await when(() => pull.receiving()[0]?.received === 1_000_000);
  assert.deepEqual(pull.receiving(), [{ name, received: 1_000_000, size }]);
  assert.deepEqual(pull.inUse(), [name]);
  assert.equal(await pull.discard(name), false);
  file.close();
});

test('a cut upstream is gone on with where it stopped, by a new process and from a new address too', async (t) => {
  const cut = { kind: 'truncate', after: 700_000 } as const;
  const scene = await pullScene(t, [{ pattern: '^/deltas/', times: 2, fault: cut }]);
  const name = scene.add('deltas', noise(size, 3));
  const wanted = scene.bytes(name);
  const pull = scene.start({ timing: { patience: 60_000 } });
  assert.ok((await pulled(pull, name)).equals(wanted));
  assert.deepEqual(
    scene.server.requests.map(({ range }) => range),
    [undefined, 'bytes=700000-', 'bytes=1400000-'],
  );
  assert.equal(scene.server.counters().bodyBytes, size);

  const other = scene.add('deltas', noise(size, 4));
  scene.server.setRules([{ path: `/${other}`, fault: { kind: 'hang', when: 'in-body', after: 1_234_567 } }]);
  const file = await pull.open(other);
  await when(() => pull.receiving().some(({ received }) => received === 1_234_567));
  const reading = assert.rejects(pulled(pull, other), { code: 'site-pull-closed' });
  await pull.close();
  await reading;
  file.close();

  const elsewhere = await scene.serve();
  const next = scene.start({ from: elsewhere });
  next.goOn();
  assert.ok((await pulled(next, other)).equals(scene.bytes(other)));
  assert.deepEqual(
    elsewhere.requests.map(({ range }) => range),
    ['bytes=1234567-'],
  );
});

test('while the upstream is down what is here is given at once, and what is not is refused at once', async (t) => {
  const scene = await pullScene(t);
  const [here, begun, absent] = [10, 11, 12].map((seed) => scene.add('deltas', noise(size, seed))) as [
    string,
    string,
    string,
  ];
  const pull = scene.start();
  await pulled(pull, here);
  scene.server.setRules([
    { path: `/${begun}`, times: 1, fault: { kind: 'truncate', after: 2_000_000 } },
    { pattern: '.', from: 2, fault: { kind: 'status', status: 503 } },
  ]);
  await assert.rejects(pulled(pull, begun), trouble);
  assert.ok((await pulled(pull, here)).equals(scene.bytes(here)));
  assert.ok(
    (await pulled(pull, begun, { offset: 0, length: 2_000_000 })).equals(
      scene.bytes(begun).subarray(0, 2_000_000),
    ),
  );
  await assert.rejects(pulled(pull, absent), { code: 'store-unreachable' });
  await assert.rejects(pulled(pull, begun, { offset: 2_500_000, length: 10 }), trouble);
});

test('one wrong byte costs one more request, and whoever had it is told', async (t) => {
  const scene = await pullScene(t, [
    { pattern: '^/(deltas|contents)/', times: 1, fault: { kind: 'flip', offset: 5 } },
  ]);
  const name = scene.add('contents', noise(50_000, 20));
  const pull = scene.start();
  assert.ok((await pulled(pull, name)).equals(scene.bytes(name)), 'nothing of a small file was handed on');
  assert.equal(scene.server.requests.length, 2);

  const large = scene.add('deltas', noise(size, 21));
  scene.server.setRules([{ path: `/${large}`, times: 1, fault: { kind: 'flip', offset: 5 } }]);
  await assert.rejects(pulled(pull, large), { code: 'site-bytes-proved-wrong' });
  assert.ok((await pulled(pull, large)).equals(scene.bytes(large)));
  assert.equal(scene.server.requests.length, 4);
});

test('an upstream that always sends wrong bytes is not asked again for a while, and nothing is kept', async (t) => {
  let now = Date.parse('2026-03-01T00:00:00Z');
  const scene = await pullScene(t, [{ pattern: '.', fault: { kind: 'flip', offset: 5 } }]);
  const name = scene.add('contents', noise(50_000, 22));
  const pull = scene.start({ clock: () => now });
  const asked = Array.from({ length: 10 }, () =>
    assert.rejects(pulled(pull, name), { code: 'site-upstream-sends-wrong-bytes' }),
  );
  await Promise.all(asked);
  assert.equal(scene.server.requests.length, 2);
  await assert.rejects(pulled(pull, name), { code: 'site-upstream-sends-wrong-bytes' });
  assert.equal(scene.server.requests.length, 2);
  assert.equal(scene.has(name), false);
  await when(() => pull.inUse().length === 0);
  now += 61_000;
  scene.server.setRules([]);
  assert.ok((await pulled(pull, name)).equals(scene.bytes(name)));
});

test('who goes away does not stop what others want, and the file comes to its end', async (t) => {
  const scene = await pullScene(t, [
    { pattern: '^/deltas/', fault: { kind: 'slow', bytesPerSecond: 20_000_000 } },
  ]);
  const name = scene.add('deltas', noise(size, 30));
  const pull = scene.start();
  const leaving = new AbortController();
  const left = assert.rejects(pulled(pull, name, undefined, leaving.signal), { code: 'cancelled' });
  const slow = await pull.open(name);
  const iterator = slow.read({ offset: 0, length: size })[Symbol.asyncIterator]();
  const rest = [(await iterator.next()).value];
  leaving.abort();
  await left;
  assert.ok((await pulled(pull, name)).equals(scene.bytes(name)), 'a slow reader holds nobody up');
  for (let step = await iterator.next(); step.done !== true; step = await iterator.next())
    rest.push(step.value);
  assert.ok(Buffer.concat(rest).equals(scene.bytes(name)));
  slow.close();

  const alone = scene.add('deltas', noise(size, 31));
  const file = await pull.open(alone);
  file.close();
  await when(() => pull.isSound(alone));
  assert.equal(scene.server.requests.length, 2);
});

test('answers of a wrong length, missing files and names that escape are refused', async (t) => {
  const scene = await pullScene(t);
  const [index] = scene.names('indexes') as [string];
  const name = scene.add('contents', noise(90_000, 40));
  const pull = scene.start();
  for (const by of [-10, 1000]) {
    scene.server.setRules([{ pattern: '.', fault: { kind: 'resize', by } }]);
    const before = scene.server.counters().bodyBytes;
    await assert.rejects(pulled(pull, index), { code: 'site-upstream-sends-wrong-bytes' });
    assert.ok(scene.server.counters().bodyBytes - before < 400_000, 'its length is signed');
  }
  scene.server.setRules([
    { path: `/${name}`, times: 1, fault: { kind: 'extra', bytes: 5000, promised: false } },
  ]);
  assert.ok((await pulled(pull, name)).equals(scene.bytes(name)));
  await assert.rejects(pulled(pull, `deltas/${'0'.repeat(64)}.delta`), { code: 'store-not-found' });
  const empty = scene.add('contents', Buffer.alloc(0));
  assert.equal((await pulled(pull, empty)).length, 0);
  assert.equal(pull.isSound(empty), true);
  const other = scene.add('contents', noise(10, 41));
  scene.server.setRules([{ path: `/${other}`, fault: { kind: 'replace', text: '' } }]);
  await assert.rejects(pulled(pull, other), { code: 'site-upstream-sends-wrong-bytes' });
  await assert.rejects(pulled(pull, '../secret'), { code: 'store-name-not-allowed' });
  await assert.rejects(pulled(pull, 'metadata/99.root.json'), { code: 'store-not-found' });
  assert.ok((await pulled(pull, 'metadata/1.root.json')).length > 100);
  assert.deepEqual(scene.has(index), false);
});

test('a file that another process shortened or changed is fetched again', async (t) => {
  const scene = await pullScene(t);
  const names = [scene.add('contents', noise(90_000, 50)), scene.add('deltas', noise(9_000_000, 51))];
  const first = scene.start();
  for (const name of names) await pulled(first, name);
  await first.close();
  const pull = scene.start();
  for (const name of names) {
    const path = join(scene.layout.repository, name);
    const damaged = readFileSync(path);
    damaged[7] = ~(damaged[7] as number);
    chmodSync(path, 0o644);
    writeFileSync(path, damaged);
    assert.equal(pull.isSound(name), false);
    if (damaged.length > 8 * 1024 * 1024)
      await assert.rejects(pulled(pull, name), { code: 'site-stored-file-damaged' });
    assert.ok((await pulled(pull, name)).equals(scene.bytes(name)));
    await when(() => pull.isSound(name));
    truncateSync(path, 100);
    assert.ok((await pulled(pull, name)).equals(scene.bytes(name)));
  }
});

test('without room nothing is asked for; where it ends in the middle what came is kept', async (t) => {
  const scene = await pullScene(t);
  const name = scene.add('deltas', noise(size, 60));
  let room = 0;
  const ensureRoom = async (bytes: number) => {
    if (bytes > room) throw new SatchelError('site-disk-full', { file: 'it' });
  };
  const pull = scene.start({ ensureRoom });
  await assert.rejects(pulled(pull, name), { code: 'site-disk-full' });
  assert.ok(scene.server.counters().bodyBytes < 1_000_000);
  room = size;
  assert.ok((await pulled(pull, name)).equals(scene.bytes(name)));
});

test('what is not urgent waits after each piece, until somebody is in a hurry', async (t) => {
  const scene = await pullScene(t);
  const name = scene.add('deltas', noise(size, 70));
  const pull = scene.start();
  const paced: number[] = [];
  const waiting = Promise.withResolvers<void>();
  const background = pull.inBackground(async (bytes) => {
    paced.push(bytes);
    await waiting.promise;
  });
  const reading = readAll(background, name, { limit: size });
  await when(() => paced.length > 0);
  const urgent = pulled(pull, name);
  waiting.resolve();
  assert.ok((await urgent).equals(scene.bytes(name)));
  assert.ok((await reading).equals(scene.bytes(name)));
  assert.ok(paced.reduce((sum, bytes) => sum + bytes, 0) < size);
  assert.equal(scene.server.requests.length, 1);
});
