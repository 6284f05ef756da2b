import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type BuildName, buildName, type Sha256, streamName } from '../base/identifiers.ts';
import { silentReporter } from '../base/progress.ts';
import { removeBuild, renameBuild } from './change-list.ts';
import { tryMakerLock } from './delta-lock.ts';
import { deltaStates, missingDeltas } from './delta-policy.ts';
import { publishDeltasRecords, removeDelta } from './deltas-records.ts';
import { type PruneResult, prune } from './prune.ts';
import type { DeltaReference } from './records.ts';
import { emptyRepository, pair, type RepositoryFixture } from './repository.fixture.ts';

const hash = (digit: string) => digit.repeat(64) as Sha256;

/** Puts a delta into the records, as making it would, without a file. */
async function pretend(repository: RepositoryFixture, from: string, to: string, why: DeltaReference['why']) {
  await publishDeltasRecords(repository.context, async (catalog) => {
    const record = await catalog.deltas(buildName(to));
    const { index } = await catalog.build(buildName(from));
    const reference = {
      from: buildName(from),
      fromIndex: index.sha256,
      stored: hash('d'),
      length: 50,
      head: { length: 10, sha256: hash('e') },
      memory: 1,
      output: 1,
      why,
    };
    return new Map([[buildName(to), { ...record, deltas: [...record.deltas, reference] }]]);
  });
}

async function threeBuilds(
  t: TestContext,
  options: { keepDeltas?: number } = {},
): Promise<RepositoryFixture> {
  const repository = await emptyRepository(t);
  for (const name of ['a', 'b', 'c']) await repository.publish(name, { file: name }, options);
  return repository;
}

async function missing(repository: RepositoryFixture): Promise<string[]> {
  return (await missingDeltas(await repository.catalog())).map(({ from, to }) => `${from}-${to}`);
}

const deltasOf = async (repository: RepositoryFixture, name: string) =>
  (await (await repository.catalog()).deltas(buildName(name))).deltas.map(({ from }) => from);

function pruned(repository: RepositoryFixture, dryRun = false): Promise<PruneResult> {
  const { context, spool } = repository;
  return prune({ ...context, spoolDirectory: spool, grace: 0, dryRun, reporter: silentReporter });
}

test('a stream remembers its heads, newest first, and each once', async (t) => {
  const repository = await threeBuilds(t);
  await repository.publish('again', { file: 'again' });
  const stream = await (await repository.catalog()).stream(streamName('stable'));
  assert.deepEqual(stream.previous, ['c', 'b', 'a']);
  assert.equal(stream.keepDeltas, 3);
});

test('a stream wants deltas from as many of its last heads as it says, and keeps saying so', async (t) => {
  const repository = await threeBuilds(t, { keepDeltas: 1 });
  assert.deepEqual(await missing(repository), ['b-c']);
  await repository.publish('d', { file: 'd' });
  assert.deepEqual(await missing(repository), ['c-d']);
  await repository.publish('e', { file: 'e' }, { keepDeltas: 2 });
  assert.deepEqual(await missing(repository), ['d-e', 'c-e']);
});

test('the first build of a stream wants no delta, and none is wanted with 0', async (t) => {
  const repository = await emptyRepository(t);
  await repository.publish('a', { file: 'a' });
  assert.deepEqual(await missing(repository), []);
  await repository.publish('b', { file: 'b' }, { keepDeltas: 0 });
  assert.deepEqual(await missing(repository), []);
});

test('two streams with the same head want the same delta once', async (t) => {
  const repository = await emptyRepository(t);
  const streams = ['stable', 'testing'];
  await repository.publish('a', { file: 'a' }, { streams });
  await repository.publish('b', { file: 'b' }, { streams });
  const [state, ...more] = await deltaStates(await repository.catalog());
  assert.deepEqual(more, []);
  assert.deepEqual(state?.streams, streams);
});

test('a build that was removed is passed over for the one before it', async (t) => {
  const repository = await threeBuilds(t, { keepDeltas: 1 });
  await removeBuild(repository.context, buildName('b'));
  assert.deepEqual(await missing(repository), ['a-c']);
});

test('a delta that is there is not missing, and its head carries it', async (t) => {
  const repository = await threeBuilds(t);
  await pretend(repository, 'b', 'c', 'stream');
  assert.deepEqual(await missing(repository), ['a-c']);
  const stream = await (await repository.catalog()).stream(streamName('stable'));
  assert.deepEqual(
    stream.deltas.deltas.map(({ from }) => from),
    ['b'],
  );
});

test('prune keeps what streams name and what was asked for, and says why', async (t) => {
  const repository = await threeBuilds(t, { keepDeltas: 1 });
  await pretend(repository, 'b', 'c', 'stream');
  await pretend(repository, 'a', 'c', 'asked');
  await pretend(repository, 'a', 'b', 'stream');
  const expected = {
    kept: [
      { ...pair('b', 'c'), bytes: 50, streams: ['stable'], asked: false },
      { ...pair('a', 'c'), bytes: 50, streams: [], asked: true },
    ],
    dropped: [{ ...pair('a', 'b'), bytes: 50, reason: 'unnamed' }],
  };
  assert.deepEqual((await pruned(repository, true)).deltas, expected);
  assert.deepEqual(await deltasOf(repository, 'b'), ['a'], 'a dry run changes nothing');
  assert.deepEqual((await pruned(repository)).deltas, expected);
  assert.deepEqual(await deltasOf(repository, 'b'), []);
  assert.deepEqual(await deltasOf(repository, 'c'), ['b', 'a']);
});

test('the file of a delta stays while a record names it, and goes with prune afterwards', async (t) => {
  const repository = await threeBuilds(t);
  const file = `deltas/${hash('d')}.delta`;
  await repository.store.put(file, Buffer.from('delta'));
  await pretend(repository, 'b', 'c', 'stream');
  assert.deepEqual((await pruned(repository)).deleted.includes(file), false);
  await removeDelta(repository.context, pair('b', 'c'));
  assert.deepEqual((await pruned(repository, true)).deleted.includes(file), true);
  assert.deepEqual((await pruned(repository)).deleted.includes(file), true);
});

test('while deltas are made, a file that no record names yet stays', async (t) => {
  const repository = await threeBuilds(t);
  const file = `deltas/${hash('d')}.delta`;
  await repository.store.put(file, Buffer.from('delta'));
  const lock = tryMakerLock(repository.spool);
  assert.deepEqual((await pruned(repository)).deleted.includes(file), false);
  lock?.release();
  assert.deepEqual((await pruned(repository)).deleted.includes(file), true);
});

test('removing a build takes the deltas from it and to it along', async (t) => {
  const repository = await threeBuilds(t);
  await pretend(repository, 'a', 'b', 'asked');
  await pretend(repository, 'b', 'c', 'stream');
  await pretend(repository, 'a', 'c', 'stream');
  await removeBuild(repository.context, buildName('b'));
  assert.deepEqual(await deltasOf(repository, 'c'), ['a']);
  const [state, ...more] = await deltaStates(await repository.catalog());
  assert.deepEqual([state?.from, state?.to, more], ['a', 'c', []]);
});

test('a delta from a name that stands for another build by now goes', async (t) => {
  const repository = await threeBuilds(t);
  await pretend(repository, 'b', 'c', 'asked');
  const wrong = async (name: BuildName) => {
    await publishDeltasRecords(repository.context, async (catalog) => {
      const record = await catalog.deltas(name);
      const deltas = record.deltas.map((delta) => ({ ...delta, fromIndex: hash('0') }));
      return new Map([[name, { ...record, deltas }]]);
    });
  };
  await wrong(buildName('c'));
  const { dropped } = (await pruned(repository)).deltas;
  assert.deepEqual(dropped, [{ ...pair('b', 'c'), bytes: 50, reason: 'build-gone' }]);
  assert.deepEqual(await missing(repository), ['b-c', 'a-c']);
});

test('a renamed build keeps its deltas and its place in the stream', async (t) => {
  const repository = await threeBuilds(t);
  await pretend(repository, 'b', 'c', 'stream');
  await renameBuild(repository.context, buildName('b'), buildName('b2'));
  await renameBuild(repository.context, buildName('c'), buildName('c2'));
  assert.deepEqual(await deltasOf(repository, 'c2'), ['b2']);
  assert.deepEqual(await missing(repository), ['a-c2']);
  const stream = await (await repository.catalog()).stream(streamName('stable'));
  assert.deepEqual([stream.build.name, stream.previous], ['c2', ['b2', 'a']]);
  assert.deepEqual(
    stream.deltas.costs.map(({ from }) => from),
    ['b2', 'a'],
  );
});

test('a delta that is not there cannot be removed', async (t) => {
  const repository = await threeBuilds(t);
  await assert.rejects(removeDelta(repository.context, pair('a', 'c')), { code: 'delta-not-found' });
});

test('a stream wants the deltas of every step on the way over its waypoints, and keeps them', async (t) => {
  const repository = await emptyRepository(t);
  const publish = (name: string, options = {}) => repository.publish(name, { file: name }, options);
  await publish('a');
  await publish('b');
  await publish('w', { waypoint: true, keepDeltas: 2 });
  assert.deepEqual(await missing(repository), ['b-w', 'a-w']);
  for (const name of ['c', 'd', 'e', 'head']) await publish(name);
  const { waypoints } = await (await repository.catalog()).stream(streamName('stable'));
  assert.deepEqual(
    waypoints?.map(({ build }) => build),
    ['w'],
  );
  // Who is older than the waypoint goes over it; from the waypoint itself there is a way on, however old it is.
  assert.deepEqual(await missing(repository), ['e-head', 'd-head', 'w-head', 'b-w', 'a-w']);
  await pretend(repository, 'a', 'w', 'stream');
  const kept = (await deltaStates(await repository.catalog())).find(({ from }) => from === 'a');
  assert.deepEqual([kept?.to, kept?.drop], ['w', undefined]);
});

test('a waypoint is not removed, and keeps its place under another name', async (t) => {
  const repository = await emptyRepository(t);
  await repository.publish('w', { file: 'w' }, { waypoint: true });
  await repository.publish('head', { file: 'head' });
  await assert.rejects(removeBuild(repository.context, buildName('w')), { code: 'build-is-waypoint' });
  await renameBuild(repository.context, buildName('w'), buildName('via'));
  const { waypoints } = await (await repository.catalog()).stream(streamName('stable'));
  assert.deepEqual(
    waypoints?.map(({ build }) => build),
    ['via'],
  );
});
