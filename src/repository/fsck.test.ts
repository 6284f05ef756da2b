import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { buildName } from '../base/identifiers.ts';
import { silentReporter } from '../base/progress.ts';
import { readAll } from '../store/read-all.ts';
import { listFiles } from './build-files.ts';
import { createMissing } from './delta-create.ts';
import { fsck } from './fsck.ts';
import { readOverview } from './overview.ts';
import { emptyRepository, type RepositoryFixture } from './repository.fixture.ts';

/** Two builds, each with a pack of its own, and a delta between them. */
async function twoBuilds(context: TestContext): Promise<RepositoryFixture> {
  const repository = await emptyRepository(context);
  await repository.publish('a', { file: 'one' });
  await repository.publish('b', { file: 'another' });
  await createMissing(repository.creation());
  return repository;
}

const look = ({ store }: RepositoryFixture, mayLack: boolean) =>
  fsck({ store, mayLack, reporter: silentReporter });

async function filesIn({ store }: RepositoryFixture, folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of store.list(folder)) names.push(name);
  return names;
}

/** Puts other bytes in the place of a file. */
async function damage({ store }: RepositoryFixture, name: string): Promise<void> {
  const bytes = await readAll(store, name, { limit: 1_000_000 });
  await store.delete(name);
  await store.put(name, Buffer.alloc(bytes.length, 7));
}

async function listsOf(repository: RepositoryFixture, name: string) {
  const catalog = await repository.catalog();
  const build = buildName(name);
  return listFiles(await catalog.build(build), await catalog.deltas(build));
}

test('what is absent is damage, but not where files come when they are asked for', async (context) => {
  const repository = await twoBuilds(context);
  const { files, bytes, objects } = await look(repository, true);
  for (const folder of ['packs/', 'deltas/'])
    for (const name of await filesIn(repository, folder)) await repository.store.delete(name);
  assert.deepEqual(
    (await look(repository, false)).damaged.map(({ problem }) => problem),
    ['missing', 'missing', 'missing'],
  );
  const lacking = await look(repository, true);
  assert.deepEqual([lacking.damaged, lacking.notHere], [[], 3]);
  assert.deepEqual([lacking.files, lacking.objects], [files - 3, 0]);
  assert.ok(lacking.bytes < bytes);
  assert.ok(objects > 0);
});

test('what is present of a build is checked whatever else of it is not here', async (context) => {
  const repository = await twoBuilds(context);
  const [index, , contents] = await listsOf(repository, 'a');
  await repository.store.delete(contents.name);
  const { objects } = await look(repository, true);
  assert.equal(objects, (await look(await twoBuilds(context), false)).objects);
  await repository.store.delete(index.name);
  const packs = await filesIn(repository, 'packs/');
  for (const name of packs) await damage(repository, name);
  const { damaged, notHere } = await look(repository, true);
  assert.equal(notHere, 2);
  assert.deepEqual(damaged.map(({ file }) => file).sort(), packs.toSorted());
});

test('a build of which not even the record is here is known by its name', async (context) => {
  const repository = await twoBuilds(context);
  const [record] = (await filesIn(repository, 'targets/builds/')).filter((name) => name.endsWith('.a.json'));
  await repository.store.delete(record!);
  await assert.rejects(look(repository, false), { code: 'store-not-found' });
  await assert.rejects(readOverview(repository.store), { code: 'store-not-found' });
  const { damaged, notHere } = await look(repository, true);
  assert.deepEqual([damaged, notHere], [[], 1]);
  const overview = await readOverview(repository.store, { mayLack: true });
  assert.deepEqual([overview.builds.map(({ name }) => name), overview.notHere], [['b'], ['a']]);
});
