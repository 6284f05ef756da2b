import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { testStoreConformance } from '../../test/suites/store-conformance.ts';
import { openDirectoryStore } from './directory.ts';
import { openSourceStore } from './open.ts';
import { readAll, readPart } from './read-all.ts';
import { isStick, openStickStore, partName } from './stick.ts';
import { isManifestName, parseManifest, type StickManifest, serialiseManifest } from './stick-manifest.ts';

// A stick is only read through its store, so a directory store puts the files there.
testStoreConformance(
  'the repository on a stick',
  async () => {
    const root = mkdtempSync(join(tmpdir(), 'satchel-stick-store-'));
    const written = openDirectoryStore(join(root, 'satchel', 'repo'));
    const { location, read, close } = openStickStore(root);
    return {
      store: {
        ...written,
        location,
        read,
        close: () => Promise.all([written.close(), close()]).then(() => {}),
      },
      dispose: async () => rmSync(root, { recursive: true, force: true }),
    };
  },
  { streams: true },
);

function stickWith(t: TestContext, files: Readonly<Record<string, Uint8Array>>): string {
  const root = mkdtempSync(join(tmpdir(), 'satchel-stick-store-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const folder = join(root, 'satchel/repo/packs');
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  return root;
}

test('any part of a file that was cut anywhere is what it was before', async (t) => {
  const bytes = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251));
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: 0, max: 1000 }),
      fc.integer({ min: 0, max: 1000 }),
      async (part, one, other) => {
        const parts = Object.fromEntries(
          Array.from({ length: Math.min(999, Math.ceil(1000 / part)) }, (_, index) => [
            partName('a.pack', index + 1),
            bytes.subarray(index * part, (index + 1) * part),
          ]),
        );
        const store = openStickStore(stickWith(t, parts));
        const whole = bytes.subarray(0, part * 999);
        const [offset, end] = [
          Math.min(one, other, whole.length),
          Math.min(Math.max(one, other), whole.length),
        ];
        const read = await readPart(store, 'packs/a.pack', { offset, length: end - offset });
        assert.deepEqual(read, whole.subarray(offset, end));
        await store.close();
      },
    ),
    { numRuns: 30 },
  );
});

test('a stick is recognised by its list, and symlinks on it lead nowhere', async (t) => {
  const root = stickWith(t, { 'a.pack': Buffer.from('pack') });
  assert.equal(isStick(root), false);
  writeFileSync(join(root, 'satchel/stick.json'), '{}');
  assert.equal(isStick(root), true);
  const store = await openSourceStore(root);
  assert.equal(String(await readAll(store, 'packs/a.pack', { limit: 100 })), 'pack');
  symlinkSync('/etc/hostname', join(root, 'satchel/repo/packs/b.pack'));
  symlinkSync('/etc', join(root, 'satchel/repo/maps'));
  for (const name of ['packs/b.pack', 'maps/hostname', 'packs', 'packs/c.pack'])
    await assert.rejects(readAll(store, name, { limit: 1e6 }), { code: 'store-not-found' }, name);
  const other = mkdtempSync(join(tmpdir(), 'satchel-stick-store-'));
  t.after(() => rmSync(other, { recursive: true, force: true }));
  symlinkSync(join(root, 'satchel'), join(other, 'satchel'));
  assert.equal(isStick(other), false);
  await assert.rejects(readAll(openStickStore(other), 'packs/a.pack', { limit: 100 }), {
    code: 'store-not-found',
  });
});

const sha256 = 'a'.repeat(64) as StickManifest['organisation'];
const manifest: StickManifest = {
  organisation: sha256,
  made: '2026-03-01T12:00:00Z',
  expires: '2026-08-28T12:00:00Z',
  sites: ['school'],
  files: [
    { name: 'repo/metadata/1.root.json', length: 10, sha256 },
    { name: `sites/school/leases-${sha256}`, length: 0, sha256 },
  ],
};

test('a list is read back as it was written', () => {
  assert.deepEqual(parseManifest(serialiseManifest(manifest), 'list'), manifest);
});

test('a list names nothing outside of its folders, and nothing twice', () => {
  for (const name of [
    'repo',
    'repo/',
    'stick.json',
    'home/x',
    '../x',
    'repo/../x',
    '/repo/x',
    'repo/.x',
    'repo//x',
  ])
    assert.equal(isManifestName(name), false, name);
  const [file] = manifest.files;
  const twice = { ...manifest, files: [file!, file!] };
  assert.throws(() => parseManifest(serialiseManifest(twice), 'list'), { code: 'record-invalid' });
});

test('a list that would fill the memory is refused before it is read', () => {
  const began = process.memoryUsage().rss;
  const bytes = Buffer.from(`{"satchel":"stick","format":1,"files":[${'{},'.repeat(5_000_000)}{}]}`);
  assert.throws(() => parseManifest(bytes, 'list'), { code: 'record-invalid' });
  assert.ok(process.memoryUsage().rss - began < 100e6);
  const files = Array.from({ length: 50_000 }, (_, number) => ({
    name: `repo/${number}`,
    length: number,
    sha256,
  }));
  assert.equal(parseManifest(serialiseManifest({ ...manifest, files }), 'list').files.length, 50_000);
});
