import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asyncProperty, assert as check, constantFrom, json, nat, property, uint8Array } from 'fast-check';
import { SatchelError } from '../base/errors.ts';
import { fetchRoot } from './fetch-root.ts';
import { kindOf, readEnvelope, readSigned, requireKnownFormat } from './metadata.ts';
import { bytesIn, makeRepository, openClient, streamOf, tampered } from './test-repository.ts';

const where = { file: 'metadata/1.root.json', source: 'a test' };

test('whatever bytes come, reading them gives metadata or a sentence', async () => {
  const read = (bytes: Uint8Array) => {
    for (const kind of ['root', 'timestamp', 'snapshot', 'targets'] as const)
      try {
        const { signed } = readEnvelope(bytes, where);
        requireKnownFormat(signed, where);
        readSigned(kind, { ...signed, _type: kind }, where);
      } catch (error) {
        assert.ok(error instanceof SatchelError);
      }
  };
  await check(property(uint8Array(), read));
  await check(property(json(), (text) => read(Buffer.from(text))));
  await check(property(json(), (text) => read(Buffer.from(`{"signatures":[],"signed":${text}}`))));
});

test('a file with any one byte changed is refused or says the same', async (t) => {
  const { store, ...rest } = await makeRepository();
  const repository = { store, ...rest };
  const root = (await fetchRoot(store)).bytes;
  const files = ['timestamp', '2.snapshot', '1.targets', '2.builds', '2.streams', '2.deltas'];
  const names = files.map((name) => `metadata/${name}.json`);
  const change = asyncProperty(constantFrom(...names), nat(), nat(254), async (name, place, add) => {
    const bytes = Buffer.from(await bytesIn(store, name));
    bytes[place % bytes.length] = (bytes[place % bytes.length]! + 1 + add) % 256;
    const client = openClient(t, repository, { store: tampered(store, { [name]: bytes }) });
    await client.pin(root);
    try {
      await client.refresh();
      assert.equal(await streamOf(client), 'stream a');
    } catch (error) {
      assert.ok(error instanceof SatchelError, String(error));
    }
  });
  await check(change, { numRuns: 150 });
});

test('a root with any one byte changed is not followed', async (t) => {
  const repository = await makeRepository();
  const first = (await fetchRoot(repository.store)).bytes;
  const { renewOffline } = await import('./key-change.ts');
  await renewOffline(repository.context, 'root');
  const name = 'metadata/2.root.json';
  const second = await bytesIn(repository.store, name);
  const change = asyncProperty(nat(second.length - 1), nat(254), async (place, add) => {
    const bytes = Buffer.from(second);
    bytes[place] = (bytes[place]! + 1 + add) % 256;
    const client = openClient(t, repository, { store: tampered(repository.store, { [name]: bytes }) });
    await client.pin(first);
    const followed = await client.refresh().then(
      () => true,
      (error: unknown) => !(error instanceof SatchelError),
    );
    // Only white space and the ids of unused signatures are not signed.
    if (followed) assert.deepEqual(JSON.parse(bytes.toString()).signed, JSON.parse(second.toString()).signed);
  });
  await check(change, { numRuns: 60 });
});

test('duplicate signatures, thresholds of zero, fractions and unknown times are malformed', async () => {
  const { store } = await makeRepository();
  const root = JSON.parse((await bytesIn(store, 'metadata/1.root.json')).toString());
  const changes: ((copy: typeof root) => void)[] = [
    (copy) => copy.signatures.push(copy.signatures[0]),
    (copy) => {
      copy.signed.roles.root.threshold = 0;
    },
    (copy) => {
      copy.signed.version = 1.5;
    },
    (copy) => {
      copy.signed.version = 0;
    },
    (copy) => {
      copy.signed.expires = 'tomorrow';
    },
    (copy) => {
      copy.signed.satchel.issued = '2026-13-45T00:00:00Z';
    },
    (copy) => {
      copy.signed.roles.root.keyids.push(copy.signed.roles.root.keyids[0]);
    },
    (copy) => {
      delete copy.signed.roles.snapshot;
    },
    (copy) => {
      copy.signed._type = 'targets';
    },
  ];
  for (const change of changes) {
    const copy = structuredClone(root);
    change(copy);
    assert.throws(
      () => readSigned(kindOf('root'), readEnvelope(Buffer.from(JSON.stringify(copy)), where).signed, where),
      { code: 'metadata-malformed' },
      change.toString(),
    );
  }
});

test('another major version of the specification asks for an upgrade', () => {
  assert.throws(() => requireKnownFormat({ spec_version: '2.0.0' }, where), { code: 'repository-newer' });
  assert.throws(() => requireKnownFormat({ spec_version: 'one' }, where), { code: 'metadata-malformed' });
  requireKnownFormat({ spec_version: '1.0.99' }, where);
});

test('thousands of targets are read and verified without copying the list for each', async (t) => {
  const repository = await makeRepository();
  const { publishTargets } = await import('./publisher.ts');
  const bytes = Buffer.from('{}');
  const add = Array.from({ length: 10_000 }, (_, number) => ({ path: `builds/b${number}.json`, bytes }));
  await publishTargets(repository.context, { builds: { add } });
  const client = openClient(t, repository);
  await client.pin((await fetchRoot(repository.store)).bytes);
  await client.refresh();
  assert.equal(client.targetPaths('builds').length, 10_001);
});
