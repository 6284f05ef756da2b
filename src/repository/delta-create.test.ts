import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { SatchelError } from '../base/errors.ts';
import { buildName, streamName } from '../base/identifiers.ts';
import { silentReporter } from '../base/progress.ts';
import { tryLock } from '../os/file-lock.ts';
import { readAll } from '../store/read-all.ts';
import { removeBuild } from './change-list.ts';
import { createDelta, createMissing } from './delta-create.ts';
import { missingDeltas } from './delta-policy.ts';
import { publishDeltasRecords } from './deltas-records.ts';
import { fsck } from './fsck.ts';
import { deltaFile } from './layout.ts';
import { emptyRepository, pair, plainDelta, type RepositoryFixture } from './repository.fixture.ts';

async function threeBuilds(t: TestContext): Promise<RepositoryFixture> {
  const repository = await emptyRepository(t);
  for (const name of ['a', 'b', 'c']) await repository.publish(name, { file: name });
  return repository;
}

const recordOf = async (repository: RepositoryFixture, name: string) =>
  (await repository.catalog()).deltas(buildName(name));

test('a delta is stored, recorded, and embedded in every stream with that head', async (t) => {
  const repository = await threeBuilds(t);
  const report = await createDelta(repository.creation(), pair('b', 'c'));
  const { deltas, map } = await recordOf(repository, 'c');
  const catalog = await repository.catalog();
  const stream = await catalog.stream(streamName('stable'));
  assert.deepEqual(stream.deltas.deltas, deltas);
  const [delta] = deltas;
  const { index } = await catalog.build(buildName('b'));
  assert.deepEqual([delta?.from, delta?.fromIndex, delta?.why], ['b', index.sha256, 'asked']);
  const stored = await readAll(repository.store, deltaFile(delta!.stored), { limit: 10_000 });
  assert.equal(stored.length, delta?.length);
  const { build } = stream;
  assert.ok(report.objectBytes > build.index.length + map.length);
  assert.equal(report.ratio, report.bytes / report.objectBytes);
  assert.deepEqual([report.alreadyThere, report.segments, report.bytes], [false, 1, stored.length]);
});

test('a delta that is there is not made again, but kept from then on', async (t) => {
  const repository = await threeBuilds(t);
  await createMissing(repository.creation());
  const creation = repository.creation(() => assert.fail('made again'));
  const report = await createDelta(creation, pair('b', 'c'));
  assert.deepEqual([report.alreadyThere, creation.said], [true, ['delta-already-there']]);
  assert.deepEqual((await recordOf(repository, 'c')).deltas.map(({ from, why }) => `${from} ${why}`).sort(), [
    'a stream',
    'b asked',
  ]);
});

test('what streams want is made, all of it, and then nothing is missing', async (t) => {
  const repository = await threeBuilds(t);
  const { made, failed } = await createMissing(repository.creation());
  assert.deepEqual([made.map(({ from, to }) => `${from}-${to}`), failed], [['b-c', 'a-c'], []]);
  assert.deepEqual(await missingDeltas(await repository.catalog()), []);
  assert.deepEqual((await createMissing(repository.creation(() => assert.fail()))).made, []);
});

test('one delta that cannot be made does not keep the others from being made', async (t) => {
  const repository = await threeBuilds(t);
  const creation = repository.creation((options) => {
    if (Buffer.from(options.from.index).includes('"path":"only-b"'))
      throw new SatchelError('delta-damaged', { reason: 'x' });
    return plainDelta(options);
  });
  await repository.publish('b2', { 'only-b': '' });
  await repository.publish('d', { file: 'd' });
  const { made, failed } = await createMissing(creation);
  assert.deepEqual([made.map(({ from }) => from), failed], [['c', 'b'], [pair('b2', 'd')]]);
  assert.deepEqual(creation.said, ['delta-not-made', 'delta-damaged']);
});

test('what was published while a delta was made is kept', async (t) => {
  const repository = await threeBuilds(t);
  const creation = repository.creation(async (options) => {
    await repository.publish('d', { file: 'd' });
    return plainDelta(options);
  });
  await createDelta(creation, pair('b', 'c'));
  const stream = await (await repository.catalog()).stream(streamName('stable'));
  assert.deepEqual([stream.build.name, stream.deltas.deltas], ['d', []]);
  assert.equal((await recordOf(repository, 'c')).deltas.length, 1);
});

test('two deltas to one build that are published at the same moment are both kept', async (t) => {
  const repository = await threeBuilds(t);
  const { store } = repository;
  let raced = false;
  const swap: typeof store.compareAndSwap = async (name, expected, next) => {
    if (!raced) {
      raced = true;
      await createDelta({ ...repository.creation(), spoolDirectory: `${repository.spool}2` }, pair('a', 'c'));
    }
    return store.compareAndSwap(name, expected, next);
  };
  await createDelta({ ...repository.creation(), store: { ...store, compareAndSwap: swap } }, pair('b', 'c'));
  const { deltas } = await recordOf(repository, 'c');
  assert.deepEqual(
    deltas.map(({ from }) => from),
    ['a', 'b'],
  );
});

test('a delta from a build that was removed meanwhile is not published', async (t) => {
  const repository = await threeBuilds(t);
  const creation = repository.creation(async (options) => {
    await removeBuild(repository.context, buildName('b'));
    return plainDelta(options);
  });
  await assert.rejects(createDelta(creation, pair('b', 'c')), { code: 'build-changed-meanwhile' });
  assert.deepEqual((await recordOf(repository, 'c')).deltas, []);
});

test('the second maker says that it waits for the first, and ends when it is asked to', async (t) => {
  const repository = await threeBuilds(t);
  mkdirSync(repository.spool, { recursive: true });
  using _lock = tryLock(join(repository.spool, 'deltas.lock'));
  const stop = new AbortController();
  const creation = repository.creation(() => assert.fail('made while another did'));
  const reporter = { progress() {}, notice: () => stop.abort() };
  await assert.rejects(createDelta({ ...creation, reporter, signal: stop.signal }, pair('b', 'c')), {
    code: 'cancelled',
  });
});

test('what a killed maker left in the spool is gone before the next begins', async (t) => {
  const repository = await threeBuilds(t);
  mkdirSync(join(repository.spool, 'deltas'), { recursive: true });
  writeFileSync(join(repository.spool, 'deltas', 'left'), 'x');
  await createDelta(repository.creation(), pair('b', 'c'));
  assert.deepEqual(readdirSync(join(repository.spool, 'deltas')), []);
});

test('a delta from a build to itself, and of builds that are not there, is refused', async (t) => {
  const repository = await threeBuilds(t);
  await assert.rejects(createDelta(repository.creation(), pair('a', 'a')), { code: 'delta-same-build' });
  await assert.rejects(createDelta(repository.creation(), pair('x', 'a')), { code: 'build-not-found' });
  await assert.rejects(createDelta(repository.creation(), pair('a', 'x')), { code: 'build-not-found' });
});

test('fsck finds a delta that makes nothing of what it should', async (t) => {
  const repository = await threeBuilds(t);
  const { store } = repository;
  const creation = repository.creation((options) =>
    plainDelta({ ...options, to: { ...options.to, read: async () => [Buffer.from('x')] } }),
  );
  await createDelta(creation, pair('b', 'c'));
  const { damaged } = await fsck({ store, reporter: silentReporter });
  assert.deepEqual(
    damaged.map(({ problem, build }) => [problem, build]),
    [['unusable', 'c']],
  );
});

test('fsck finds a delta that is missing, one with wrong bytes, and one whose record is wrong', async (t) => {
  const repository = await threeBuilds(t);
  const { store, context } = repository;
  await createMissing(repository.creation());
  assert.deepEqual((await fsck({ store, reporter: silentReporter })).damaged, []);
  const [first, second] = (await recordOf(repository, 'c')).deltas;
  const [missing, wrong] = [deltaFile(first!.stored), deltaFile(second!.stored)];
  await store.delete(missing);
  await store.delete(wrong);
  await store.put(wrong, new Uint8Array(second!.length));
  const problems = async () =>
    (await fsck({ store, reporter: silentReporter })).damaged.map(({ file, problem }) => [file, problem]);
  assert.deepEqual(await problems(), [
    [missing, 'missing'],
    [wrong, 'wrong-bytes'],
  ]);
  await store.delete(wrong);
  await createDelta(repository.creation(), pair('a', 'b'));
  await publishDeltasRecords(context, async (catalog) => {
    const record = await catalog.deltas(buildName('c'));
    const { deltas } = await catalog.deltas(buildName('b'));
    return new Map([[buildName('c'), { ...record, deltas }]]);
  });
  assert.deepEqual(await problems(), [
    [deltaFile((await recordOf(repository, 'b')).deltas[0]!.stored), 'unusable'],
  ]);
});
