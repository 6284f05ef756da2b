import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { buildName } from '../base/identifiers.ts';
import { createMissing } from '../repository/delta-create.ts';
import { emptyRepository } from '../repository/repository.fixture.ts';
import { priceForSites } from './mirror-price.ts';

test('a build is priced for sites that have the one before and for those that have nothing', async (context) => {
  const repository = await emptyRepository(context);
  const same = randomBytes(100_000);
  await repository.publish('b1', { same, other: randomBytes(5000) });
  await repository.publish('b2', { same, other: randomBytes(6000) });
  await createMissing(repository.creation());
  const { sites, deltas } = await priceForSites(await repository.catalog(), buildName('b2'));
  assert.deepEqual(
    sites.map(({ from, streams }) => [from, streams]),
    [
      ['b1', ['stable']],
      [null, []],
    ],
  );
  const [before, nothing] = sites;
  assert.equal(deltas.length, 1);
  const delta = deltas[0]!.bytes;
  assert.ok(delta > 6000 && delta < 12_000);
  assert.ok(before!.everything.bytes > 6000 + delta && before!.everything.bytes < 20_000 + delta);
  assert.ok(nothing!.everything.bytes > 106_000 + delta && nothing!.everything.bytes < 130_000 + delta);
  assert.ok(before!.deltasOnly.bytes >= delta && before!.deltasOnly.bytes < delta + 10_000);
  assert.deepEqual(nothing!.deltasOnly, before!.deltasOnly);
});

test('a build that is tried in one stream is priced for the followers of the others too', async (context) => {
  const repository = await emptyRepository(context);
  await repository.publish('b1', { file: 'one' });
  await repository.publish('b2', { file: 'two' }, { streams: ['testing'] });
  const { sites } = await priceForSites(await repository.catalog(), buildName('b2'));
  assert.deepEqual(
    sites.map(({ from, streams }) => [from, streams]),
    [
      ['b1', ['stable']],
      [null, []],
    ],
  );
});
