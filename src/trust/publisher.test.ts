import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MessageCode } from '../base/catalogue.ts';
import { memoryStore } from '../store/memory.ts';
import type { Store } from '../store/store.ts';
import { initialiseTrust } from './initialise.ts';
import { changeKeys, renewOffline, rotateKey } from './key-change.ts';
import { type KeyRing, memoryKeyRing } from './keys.ts';
import { liveTrustFiles, readTrusted } from './metadata-store.ts';
import { describeRequest, signRequest, submitSigned } from './offline-signing.ts';
import type { PublishOutcome } from './outcome.ts';
import type { PublishingContext } from './publication.ts';
import { publishTargets, renewOnline } from './publisher.ts';
import { parseRequest, serialiseRequest } from './request-file.ts';
import { allRoles, custodyOf, day } from './roles.ts';
import type { SigningRequest } from './signing-request.ts';
import {
  buildChanges,
  bytesIn,
  copyOf,
  forged,
  freshClient,
  makeRepository,
  openClient,
  overwrite,
  start,
  streamOf,
  text,
  versionsIn,
} from './test-repository.ts';

const coded = (code: MessageCode) => ({ name: 'SatchelError', code });

/** A store whose machine loses power before its nth operation that changes something. */
function dying(store: Store, lives: number): Store {
  let left = lives;
  const breathe = () => {
    if (left === 0) throw new Error('the power is gone');
    left -= 1;
  };
  return {
    ...store,
    async put(name, content) {
      breathe();
      return store.put(name, content);
    },
    async delete(name) {
      breathe();
      return store.delete(name);
    },
    async compareAndSwap(name, expected, next) {
      breathe();
      return store.compareAndSwap(name, expected, next);
    },
  };
}

/** A ring that holds only the keys of one custody. */
function only(keys: KeyRing, custody: 'online' | 'offline'): KeyRing {
  return { ...keys, load: (role) => (custodyOf[role] === custody ? keys.load(role) : []) };
}

function requestOf(outcome: PublishOutcome): SigningRequest {
  if (outcome.outcome !== 'to-sign') assert.fail(`the outcome is ${outcome.outcome}`);
  return parseRequest(serialiseRequest(outcome.request), 'request.json');
}

test('publishing what is there already changes nothing', async () => {
  const repository = await makeRepository();
  const before = await versionsIn(repository.store);
  assert.deepEqual(await repository.publish('a'), { outcome: 'unchanged' });
  assert.deepEqual(await versionsIn(repository.store), before);
});

test('a removed target is gone for clients and its file is no longer live', async (t) => {
  const repository = await makeRepository();
  const client = await freshClient(t, repository);
  const before = liveTrustFiles(await readTrusted(repository.store));
  await publishTargets(repository.context, { builds: { remove: ['builds/a.json'] } });
  await client.refresh();
  assert.deepEqual(client.targetPaths('builds'), []);
  const live = liveTrustFiles(await readTrusted(repository.store));
  const buildFiles = (names: Set<string>) => [...names].filter((name) => name.startsWith('targets/builds/'));
  assert.deepEqual([buildFiles(before).length, buildFiles(live).length], [1, 0]);
});

test('every live trust file exists', async () => {
  const repository = await makeRepository();
  await rotateKey(repository.context, { role: 'root' });
  for (const name of liveTrustFiles(await readTrusted(repository.store)))
    await bytesIn(repository.store, name);
});

test('making a repository where there is one is refused', async () => {
  const { context } = await makeRepository();
  await assert.rejects(initialiseTrust(context), coded('repository-exists'));
});

test('reading where there is no repository says so', async () => {
  await assert.rejects(readTrusted(memoryStore()), coded('repository-absent'));
});

test('making a repository survives the loss of power at any moment', async (t) => {
  for (let lives = 0; ; lives += 1) {
    const store = memoryStore();
    const keys = memoryKeyRing();
    const context: PublishingContext = { store, keys, clock: () => start };
    const died = await initialiseTrust({ ...context, store: dying(store, lives) }).then(
      () => false,
      () => true,
    );
    if (!died) {
      t.diagnostic(`${lives} operations`);
      break;
    }
    await initialiseTrust({ ...context, clock: () => start + day });
    await publishTargets(context, buildChanges('a'));
    const repository = { clock: { now: start }, store, keys, context, publish: () => assert.fail() };
    assert.equal(await streamOf(await freshClient(t, repository)), 'stream a');
  }
});

test('publishing survives the loss of power at any moment: clients see the old state or the new', async (t) => {
  const seen = new Set<string>();
  for (let lives = 0; ; lives += 1) {
    const repository = await makeRepository();
    const client = await freshClient(t, repository);
    const died = await repository.publish('b', { store: dying(repository.store, lives) }).then(
      () => false,
      () => true,
    );
    await client.refresh();
    seen.add(await streamOf(client));
    assert.equal(await streamOf(await freshClient(t, repository)), await streamOf(client));
    await repository.publish('c');
    await client.refresh();
    assert.equal(await streamOf(client), 'stream c');
    if (!died) {
      t.diagnostic(`${lives} operations`);
      break;
    }
  }
  assert.deepEqual([...seen], ['stream a', 'stream b']);
});

for (const role of allRoles)
  test(`changing the key of ${role} survives the loss of power at any moment`, async (t) => {
    for (let lives = 0; ; lives += 1) {
      const repository = await makeRepository();
      const client = await freshClient(t, repository);
      const context = { ...repository.context, store: dying(repository.store, lives) };
      const died = await rotateKey(context, { role }).then(
        () => false,
        () => true,
      );
      await client.refresh();
      assert.equal(await streamOf(await freshClient(t, repository)), 'stream a');
      await rotateKey(repository.context, { role });
      await repository.publish('b');
      await client.refresh();
      assert.equal(await streamOf(client), 'stream b');
      if (!died) break;
    }
  });

test('an online key that is lost is replaced without it, even after a loss of power in between', async (t) => {
  for (const role of ['timestamp', 'snapshot'] as const)
    for (let lives = 0; ; lives += 1) {
      const repository = await makeRepository();
      const client = await freshClient(t, repository);
      const lost = new Set(repository.keys.load(role).map(({ keyId }) => keyId));
      const keys: KeyRing = {
        ...repository.keys,
        load: (name) => repository.keys.load(name).filter(({ keyId }) => !lost.has(keyId)),
      };
      const context = { ...repository.context, keys };
      const change = { role, oldKeysLost: true };
      const died = await rotateKey({ ...context, store: dying(repository.store, lives) }, change).then(
        () => false,
        () => true,
      );
      if (died) await rotateKey(context, change);
      await publishTargets(context, buildChanges('b'));
      await client.refresh();
      assert.equal(await streamOf(client), 'stream b');
      if (!died) break;
    }
});

test('a file that a crash has left under the next version is never in the way', async (t) => {
  const repository = await makeRepository();
  for (const name of ['3.builds', '7.streams', '3.snapshot', '9.snapshot'])
    await repository.store.put(`metadata/${name}.json`, text('left behind'));
  await repository.publish('b');
  assert.equal(await streamOf(await freshClient(t, repository)), 'stream b');
  const versions = await versionsIn(repository.store);
  assert.deepEqual([versions.builds, versions.streams, versions.snapshot], [4, 8, 10]);
});

test('of publications at the same time none is lost', async (t) => {
  const repository = await makeRepository();
  const names = ['b', 'c', 'd', 'e', 'f'];
  await Promise.all(names.map((name) => repository.publish(name)));
  const client = await freshClient(t, repository);
  assert.deepEqual(
    client.targetPaths('builds'),
    ['a', ...names].map((name) => `builds/${name}.json`),
  );
});

test('whoever never gets his turn is told so', async () => {
  const repository = await makeRepository();
  const store: Store = { ...repository.store, compareAndSwap: async () => false };
  await assert.rejects(repository.publish('b', { store }), coded('publish-contended'));
});

test('who can write to the store gets nothing of his own signed by the next publication', async () => {
  const repository = await makeRepository();
  const stranger = memoryKeyRing();
  stranger.create('streams');
  const bytes = await forged(
    repository.store,
    'metadata/2.streams.json',
    (signed) => ({ ...signed, targets: {} }),
    {
      keys: stranger,
      role: 'streams',
    },
  );
  await overwrite(repository.store, 'metadata/2.streams.json', bytes);
  await assert.rejects(repository.publish('b'), coded('metadata-hash-mismatch'));
});

test('a missing online key is named', async () => {
  const repository = await makeRepository();
  const keys = only(repository.keys, 'offline');
  await assert.rejects(repository.publish('b', { keys }), coded('key-missing'));
});

test('a build is signed on another machine, and nothing is visible before that', async (t) => {
  const repository = await makeRepository();
  const client = await freshClient(t, repository);
  const online = { ...repository.context, keys: only(repository.keys, 'online') };
  const before = await versionsIn(repository.store);
  const request = requestOf(await publishTargets(online, buildChanges('b')));
  assert.deepEqual(await versionsIn(repository.store), before);
  await assert.rejects(submitSigned(online, request), coded('request-unsigned'));

  const offline = only(repository.keys, 'offline');
  const [summary] = describeRequest(request, offline);
  assert.deepEqual(
    [summary?.role, summary?.version, summary?.added, summary?.removed, summary?.replaced],
    ['builds', 3, ['builds/b.json'], [], []],
  );
  assert.equal(summary?.comparedWithSigned, true);
  const signed = parseRequest(serialiseRequest(signRequest(request, offline)), 'request.json');
  assert.equal((await submitSigned(online, signed)).outcome, 'published');
  await client.refresh();
  assert.equal(await streamOf(client), 'stream b');
  assert.deepEqual(client.targetPaths('builds'), ['builds/a.json', 'builds/b.json']);
  await assert.rejects(submitSigned(online, signed), coded('request-outdated'));
});

test('two people sign a request one after another', async (t) => {
  const repository = await makeRepository({ thresholds: { builds: 2 } });
  const online = { ...repository.context, keys: only(repository.keys, 'online') };
  const people = [0, 1].map(
    (person): KeyRing => ({
      ...repository.keys,
      load: (role) => repository.keys.load(role).slice(person, person + 1),
    }),
  );
  let request = requestOf(await publishTargets(online, buildChanges('b')));
  request = signRequest(request, people[0]!);
  assert.equal(describeRequest(request, people[0]!)[0]?.signaturesMissing, 1);
  await assert.rejects(submitSigned(online, request), coded('request-unsigned'));
  request = signRequest(request, people[1]!);
  assert.equal((await submitSigned(online, request)).outcome, 'published');
  assert.equal(await streamOf(await freshClient(t, repository)), 'stream b');
});

test('keys that a request does not ask for are refused', async () => {
  const repository = await makeRepository();
  const online = { ...repository.context, keys: only(repository.keys, 'online') };
  const request = requestOf(await publishTargets(online, buildChanges('b')));
  const stranger = memoryKeyRing();
  stranger.create('builds');
  assert.throws(() => signRequest(request, stranger), coded('request-not-ours'));
});

test('a request does not decide itself who has to sign', async () => {
  const repository = await makeRepository();
  const online = { ...repository.context, keys: only(repository.keys, 'online') };
  const request = requestOf(await publishTargets(online, buildChanges('b')));
  const stranger = memoryKeyRing();
  const key = stranger.create('builds');
  const documents = request.documents.map(({ document, previous }) => ({
    previous,
    document: {
      ...document,
      requirements: [{ keyids: [key.keyId], threshold: 1 }],
      keys: { [key.keyId]: key.publicKey },
    },
  }));
  const signed = signRequest({ ...request, documents }, stranger);
  await assert.rejects(submitSigned(online, signed), coded('request-unsigned'));
});

test('a request outlives publications of other roles, not of its own', async (t) => {
  const repository = await makeRepository();
  const online = { ...repository.context, keys: only(repository.keys, 'online') };
  const first = requestOf(await publishTargets(online, { builds: buildChanges('b').builds ?? {} }));
  await publishTargets(online, {
    streams: { add: [{ path: 'streams/testing.json', bytes: text('testing') }] },
  });
  await submitSigned(online, signRequest(first, repository.keys));
  const client = await freshClient(t, repository);
  assert.deepEqual(client.targetPaths('streams'), ['streams/stable.json', 'streams/testing.json']);
  const second = requestOf(await publishTargets(online, buildChanges('c')));
  await repository.publish('d');
  await assert.rejects(submitSigned(online, signRequest(second, repository.keys)), coded('request-outdated'));
});

test('a file that is no request is refused with a sentence', () => {
  for (const bytes of ['', '{}', 'null', '[]', '{"satchel":"signing-request","format":1,"documents":[{}]}'])
    assert.throws(() => parseRequest(text(bytes), 'x.json'), coded('request-invalid'));
});

test('a root is changed on another machine, which sees what changes', async (t) => {
  for (const role of ['targets', 'timestamp', 'root'] as const) {
    const repository = await makeRepository();
    const client = await freshClient(t, repository);
    const online = { ...repository.context, keys: only(repository.keys, 'online') };
    const key = repository.keys.create(role);
    const request = requestOf(await changeKeys(online, { role, add: [key] }));
    const summary = describeRequest(request, repository.keys).find((one) => one.role === 'root');
    assert.deepEqual(summary?.keyChanges, [{ role, added: [key.keyId], removed: [], threshold: 1 }]);
    const signed = signRequest(request, repository.keys);
    assert.equal((await submitSigned(online, signed)).outcome, 'published');
    assert.equal((await client.refresh()).versions.root, 2);
  }
});

test('a threshold is raised and then counts', async (t) => {
  const repository = await makeRepository();
  const { context, keys } = repository;
  const second = keys.create('builds');
  await changeKeys(context, { role: 'builds', add: [second], threshold: 2 });
  await repository.publish('b');
  assert.equal(await streamOf(await freshClient(t, repository)), 'stream b');
  const half: KeyRing = { ...keys, load: (role) => keys.load(role).slice(0, 1) };
  assert.equal((await repository.publish('c', { keys: half })).outcome, 'to-sign');
  await assert.rejects(changeKeys(context, { role: 'builds', threshold: 3 }), coded('threshold-impossible'));
});

test('after a key was replaced the old one signs nothing any more', async () => {
  const repository = await makeRepository();
  const old = repository.keys.load('builds');
  await rotateKey(repository.context, { role: 'builds' });
  const keys: KeyRing = {
    ...repository.keys,
    load: (role) => (role === 'builds' ? old : repository.keys.load(role)),
  };
  assert.equal((await repository.publish('b', { keys })).outcome, 'to-sign');
});

test('online signatures are renewed when their life runs out, and not before', async (t) => {
  const repository = await makeRepository();
  const client = await freshClient(t, repository);
  assert.deepEqual(await renewOnline(repository.context), { outcome: 'unchanged' });
  repository.clock.now += 100 * day;
  const renewed = await renewOnline(repository.context);
  assert.deepEqual(renewed, { outcome: 'published', versions: { snapshot: 3, timestamp: 3 } });
  repository.clock.now += 100 * day;
  const later = await renewOnline(repository.context);
  assert.deepEqual(later.outcome === 'published' && Object.keys(later.versions).sort(), [
    'deltas',
    'snapshot',
    'streams',
    'timestamp',
  ]);
  assert.deepEqual((await client.refresh()).expired, []);
});

test('the operator sets how long signatures are good for', async () => {
  const repository = await makeRepository();
  await repository.publish('b', { lifetimes: { timestamp: 7, builds: 30 } });
  const { timestamp, roles } = await readTrusted(repository.store);
  assert.equal(timestamp.signed.expires, start + 7 * day);
  assert.equal(roles.get('builds')?.signed.expires, start + 30 * day);
});

test('renewing an offline role without its key asks for a signature', async (t) => {
  const repository = await makeRepository();
  const online = { ...repository.context, keys: only(repository.keys, 'online') };
  for (const role of ['root', 'targets', 'builds'] as const) {
    const request = requestOf(await renewOffline(online, role));
    await submitSigned(online, signRequest(request, repository.keys));
  }
  const versions = await versionsIn(repository.store);
  assert.deepEqual([versions.root, versions.targets, versions.builds], [2, 2, 3]);
  await freshClient(t, repository);
});

test('a cancelled publication leaves the old state', async (t) => {
  const repository = await makeRepository();
  await assert.rejects(repository.publish('b', { signal: AbortSignal.abort() }), coded('cancelled'));
  const copy = await copyOf(repository.store);
  const client = openClient(t, repository, { store: copy });
  await client.pin(await bytesIn(copy, 'metadata/1.root.json'));
  await client.refresh();
  assert.equal(await streamOf(client), 'stream a');
});
