import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { buildName } from '../base/identifiers.ts';
import type { ReadableStore } from '../store/store.ts';
import { objectReader, openBuildSide } from './delta-source.ts';
import { emptyRepository } from './repository.fixture.ts';

/** Counts the reads of packs. */
function counted(store: ReadableStore): ReadableStore & { reads: number } {
  const counting = {
    location: store.location,
    reads: 0,
    read: (name: string, options = {}) => {
      counting.reads += 1;
      return store.read(name, options);
    },
    close: () => store.close(),
  };
  return counting;
}

const files = Object.fromEntries(
  Array.from({ length: 40 }, (_, n) => [`f${n}`, `content ${n}\n`.repeat(n + 1)]),
);

test('objects come in the order asked for, however often each is named', async (t) => {
  const repository = await emptyRepository(t);
  await repository.publish('a', files);
  const side = await openBuildSide(await repository.catalog(), buildName('a'));
  const ordinals = [5, 0, 39, 5, 17];
  const contents = await side.read(ordinals);
  const expected = [...side.entries].filter(({ type }) => type === 'file').map(({ path }) => files[path]);
  assert.deepEqual(
    contents.map((content) => Buffer.from(content).toString()),
    ordinals.map((ordinal) => expected[ordinal]),
  );
  assert.equal((await side.read([])).length, 0);
});

test('neighbours are read in one go, and not again for the next call', async (t) => {
  const repository = await emptyRepository(t);
  await repository.publish('a', files);
  const { map, objects } = await openBuildSide(await repository.catalog(), buildName('a'));
  const store = counted(repository.store);
  const read = objectReader(store, map, objects);
  await read([0, 1, 2, 39]);
  await read([3, 4]);
  assert.equal(store.reads, 1);
});

test('what is returned does not keep its neighbours in memory', async (t) => {
  const repository = await emptyRepository(t);
  await repository.publish('a', files);
  const side = await openBuildSide(await repository.catalog(), buildName('a'));
  const [content] = await side.read([1]);
  assert.equal(content?.buffer.byteLength, content?.length);
});

test('an object with other bytes than its name says is never given out', async (t) => {
  const repository = await emptyRepository(t);
  await repository.publish('a', files);
  const { map, objects } = await openBuildSide(await repository.catalog(), buildName('a'));
  const wrong = objects.map((object, ordinal) =>
    ordinal === 2 ? { ...object, sha256: 'ab'.repeat(32) as typeof object.sha256 } : object,
  );
  await assert.rejects(objectReader(repository.store, map, wrong)([2]), (error) =>
    isSatchelError(error, 'object-damaged'),
  );
});
