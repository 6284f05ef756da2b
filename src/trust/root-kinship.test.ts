import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renewOffline, rotateKey } from './key-change.ts';
import { areOfOneOrganisation } from './root-kinship.ts';
import { bytesIn, makeRepository } from './test-repository.ts';

test('a root and the one after it are of one organisation, also after a change of keys', async () => {
  const repository = await makeRepository();
  const first = await bytesIn(repository.store, 'metadata/1.root.json');
  await renewOffline(repository.context, 'root');
  const second = await bytesIn(repository.store, 'metadata/2.root.json');
  await rotateKey(repository.context, { role: 'root' });
  const third = await bytesIn(repository.store, 'metadata/3.root.json');
  assert.equal(await areOfOneOrganisation(first, first), true);
  for (const [one, other] of [
    [first, second],
    [second, third],
  ] as const) {
    assert.equal(await areOfOneOrganisation(one, other), true);
    assert.equal(await areOfOneOrganisation(other, one), true);
  }
});

test('roots that have signed nothing of each other are strangers, whatever their versions', async () => {
  const [ours, theirs] = [await makeRepository(), await makeRepository()];
  await renewOffline(theirs.context, 'root');
  const held = await bytesIn(ours.store, 'metadata/1.root.json');
  for (const name of ['metadata/1.root.json', 'metadata/2.root.json'])
    assert.equal(await areOfOneOrganisation(held, await bytesIn(theirs.store, name)), false);
});
