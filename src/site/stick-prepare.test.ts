import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openSourceStore } from '../store/open.ts';
import { readAll, readPart } from '../store/read-all.ts';
import { memoryKeyRing } from '../trust/keys.ts';
import { noise, type StickFixture, stickFixture } from './stick.fixture.ts';
import type { Medium } from './stick-medium.ts';

type Listed = { readonly files: readonly { name: string; length: number; sha256: string }[] };

function listOn(stick: string): Listed & Record<string, unknown> {
  return JSON.parse(readFileSync(join(stick, 'satchel/stick.json'), 'utf8'));
}

function namesOn(stick: string, folder: string): string[] {
  return listOn(stick)
    .files.map(({ name }) => name)
    .filter((name) => name.startsWith(`repo/${folder}/`));
}

function medium(given: Partial<Medium> & { readonly bytes?: number }): Medium {
  return {
    longestFile: undefined,
    part: 1024,
    space: () => ({ bytes: given.bytes ?? 1e12, inodes: 1e6, blockSize: 512 }),
    ...given,
  };
}

test('the list names every file with its length and hash, and is signed', async (t) => {
  const fixture = await stickFixture(t);
  await fixture.publish('os-1', { a: noise(50_000) });
  await fixture.prepare();
  const list = listOn(fixture.stick);
  assert.equal(list.organisation, hash('sha256', fixture.root));
  assert.ok(list.files.length > 8);
  for (const { name, length, sha256 } of list.files) {
    const bytes = readFileSync(join(fixture.stick, 'satchel', name));
    assert.equal(bytes.length, length, name);
    assert.equal(hash('sha256', bytes), sha256, name);
  }
  assert.ok(existsSync(join(fixture.stick, 'satchel/stick.json.sig')));
});

test('builds that mend holes go first, then heads, and each is on the list when it is complete', async (t) => {
  const fixture = await stickFixture(t);
  await fixture.publish('os-1', { a: noise(50_000) }, { notes: '[security] hole' });
  await fixture.publish('os-2', { a: noise(50_000) });
  await fixture.publish('os-3', { a: noise(50_000) }, { streams: ['testing'] });
  const result = await fixture.prepare({ builds: ['os-3', 'os-2', 'os-1'] });
  assert.deepEqual(
    result.builds.map(({ name }) => name),
    ['os-1', 'os-3', 'os-2'],
  );

  // Cancelled in the middle of the last one: the first two are there, with the metadata.
  const other = fixture.path('other');
  mkdirSync(other);
  const stop = new AbortController();
  let read = 0;
  const source = {
    ...fixture.origin,
    async read(name: string, options = {}) {
      if (name.startsWith('packs/')) read += 1;
      if (read === 3) stop.abort();
      return fixture.origin.read(name, options);
    },
  };
  const cut = fixture.prepare({
    stick: other,
    builds: ['os-3', 'os-2', 'os-1'],
    source,
    signal: stop.signal,
  });
  await assert.rejects(cut, { code: 'cancelled' });
  assert.equal(namesOn(other, 'packs').length, 2);
  const site = await fixture.site('school');
  const loaded = await fixture.load(site, { stick: other });
  assert.deepEqual(loaded.problems, []);
  assert.deepEqual(
    loaded.builds.map(({ name, complete }) => [name, complete]),
    [
      ['os-1', true],
      ['os-3', true],
      ['os-2', false],
    ],
  );
});

test('without the packs there are deltas and lists only', async (t) => {
  const fixture = await stickFixture(t);
  const same = noise(50_000);
  await fixture.publish('os-1', { same, a: '1' });
  await fixture.publish('os-2', { same, a: '2' });
  await fixture.deltas();
  await fixture.prepare({ deltasOnly: true });
  assert.deepEqual(namesOn(fixture.stick, 'packs'), []);
  assert.equal(namesOn(fixture.stick, 'deltas').length, 1);
});

test('for a site only what it lacks goes along', async (t) => {
  const fixture = await stickFixture(t);
  const same = noise(50_000);
  await fixture.publish('os-1', { same, a: '1' });
  await fixture.publish('os-2', { same, a: noise(2000) });
  await fixture.deltas();
  const known = { name: 'school', holds: new Set(['os-1']), runs: new Set(['os-1']) };
  await fixture.prepare({ sites: [known] });
  assert.equal(namesOn(fixture.stick, 'packs').length, 1, 'only the pack that os-2 brought');
  assert.deepEqual(listOn(fixture.stick).sites, ['school']);

  const upToDate = { name: 'school', holds: new Set(['os-1', 'os-2']), runs: new Set(['os-2']) };
  await fixture.prepare({ sites: [upToDate] });
  assert.deepEqual(namesOn(fixture.stick, 'packs'), []);
  assert.deepEqual(fixture.said, []);

  await fixture.prepare({ sites: [upToDate, { name: 'far' }] });
  assert.equal(namesOn(fixture.stick, 'packs').length, 2, 'nothing is known of the other site');
  assert.deepEqual(fixture.said, ['stick-site-unknown']);
  await fixture.prepare({
    deltasOnly: true,
    sites: [{ name: 'old', holds: new Set(), runs: new Set(['os-0']) }],
  });
  assert.deepEqual(fixture.said, ['stick-site-unknown', 'stick-no-delta']);
});

test('what devices of a site may not pass over goes along, and not where they are beyond it', async (t) => {
  const fixture = await stickFixture(t);
  await fixture.publish('os-1', { a: noise(3000) });
  await fixture.publish('os-2', { a: noise(3000) }, { waypoint: true });
  await fixture.publish('os-3', { a: noise(3000) });
  const builds = async (runs?: string) => {
    const site = {
      name: 'school',
      holds: new Set<string>(),
      runs: runs === undefined ? undefined : new Set([runs]),
    };
    const prepared = await fixture.prepare({ sites: [site] });
    return prepared.builds.map(({ name }) => name);
  };
  assert.deepEqual(await builds('os-1'), ['os-3', 'os-2']);
  assert.deepEqual(await builds('os-2'), ['os-3']);
  assert.deepEqual(await builds(), ['os-3', 'os-2']);
  assert.deepEqual(await builds('unknown'), ['os-3', 'os-2']);
});

test('a stick that is too small is refused with numbers before anything is written', async (t) => {
  const fixture = await stickFixture(t);
  await fixture.publish('os-1', { a: noise(500_000) });
  await assert.rejects(fixture.prepare({ medium: medium({ bytes: 400_000 }) }), (error: Error) => {
    assert.match(error.message, /too small: 1\.5\d MB more are needed, 400 kB are free/);
    return true;
  });
  assert.deepEqual(readdirSync(fixture.stick), []);
});

test('where old and new have no room together, the old goes first', async (t) => {
  const fixture = await stickFixture(t);
  await fixture.publish('os-1', { a: noise(2_000_000) });
  await fixture.prepare();
  const [old = ''] = namesOn(fixture.stick, 'packs');
  await fixture.publish('os-2', { a: noise(2_000_000) });
  const result = await fixture.prepare({ medium: medium({ bytes: 1_500_000 }) });
  assert.deepEqual(fixture.said, ['stick-old-goes-first']);
  assert.ok(!existsSync(join(fixture.stick, 'satchel', old)));
  assert.ok(result.removed > 0, 'what went first is counted');
  assert.deepEqual(
    result.builds.map(({ name }) => name),
    ['os-2'],
  );
});

test('files that do not fit are cut, and read as one by everybody', async (t) => {
  const fixture = await stickFixture(t);
  await fixture.publish('os-1', { a: noise(100_000) });
  await fixture.prepare({ medium: medium({ longestFile: 30_000, part: 30_000 }) });
  const [pack = ''] = namesOn(fixture.stick, 'packs');
  const parts = readdirSync(join(fixture.stick, 'satchel/repo/packs'));
  assert.deepEqual(
    parts.map((name) => name.slice(-4)),
    ['.001', '.002', '.003', '.004'],
  );
  const name = pack.slice('repo/'.length);
  const store = await openSourceStore(fixture.stick);
  const whole = await readAll(fixture.origin, name, { limit: 1e9 });
  assert.deepEqual(await readAll(store, name, { limit: 1e9 }), whole);
  for (const [offset, length] of [
    [0, 1],
    [29_999, 2],
    [30_000, 30_000],
    [10, 90_000],
  ] as const)
    assert.deepEqual(
      await readPart(store, name, { offset, length }),
      whole.subarray(offset, offset + length),
    );
  await assert.rejects(readPart(store, name, { offset: 100_000, length: 30_000 }), { code: 'store-range' });

  const site = await fixture.site('school');
  const loaded = await fixture.load(site);
  assert.deepEqual(loaded.problems, []);
  assert.equal(loaded.builds[0]?.complete, true);
  const again = await fixture.prepare({ medium: medium({ longestFile: 30_000, part: 30_000 }) });
  assert.ok(again.copied < 5000);
});

test('what nobody wants any more goes, and what was left by an interruption too', async (t) => {
  const fixture = await stickFixture(t);
  await fixture.publish('os-1', { a: noise(50_000) });
  await fixture.prepare();
  const [old = ''] = namesOn(fixture.stick, 'packs');
  const left = join(fixture.stick, 'satchel/repo/packs', `${'0'.repeat(64)}.pack`);
  const temporary = join(fixture.stick, 'satchel/repo/packs/.tmp.0123456789abcdef.x');
  writeFileSync(left, 'left');
  writeFileSync(temporary, 'left');
  await fixture.publish('os-2', { a: noise(50_000) });
  const { removed } = await fixture.prepare();
  assert.ok(removed >= 5);
  for (const path of [join(fixture.stick, 'satchel', old), left, temporary])
    assert.ok(!existsSync(path), path);
  assert.deepEqual(namesOn(fixture.stick, 'metadata').filter((name) => /snapshot/.test(name)).length, 1);
});

test('a file of the right length with wrong bytes is found when its list was lost', async (t) => {
  const fixture = await stickFixture(t);
  await fixture.publish('os-1', { a: noise(50_000) });
  await fixture.prepare();
  const [pack = ''] = namesOn(fixture.stick, 'packs');
  const path = join(fixture.stick, 'satchel', pack);
  const good = readFileSync(path);
  writeFileSync(path, Buffer.alloc(good.length));
  rmSync(join(fixture.stick, 'satchel/stick.json'));
  const { copied } = await fixture.prepare();
  assert.ok(copied >= good.length);
  assert.deepEqual(readFileSync(path), good);
});

async function attachments(fixture: StickFixture) {
  const leases = fixture.path('leases.sig');
  writeFileSync(leases, 'a lease');
  await fixture.publish('os-1', { a: 'a' });
  return { leases };
}

test('attachments go on a stick only where somebody can sign it', async (t) => {
  const fixture = await stickFixture(t);
  const given = { attachments: await attachments(fixture) };
  await assert.rejects(fixture.prepare({ ...given, keys: memoryKeyRing() }), {
    code: 'stick-attachments-need-keys',
  });
  assert.deepEqual(readdirSync(fixture.stick), []);
  const { signed } = await fixture.prepare(given);
  assert.equal(signed, true);
});

test('what sites and devices write is open to all where the file system knows of that', async (t) => {
  const fixture = await stickFixture(t);
  await fixture.publish('os-1', { a: 'a' });
  await fixture.prepare();
  for (const folder of ['home', 'reports'])
    assert.equal(statSync(join(fixture.stick, 'satchel', folder)).mode & 0o777, 0o777);
});
