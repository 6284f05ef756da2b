import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { MessageCode } from '../base/catalogue.ts';
import { fetchRoot } from './fetch-root.ts';
import { changeKeys, renewOffline, rotateKey } from './key-change.ts';
import { memoryKeyRing } from './keys.ts';
import type { JsonObject } from './metadata.ts';
import { publishTargets, renewOnline } from './publisher.ts';
import { day } from './roles.ts';
import {
  bytesIn,
  copyOf,
  counted,
  forged,
  freshClient,
  makeRepository,
  openClient,
  overwrite,
  streamOf,
  tampered,
  temporaryDirectory,
  text,
} from './test-repository.ts';

const coded = (code: MessageCode) => ({ name: 'SatchelError', code });
const year = 365 * day;

test('a client that has pinned the root reads what was published', async (t) => {
  const repository = await makeRepository();
  const client = await freshClient(t, repository);
  assert.equal(await streamOf(client), 'stream a');
  assert.deepEqual(client.targetPaths('builds'), ['builds/a.json']);
  assert.equal(client.targetInfo('builds/a.json')?.role, 'builds');
  assert.equal(client.targetInfo('builds/b.json'), undefined);
  await assert.rejects(client.target('builds/b.json'), coded('target-not-found'));
});

test('a client that has pinned nothing refuses to refresh', async (t) => {
  const repository = await makeRepository();
  await assert.rejects(openClient(t, repository).refresh(), coded('trust-not-pinned'));
});

test('pinning another root is refused unless the old one is to be forgotten', async (t) => {
  const [ours, theirs] = [await makeRepository(), await makeRepository()];
  const client = await freshClient(t, ours);
  const other = (await fetchRoot(theirs.store)).bytes;
  await assert.rejects(client.pin(other), coded('trust-already-pinned'));
  await client.pin((await fetchRoot(ours.store)).bytes);
  await client.pin(other, { replace: true });
  assert.deepEqual(client.root()?.bytes, other);
});

test('the root to pin is found by its hash, whichever version it is', async () => {
  const repository = await makeRepository();
  const first = await fetchRoot(repository.store);
  await renewOffline(repository.context, 'root');
  const second = await bytesIn(repository.store, 'metadata/2.root.json');
  const { sha256 } = await fetchRoot(repository.store);
  assert.equal(sha256, first.sha256);
  const { createHash } = await import('node:crypto');
  const wanted = createHash('sha256').update(second).digest('hex');
  assert.equal((await fetchRoot(repository.store, { sha256: wanted })).version, 2);
  await assert.rejects(fetchRoot(repository.store, { sha256: '0'.repeat(64) }), coded('root-not-found'));
});

test('nothing new costs two requests, less than 5 kB, and writes nothing', async (t) => {
  const repository = await makeRepository();
  const { directory } = await freshClient(t, repository);
  const before = statSync(join(directory, 'trusted'), { bigint: true });
  const store = counted(repository.store);
  const client = openClient(t, repository, { directory, store });
  const found = await client.refresh();
  assert.equal(found.changed, false);
  assert.deepEqual([...store.names].sort(), ['metadata/2.root.json', 'metadata/timestamp.json']);
  assert.ok(store.bytes < 2000, `${store.bytes} bytes`);
  const after = statSync(join(directory, 'trusted'), { bigint: true });
  assert.deepEqual([after.ino, after.mtimeNs], [before.ino, before.mtimeNs]);
});

test('only files that changed are fetched', async (t) => {
  const repository = await makeRepository();
  const store = counted(repository.store);
  const client = await freshClient(t, repository, { store });
  await publishTargets(repository.context, {
    streams: { add: [{ path: 'streams/stable.json', bytes: text('stream b') }] },
  });
  store.names.length = 0;
  assert.equal((await client.refresh()).changed, true);
  assert.deepEqual([...store.names].sort(), [
    'metadata/2.root.json',
    'metadata/3.snapshot.json',
    'metadata/3.streams.json',
    'metadata/timestamp.json',
  ]);
  assert.equal(await streamOf(client), 'stream b');
});

test('a target that was read once is read from the disk, and again from the source when the disk lies', async (t) => {
  const repository = await makeRepository();
  const store = counted(repository.store);
  const client = await freshClient(t, repository, { store });
  await client.target('builds/a.json');
  const reads = store.names.length;
  await client.target('builds/a.json');
  assert.equal(store.names.length, reads);
  const cache = join(client.directory, 'targets');
  for (const name of readdirSync(cache)) writeFileSync(join(cache, name), 'rubbish');
  assert.equal(Buffer.from(await client.target('builds/a.json')).toString(), 'build a');
});

test('a target with other bytes, or more of them, is refused', async (t) => {
  const repository = await makeRepository();
  const { directory, targetInfo } = await freshClient(t, repository);
  const name = `targets/builds/${targetInfo('builds/a.json')?.sha256}.a.json`;
  for (const bytes of [text('build x'), text('build a and more'), text(''), 'endless'] as const) {
    const client = openClient(t, repository, {
      directory,
      store: tampered(repository.store, { [name]: bytes }),
    });
    await assert.rejects(client.target('builds/a.json'), coded('target-wrong'));
  }
});

for (const role of ['timestamp', '2.snapshot', '1.targets', '2.builds', '2.streams', '2.deltas']) {
  const file = `metadata/${role}.json`;
  const name = role.replace(/^\d\./, '') as 'builds';

  test(`${name} that nobody has signed is refused`, async (t) => {
    const repository = await makeRepository();
    const stranger = memoryKeyRing();
    stranger.create(name);
    const change = (signed: JsonObject) => ({ ...signed, expires: '2100-01-01T00:00:00Z' });
    for (const signer of [undefined, { keys: stranger, role: name }]) {
      const bytes = await forged(repository.store, file, change, signer);
      const client = openClient(t, repository, { store: tampered(repository.store, { [file]: bytes }) });
      await client.pin((await fetchRoot(repository.store)).bytes);
      await assert.rejects(client.refresh(), /signatures|length or hash|longer|more of/);
    }
  });

  test(`${name} without end is given up`, async (t) => {
    const repository = await makeRepository();
    const client = openClient(t, repository, { store: tampered(repository.store, { [file]: 'endless' }) });
    await client.pin((await fetchRoot(repository.store)).bytes);
    await assert.rejects(client.refresh(), coded('store-too-long'));
  });

  test(`${name} that is cut off is refused`, async (t) => {
    const repository = await makeRepository();
    const whole = await bytesIn(repository.store, file);
    const store = tampered(repository.store, { [file]: whole.subarray(0, whole.length - 40) });
    const client = openClient(t, repository, { store });
    await client.pin((await fetchRoot(repository.store)).bytes);
    await assert.rejects(client.refresh(), /metadata|length or hash/);
  });
}

test('one stolen key of two that must sign is not enough', async (t) => {
  const repository = await makeRepository({ thresholds: { timestamp: 2, builds: 2 } });
  const client = await freshClient(t, repository);
  const [stolen] = repository.keys.load('timestamp');
  const thief = { ...repository.keys, load: () => [stolen!] };
  const bytes = await forged(
    repository.store,
    'metadata/timestamp.json',
    (signed) => ({ ...signed, version: 99 }),
    { keys: thief, role: 'timestamp' },
  );
  const { directory } = client;
  const attacked = openClient(t, repository, {
    directory,
    store: tampered(repository.store, { 'metadata/timestamp.json': bytes }),
  });
  await assert.rejects(attacked.refresh(), coded('metadata-unsigned'));
  await client.refresh();
});

test('one key under two ids counts once', async (t) => {
  const repository = await makeRepository({ thresholds: { timestamp: 1 } });
  const [key] = repository.keys.load('timestamp');
  const twin = { keyId: 'f'.repeat(64), publicKey: { ...key!.publicKey, note: 'the same key' } };
  await changeKeys(repository.context, { role: 'timestamp', add: [twin] });
  const root = JSON.parse((await bytesIn(repository.store, 'metadata/2.root.json')).toString());
  root.signed.roles.timestamp.threshold = 2;
  const { signersOf } = await import('./signatures.ts');
  const { signed } = root;
  const bytes = (await import('./signatures.ts')).canonicalBytes(signed);
  const sig = key!.sign(bytes);
  const keys = new Map<string, JsonObject>(Object.entries(signed.keys));
  const signatures = [key!.keyId, twin.keyId].map((keyid) => ({ keyid, sig }));
  assert.equal(signersOf({ signed, signatures }, { keys, role: signed.roles.timestamp }).length, 1);
  await (await freshClient(t, repository)).refresh();
});

test('a source that has gone back in time is refused, and what is held stays good', async (t) => {
  const repository = await makeRepository();
  const old = await copyOf(repository.store);
  await repository.publish('b');
  const { directory } = await freshClient(t, repository);
  const client = openClient(t, repository, { directory, store: old });
  await assert.rejects(client.refresh(), coded('metadata-rolled-back'));
  assert.equal(client.judge().versions.builds, 3);
  assert.equal(client.targetInfo('builds/b.json')?.length, 7);
  assert.equal(Buffer.from(await client.target('builds/a.json')).toString(), 'build a');
});

test('a source from before the last change of keys counts as gone back, not as forged', async (t) => {
  const repository = await makeRepository();
  const old = await copyOf(repository.store);
  await rotateKey(repository.context, { role: 'timestamp' });
  await repository.publish('b');
  const { directory } = await freshClient(t, repository);
  const client = openClient(t, repository, { directory, store: old });
  await assert.rejects(client.refresh(), coded('metadata-rolled-back'));
});

test('an old snapshot under a new timestamp, or old targets under a new snapshot, are refused', async (t) => {
  for (const role of ['snapshot', 'builds'] as const) {
    const repository = await makeRepository();
    const old = await bytesIn(repository.store, `metadata/2.${role}.json`);
    await repository.publish('b');
    const store = tampered(repository.store, { [`metadata/3.${role}.json`]: old });
    const client = openClient(t, repository, { store });
    await client.pin((await fetchRoot(repository.store)).bytes);
    await assert.rejects(client.refresh(), /not the file that was signed|longer|more of/);
  }
});

test('a snapshot that takes a role back, or drops it, is refused even when it is signed', async (t) => {
  const cases: [MessageCode, (meta: JsonObject) => JsonObject][] = [
    ['metadata-rolled-back', (meta) => ({ ...meta, 'builds.json': { version: 1 } })],
    ['metadata-role-removed', ({ 'deltas.json': _, ...meta }) => meta],
  ];
  for (const [code, change] of cases) {
    const repository = await makeRepository();
    const client = await freshClient(t, repository);
    const snapshot = await forged(
      repository.store,
      'metadata/2.snapshot.json',
      (signed) => ({ ...signed, version: 3, meta: change(signed.meta as JsonObject) }),
      { keys: repository.keys, role: 'snapshot' },
    );
    await repository.store.put('metadata/3.snapshot.json', snapshot);
    const timestamp = await forged(
      repository.store,
      'metadata/timestamp.json',
      (signed) => ({ ...signed, version: 3, meta: { 'snapshot.json': { version: 3 } } }),
      { keys: repository.keys, role: 'timestamp' },
    );
    await overwrite(repository.store, 'metadata/timestamp.json', timestamp);
    await assert.rejects(client.refresh(), coded(code));
    assert.equal(await streamOf(client), 'stream a');
  }
});

test('targets that no longer delegates to a role is refused even when it is signed', async (t) => {
  const repository = await makeRepository();
  const client = await freshClient(t, repository);
  const sign = async (
    file: string,
    role: 'targets' | 'snapshot' | 'timestamp',
    change: (s: JsonObject) => JsonObject,
  ) => forged(repository.store, file, change, { keys: repository.keys, role });
  const targets = await sign('metadata/1.targets.json', 'targets', (signed) => {
    const delegations = signed.delegations as { roles: JsonObject[] };
    const roles = delegations.roles.filter(({ name }) => name !== 'builds');
    return { ...signed, version: 2, delegations: { ...delegations, roles } };
  });
  await repository.store.put('metadata/2.targets.json', targets);
  const snapshot = await sign('metadata/2.snapshot.json', 'snapshot', (signed) => ({
    ...signed,
    version: 3,
    meta: { ...(signed.meta as JsonObject), 'targets.json': { version: 2 } },
  }));
  await repository.store.put('metadata/3.snapshot.json', snapshot);
  const timestamp = await sign('metadata/timestamp.json', 'timestamp', (signed) => ({
    ...signed,
    version: 3,
    meta: { 'snapshot.json': { version: 3 } },
  }));
  await overwrite(repository.store, 'metadata/timestamp.json', timestamp);
  await assert.rejects(client.refresh(), coded('metadata-role-removed'));
  assert.equal(client.targetInfo('builds/a.json')?.role, 'builds');
});

test('another timestamp of the same version is not taken', async (t) => {
  const repository = await makeRepository();
  const client = await freshClient(t, repository);
  const held = client.files().get('timestamp');
  const twin = await forged(
    repository.store,
    'metadata/timestamp.json',
    (signed) => ({ ...signed, expires: '2030-01-01T00:00:00Z' }),
    { keys: repository.keys, role: 'timestamp' },
  );
  await overwrite(repository.store, 'metadata/timestamp.json', twin);
  assert.equal((await client.refresh()).changed, false);
  assert.deepEqual(client.files().get('timestamp'), held);
});

test('metadata of a newer format asks for an upgrade', async (t) => {
  const repository = await makeRepository();
  const bytes = await forged(
    repository.store,
    'metadata/timestamp.json',
    (signed) => ({ ...signed, satchel: { format: 2 }, meta: 'something new' }),
    { keys: repository.keys, role: 'timestamp' },
  );
  await overwrite(repository.store, 'metadata/timestamp.json', bytes);
  const client = openClient(t, repository);
  await client.pin((await fetchRoot(repository.store)).bytes);
  await assert.rejects(client.refresh(), coded('repository-newer'));
});

test('an expired timestamp and snapshot are used with a warning, a frozen source is so reported', async (t) => {
  const repository = await makeRepository();
  const client = await freshClient(t, repository);
  repository.clock.now += 200 * day;
  const found = await client.refresh();
  assert.deepEqual(found.expired.map(({ role }) => role).sort(), ['snapshot', 'timestamp']);
  assert.deepEqual(client.notices, ['metadata-expired-accepted', 'metadata-expired-accepted']);
  const newcomer = await freshClient(t, repository);
  assert.equal(await streamOf(newcomer), 'stream a');
  await renewOnline(repository.context);
  assert.deepEqual((await client.refresh()).expired, []);
});

for (const [role, after] of [
  ['root', 5 * year],
  ['targets', year],
  ['builds', year],
] as const)
  test(`expired ${role} stops everything until it is signed again`, async (t) => {
    const repository = await makeRepository();
    const client = await freshClient(t, repository);
    repository.clock.now += after + 2 * day;
    const offline = (['root', 'targets', 'builds'] as const).filter((other) => other !== role);
    for (const other of offline) await renewOffline(repository.context, other);
    await renewOnline(repository.context);
    const code = role === 'root' ? 'root-expired' : 'role-expired';
    await assert.rejects(client.refresh(), coded(code));
    await assert.rejects(freshClient(t, repository), coded(code));
    await renewOffline(repository.context, role);
    await client.refresh();
    assert.equal(await streamOf(client), 'stream a');
  });

test('a client that was away for many roots follows them all', async (t) => {
  const repository = await makeRepository();
  const client = await freshClient(t, repository);
  for (let count = 0; count < 5; count += 1) await rotateKey(repository.context, { role: 'root' });
  await rotateKey(repository.context, { role: 'timestamp' });
  await repository.publish('b');
  assert.equal((await client.refresh()).versions.root, 7);
  assert.equal(await streamOf(client), 'stream b');
});

test('a root that the old keys have not signed is refused', async (t) => {
  const repository = await makeRepository();
  const client = await freshClient(t, repository);
  const stranger = memoryKeyRing();
  const key = stranger.create('root');
  const bytes = await forged(
    repository.store,
    'metadata/1.root.json',
    (signed) => ({
      ...signed,
      version: 2,
      keys: { ...(signed.keys as JsonObject), [key.keyId]: key.publicKey },
      roles: { ...(signed.roles as JsonObject), root: { keyids: [key.keyId], threshold: 1 } },
    }),
    { keys: stranger, role: 'root' },
  );
  await repository.store.put('metadata/2.root.json', bytes);
  await assert.rejects(client.refresh(), coded('metadata-unsigned'));
  assert.equal(client.root()?.version, 1);
});

test('after the online keys were changed, versions that a thief counted up do not lock anybody out', async (t) => {
  const repository = await makeRepository();
  const client = await freshClient(t, repository);
  const bytes = await forged(
    repository.store,
    'metadata/timestamp.json',
    (signed) => ({ ...signed, version: 1_000_000 }),
    { keys: repository.keys, role: 'timestamp' },
  );
  const honest = await bytesIn(repository.store, 'metadata/timestamp.json');
  await overwrite(repository.store, 'metadata/timestamp.json', bytes);
  await client.refresh();
  await overwrite(repository.store, 'metadata/timestamp.json', honest);
  await assert.rejects(client.refresh(), coded('metadata-rolled-back'));
  await rotateKey(repository.context, { role: 'timestamp' });
  await rotateKey(repository.context, { role: 'snapshot' });
  await repository.publish('b');
  await client.refresh();
  assert.equal(await streamOf(client), 'stream b');
});

test('after a refresh that broke off in the middle the old targets are usable and the next refresh goes on', async (t) => {
  const repository = await makeRepository();
  const { directory } = await freshClient(t, repository);
  await repository.publish('b');
  for (const missing of ['metadata/3.snapshot.json', 'metadata/3.builds.json', 'metadata/3.streams.json']) {
    const store = tampered(repository.store, { [missing]: undefined });
    const client = openClient(t, repository, { directory, store });
    await assert.rejects(client.refresh(), coded('store-not-found'));
    await assert.rejects(client.refresh(), coded('store-not-found'));
    assert.equal(await streamOf(openClient(t, repository, { directory })), 'stream a');
  }
  const client = openClient(t, repository, { directory });
  assert.equal((await client.refresh()).changed, true);
  assert.equal(await streamOf(client), 'stream b');
});

test('what a broken-off refresh has seen may not be taken back', async (t) => {
  const repository = await makeRepository();
  const old = await copyOf(repository.store);
  const { directory } = await freshClient(t, repository);
  await repository.publish('b');
  const store = tampered(repository.store, { 'metadata/3.snapshot.json': undefined });
  await assert.rejects(openClient(t, repository, { directory, store }).refresh(), coded('store-not-found'));
  await assert.rejects(
    openClient(t, repository, { directory, store: old }).refresh(),
    coded('metadata-rolled-back'),
  );
});

test('a damaged state is noticed and named', async (t) => {
  const repository = await makeRepository();
  const { directory } = await freshClient(t, repository);
  const path = join(directory, 'trusted');
  const whole = readFileSync(path);
  for (const length of [0, 10, 200, whole.length - 1]) {
    writeFileSync(path, whole);
    truncateSync(path, length);
    assert.throws(() => openClient(t, repository, { directory }), coded('trust-state-damaged'));
  }
  const flipped = Buffer.from(whole);
  flipped[whole.length - 100]! ^= 1;
  writeFileSync(path, flipped);
  assert.throws(() => openClient(t, repository, { directory }), coded('trust-state-damaged'));
});

test('what a power cut leaves beside the state does no harm', async (t) => {
  const repository = await makeRepository();
  const { directory } = await freshClient(t, repository);
  writeFileSync(join(directory, '.tmp.0123456789abcdef.trusted'), 'half');
  writeFileSync(join(directory, 'floor'), '');
  const client = openClient(t, repository, { directory });
  await client.refresh();
  assert.equal(await streamOf(client), 'stream a');
});

test('an aborted refresh throws cancelled and changes nothing', async (t) => {
  const repository = await makeRepository();
  const client = await freshClient(t, repository);
  await repository.publish('b');
  const before = readFileSync(join(client.directory, 'trusted'));
  await assert.rejects(client.refresh({ signal: AbortSignal.abort() }), coded('cancelled'));
  assert.deepEqual(readFileSync(join(client.directory, 'trusted')), before);
});

test('two clients of one directory see what the other has done', async (t) => {
  const repository = await makeRepository();
  const directory = temporaryDirectory(t);
  const one = await freshClient(t, repository, { directory });
  const other = openClient(t, repository, { directory });
  await repository.publish('b');
  await other.refresh();
  await one.refresh();
  assert.equal(await streamOf(one), 'stream b');
});
