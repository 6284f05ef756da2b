/** Deltas to new versions of bundles: made while they are published, named by the signed record, kept and checked. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { MessageCode } from '../base/catalogue.ts';
import { SatchelError } from '../base/errors.ts';
import { type StreamName, streamName } from '../base/identifiers.ts';
import { type Progress, silentReporter } from '../base/progress.ts';
import { makeDelta } from '../delta/make-delta.ts';
import { zipOf } from '../formats/zip.testkit.ts';
import type { BundleId } from '../repository/bundle-record.ts';
import type { BundleVersion } from '../repository/bundle-version.ts';
import { fsck } from '../repository/fsck.ts';
import { bundleName, defaultGroup, type GroupName } from '../repository/group-record.ts';
import { deltaFile, indexFile } from '../repository/layout.ts';
import { prune } from '../repository/prune.ts';
import { emptyRepository, type RepositoryFixture } from '../repository/repository.fixture.ts';
import { readAll } from '../store/read-all.ts';
import type { KeyRing } from '../trust/keys.ts';
import { signRequest, submitSigned } from '../trust/offline-signing.ts';
import { custodyOf } from '../trust/roles.ts';
import { promoteBundle, removeBundles } from './group-edit.ts';
import type { DeltaMaking } from './make-bundle-deltas.ts';
import { publishBundles } from './publish-bundles.ts';
import { readBundle } from './read-bundle.ts';

const folder = mkdtempSync(join(tmpdir(), 'satchel-bundle-deltas-'));
after(() => rmSync(folder, { recursive: true }));

const stable = streamName('stable');
const testing = streamName('testing');
const id = 'org.test.One' as BundleId;

/** Digits that do not repeat, so that they take their room in a pack. */
function digits(): string[] {
  let state = 1;
  return Array.from({ length: 4000 }, () => {
    state = (state * 48271) % 2147483647;
    return String(state);
  });
}

/** A version with a large file of which a few lines are its own. */
function similar(version: number): string {
  return digits()
    .toSpliced(version * 20, 3, `of version ${version}`)
    .join('\n');
}

/** A bundle file. */
function bundleFile(version: string, large: string | Uint8Array): string {
  const info = `[Activity]\nname = One\nbundle_id = ${id}\nactivity_version = ${version}\nexec = x\nicon = i\n`;
  const files = { 'activity/activity.info': info, 'activity/i.svg': '<svg/>', 'large.txt': large };
  const path = join(folder, `One-${version}.xo`);
  const members = Object.entries(files).map(([name, content]) => ({ name: `One.activity/${name}`, content }));
  writeFileSync(path, zipOf(members));
  return path;
}

/** What makes deltas, with what it said and which pairs it was asked for. */
function making(make: typeof makeDelta = makeDelta) {
  const said: MessageCode[] = [];
  const progress: Progress[] = [];
  const deltas: DeltaMaking = {
    make,
    reporter: { progress: (each) => progress.push(each), notice: (code) => said.push(code) },
  };
  return { deltas, said, progress };
}

const never = making(() => assert.fail('made')).deltas;

type Publishing = Partial<Parameters<typeof publishBundles>[0]> & { readonly large?: string | Uint8Array };

function publish(repository: RepositoryFixture, version: number, options: Publishing = {}) {
  const { large = similar(version), ...changed } = options;
  const file = bundleFile(String(version), large);
  return publishBundles({
    ...repository.context,
    spoolDirectory: repository.spool,
    sources: [(sink) => readBundle(file, sink)],
    ...{ group: defaultGroup, streams: [stable], optional: false, keep: 2 },
    deltas: making().deltas,
    ...changed,
  });
}

function promote(repository: RepositoryFixture, version: number, stream: StreamName, deltas?: DeltaMaking) {
  const promotion = { ...repository.context, spoolDirectory: repository.spool, streams: [stream], deltas };
  return promoteBundle(promotion, defaultGroup, { id, version: String(version) as BundleVersion });
}

async function bundles({ catalog }: RepositoryFixture) {
  return (await (await catalog()).group(defaultGroup)).bundles;
}

/** From which versions there are deltas, by version. */
async function pairs(repository: RepositoryFixture): Promise<string[]> {
  return (await bundles(repository)).flatMap(({ version, deltas = [] }) =>
    deltas.map(({ from }) => `${from}-${version}`),
  );
}

async function damaged({ store }: RepositoryFixture): Promise<string[]> {
  const { damaged: found } = await fsck({ store, reporter: silentReporter });
  return found.map(({ build, problem }) => `${build} ${problem}`);
}

test('a new version comes with a delta from what its stream stood for, stored as the record says', async (t) => {
  const repository = await emptyRepository(t);
  assert.deepEqual((await publish(repository, 1)).deltas.made, []);
  const { deltas } = await publish(repository, 2);
  const [next, old] = await bundles(repository);
  const [delta] = next!.deltas!;
  assert.deepEqual([delta!.from, delta!.fromIndex], ['1', old!.index.sha256]);
  const stored = await readAll(repository.store, deltaFile(delta!.stored), { limit: 100_000 });
  assert.equal(stored.length, delta!.length);
  const [made] = deltas.made;
  assert.deepEqual([made?.id, made?.from, made?.to, made?.bytes], [id, '1', '2', stored.length]);
  assert.ok(made!.bytes < made!.objectBytes / 10, `${made!.bytes} of ${made!.objectBytes}`);
  assert.deepEqual([deltas.useless, deltas.failed], [0, 0]);
  assert.deepEqual(await damaged(repository), []);
  assert.deepEqual(readdirSync(repository.spool), []);
});

test('one that would save next to nothing is left out', async (t) => {
  const repository = await emptyRepository(t);
  await publish(repository, 1);
  const large = randomBytes(30_000);
  const other = await publish(repository, 2, { large });
  assert.deepEqual([other.deltas.made, other.deltas.useless], [[], 1]);
  // The large file stays the same: what is new is not worth comparing.
  const small = await publish(repository, 3, { large, deltas: never });
  assert.deepEqual([small.deltas.made, small.deltas.useless], [[], 1]);
  assert.deepEqual(await pairs(repository), []);
});

test('what was published before keeps its deltas, and none is made again', async (t) => {
  const repository = await emptyRepository(t);
  await publish(repository, 1);
  await publish(repository, 2);
  const again = await publish(repository, 2, { deltas: never });
  assert.deepEqual([again.bundles[0]?.alreadyPublished, await pairs(repository)], [true, ['1-2']]);
  await publish(repository, 2, { deltas: never, group: 'other' as GroupName });
  const other = await (await repository.catalog()).group('other' as GroupName);
  assert.deepEqual(
    other.bundles[0]?.deltas?.map(({ from }) => from),
    ['1'],
  );
});

test('a version that takes a stream over comes with a delta from the one that it replaces there', async (t) => {
  const repository = await emptyRepository(t);
  await publish(repository, 1);
  for (const version of [2, 3]) await publish(repository, version, { streams: [testing] });
  // Devices of testing had 1 before 2; those of everybody else still have it.
  assert.deepEqual(await pairs(repository), ['2-3', '1-2']);
  const { deltas } = await promote(repository, 3, stable, making().deltas);
  assert.equal(deltas.made.length, 1);
  assert.deepEqual(await pairs(repository), ['2-3', '1-3', '1-2']);
  await promote(repository, 3, stable, never);
  assert.deepEqual(await damaged(repository), []);
});

test('without a maker there are none', async (t) => {
  const repository = await emptyRepository(t);
  await publish(repository, 1);
  const { deltas } = await publish(repository, 2, { deltas: undefined });
  assert.deepEqual([deltas.made, deltas.useless, await pairs(repository)], [[], 0, []]);
  assert.equal('deltas' in (await bundles(repository))[0]!, false);
});

test('one that cannot be made is told, and the version is published all the same', async (t) => {
  const repository = await emptyRepository(t);
  await publish(repository, 1);
  const failing = making(() => Promise.reject(new SatchelError('delta-damaged', { reason: 'x' })));
  const { deltas } = await publish(repository, 2, { deltas: failing.deltas });
  assert.deepEqual([deltas.failed, failing.said], [1, ['delta-not-made', 'delta-damaged']]);
  const large = making(() => assert.fail('made'));
  await publish(repository, 3, { deltas: { ...large.deltas, mostNewContent: 10_000 } });
  assert.deepEqual(large.said, ['delta-not-made', 'bundle-delta-too-large']);
  assert.deepEqual(
    (await bundles(repository)).map(({ version, streams }) => [version, streams]),
    [
      ['3', [stable]],
      ['2', []],
    ],
  );
});

test('a version whose lists are gone keeps no other from taking its place', async (t) => {
  const repository = await emptyRepository(t);
  await publish(repository, 1);
  await publish(repository, 2, { streams: [testing], deltas: undefined });
  const [, old] = await bundles(repository);
  await repository.store.delete(indexFile(old!.index.stored));
  const { deltas, said } = making();
  const promoted = await promote(repository, 2, stable, deltas);
  assert.deepEqual([promoted.deltas.failed, said], [1, ['delta-not-made', 'store-not-found']]);
  assert.deepEqual((await bundles(repository))[0]?.streams, [stable, testing]);
});

test('a full disk and whoever stops it end all; what streams stand for stays as it was', async (t) => {
  const repository = await emptyRepository(t);
  await publish(repository, 1);
  for (const code of ['disk-full', 'cancelled'] as const) {
    const { deltas } = making(() => Promise.reject(new SatchelError(code, { path: '/' })));
    await assert.rejects(publish(repository, 2, { deltas }), { code });
  }
  assert.deepEqual((await bundles(repository)).map(bundleName), [`${id}-1`]);
  assert.deepEqual(readdirSync(repository.spool), []);
});

test('what is refused is refused before the long work', async (t) => {
  const repository = await emptyRepository(t);
  await publish(repository, 2);
  await publish(repository, 3);
  await assert.rejects(publish(repository, 1, { deltas: never }), { code: 'bundle-older' });
  await assert.rejects(promote(repository, 2, stable, never), { code: 'bundle-older' });
});

test('progress goes once from nothing to all, however many deltas there are', async (t) => {
  const repository = await emptyRepository(t);
  await publish(repository, 1);
  await publish(repository, 2, { streams: [testing] });
  const { deltas, progress } = making();
  const result = await publish(repository, 3, { streams: [stable, testing], deltas });
  assert.equal(result.deltas.made.length, 2);
  const totals = new Set(progress.map(({ total }) => total));
  assert.deepEqual([totals.size, progress.at(-1)?.done], [1, progress.at(-1)?.total]);
  const done = progress.map((each) => each.done);
  assert.deepEqual(
    done,
    done.toSorted((one, other) => one - other),
  );
});

test('prune keeps deltas for as long as a version is offered, whether or not the version before still is', async (t) => {
  const repository = await emptyRepository(t);
  await publish(repository, 1);
  await publish(repository, 2, { keep: 1 });
  const options = { ...repository.context, spoolDirectory: repository.spool, reporter: silentReporter };
  const pruned = async () => (await prune({ ...options, grace: 0, dryRun: false })).deleted;
  const isDelta = (name: string) => name.startsWith('deltas/') && name.endsWith('.delta');
  assert.equal((await pruned()).some(isDelta), false);
  assert.deepEqual([await pairs(repository), await damaged(repository)], [['1-2'], []]);
  await removeBundles(repository.context, defaultGroup, { id });
  assert.equal((await pruned()).filter(isDelta).length, 1);
});

test('fsck tells of a delta that is absent or damaged, and brings the right one back', async (t) => {
  const repository = await emptyRepository(t);
  const { store } = repository;
  await publish(repository, 1);
  await publish(repository, 2);
  const [delta] = (await bundles(repository))[0]!.deltas!;
  const file = deltaFile(delta!.stored);
  const bytes = await readAll(store, file, { limit: 100_000 });
  await store.delete(file);
  assert.deepEqual(await damaged(repository), [`${id}-2 missing`]);
  await store.put(file, Buffer.alloc(bytes.length));
  assert.deepEqual(await damaged(repository), [`${id}-2 wrong-bytes`]);
  const { damaged: repaired } = await fsck({
    ...{ store, reporter: silentReporter },
    repairFrom: { ...store, read: async () => ({ size: bytes.length, body: pieces(bytes) }) },
  });
  assert.deepEqual(
    repaired.map((each) => each.repaired),
    [true],
  );
  assert.deepEqual(await damaged(repository), []);
});

test('fsck applies a delta, so that one that makes something else is found', async (t) => {
  const repository = await emptyRepository(t);
  await publish(repository, 1);
  // It promises the indexes of both versions, and makes nothing.
  const { deltas } = making(async (options) => {
    const objects = options.from.objects;
    const entries = options.from.entries;
    return makeDelta({ ...options, to: { ...options.to, entries, objects, read: options.from.read } });
  });
  await publish(repository, 2, { deltas });
  assert.deepEqual([await pairs(repository), await damaged(repository)], [['1-2'], [`${id}-2 unusable`]]);
});

test('the machine that signs activities gets the delta signed too', async (t) => {
  const repository = await emptyRepository(t);
  await publish(repository, 1);
  const { keys } = repository.context;
  const only = (custody: 'online' | 'offline'): KeyRing => ({
    ...keys,
    load: (role) => (custodyOf[role] === custody ? keys.load(role) : []),
  });
  const { signingRequest, deltas } = await publish(repository, 2, { keys: only('online') });
  assert.deepEqual([deltas.made.length, await pairs(repository)], [1, []]);
  await submitSigned(repository.context, signRequest(signingRequest!, only('offline')));
  assert.deepEqual([await pairs(repository), await damaged(repository)], [['1-2'], []]);
});

test('what a run that was killed long ago left goes, and what another makes now stays', async (t) => {
  const repository = await emptyRepository(t);
  await publish(repository, 1);
  for (const name of ['bundle-deltas.old', 'bundle-deltas.now', 'deltas'])
    mkdirSync(join(repository.spool, name, 'x'), { recursive: true });
  const longAgo = new Date(Date.now() - 30 * 24 * 3600_000);
  utimesSync(join(repository.spool, 'bundle-deltas.old'), longAgo, longAgo);
  await publish(repository, 2);
  assert.deepEqual(readdirSync(repository.spool).sort(), ['bundle-deltas.now', 'deltas']);
});

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield Buffer.from(bytes);
}
