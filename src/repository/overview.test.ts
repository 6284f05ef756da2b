import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { buildName } from '../base/identifiers.ts';
import { removeBuild } from './change-list.ts';
import { readOverview } from './overview.ts';
import { emptyRepository } from './repository.fixture.ts';

test('builds and the updates between them are in the order of publication', async (t) => {
  const repository = await emptyRepository(t);
  for (const name of ['z', 'b', 'a']) await repository.publish(name, { file: name });
  const { builds, costs } = await readOverview(repository.store);
  assert.deepEqual(
    builds.map(({ name }) => name),
    ['z', 'b', 'a'],
  );
  assert.deepEqual(
    costs.map(({ from, to }) => `${from}-${to}`),
    ['z-b', 'z-a', 'b-a'],
  );
});

test('what was priced from a build that is gone is not told, nor when its name is given again', async (t) => {
  const repository = await emptyRepository(t);
  for (const name of ['a', 'b']) await repository.publish(name, { file: name });
  await removeBuild(repository.context, buildName('a'));
  assert.deepEqual((await readOverview(repository.store)).costs, []);
  rmSync(join(dirname(repository.spool), 'a'), { recursive: true });
  await repository.publish('a', { file: 'other' }, { streams: [] });
  const { costs } = await readOverview(repository.store);
  assert.deepEqual(
    costs.map(({ from, to }) => `${from}-${to}`),
    ['b-a'],
  );
});
