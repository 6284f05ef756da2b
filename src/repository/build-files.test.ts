import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { buildName } from '../base/identifiers.ts';
import { readAll } from '../store/read-all.ts';
import { fileOfDelta, listFiles } from './build-files.ts';
import { createMissing } from './delta-create.ts';
import { emptyRepository } from './repository.fixture.ts';

test('the files of a build lie in the repository with the lengths and hashes that are told', async (context) => {
  const repository = await emptyRepository(context);
  await repository.publish('a', { file: 'one' });
  await repository.publish('b', { file: 'another' });
  await createMissing(repository.creation());
  const catalog = await repository.catalog();
  const deltas = await catalog.deltas(buildName('b'));
  const lists = listFiles(await catalog.build(buildName('b')), deltas);
  const found = deltas.deltas.map(fileOfDelta);
  assert.deepEqual(
    lists.map(({ name }) => name.split('/')[0]),
    ['indexes', 'maps', 'contents'],
  );
  assert.deepEqual(
    found.map(({ from }) => from),
    ['a'],
  );
  for (const { name, length, sha256 } of [...lists, ...found]) {
    const bytes = await readAll(repository.store, name, { limit: 100_000 });
    assert.deepEqual([bytes.length, hash('sha256', bytes)], [length, sha256], name);
    assert.ok(name.includes(sha256), name);
  }
});
