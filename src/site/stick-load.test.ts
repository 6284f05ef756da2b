import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentReporter } from '../base/progress.ts';
import { openCatalog } from '../repository/catalog.ts';
import { fsck } from '../repository/fsck.ts';
import { openDirectoryStore } from '../store/directory.ts';
import { noise, type OfflineSite, stateOf, stickFixture } from './stick.fixture.ts';

/** All files below a folder by their names. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

async function requireSound({ layout }: OfflineSite): Promise<readonly string[]> {
  const store = openDirectoryStore(layout.repository);
  const { damaged } = await fsck({ store, reporter: silentReporter });
  assert.deepEqual(damaged, []);
  return (await openCatalog(store)).buildNames();
}

test('a site that was never online gets a build and what leads to it from a stick', async (t) => {
  const fixture = await stickFixture(t);
  await fixture.publish('os-1', { a: noise(200_000), b: 'b' });
  const prepared = await fixture.prepare();
  assert.deepEqual(
    prepared.builds.map(({ name }) => name),
    ['os-1'],
  );
  assert.equal(prepared.signed, true);

  const site = await fixture.site('school');
  const loaded = await fixture.load(site);
  assert.deepEqual(loaded.problems, []);
  assert.equal(loaded.news, true);
  assert.deepEqual(
    loaded.builds.map(({ name, complete }) => ({ name, complete })),
    [{ name: 'os-1', complete: true }],
  );
  assert.deepEqual(await requireSound(site), ['os-1']);
  assert.equal(stateOf(site).state, 'done');
});

test('the same stick brings only what is new the next time, on both sides', async (t) => {
  const fixture = await stickFixture(t);
  const same = noise(300_000);
  await fixture.publish('os-1', { same, changed: noise(1000) });
  await fixture.prepare();
  const site = await fixture.site('school');
  await fixture.load(site);

  const again = await fixture.prepare();
  assert.ok(again.copied < 5000, `copied ${again.copied}`);
  assert.equal((await fixture.load(site)).copied, 0);

  await fixture.publish('os-2', { same, changed: noise(1000) });
  const next = await fixture.prepare();
  assert.ok(next.copied < 50_000, `copied ${next.copied}`);
  const loaded = await fixture.load(site);
  assert.ok(loaded.copied < 50_000, `copied ${loaded.copied}`);
  assert.deepEqual(await requireSound(site), ['os-1', 'os-2']);
});

test('a stick that is older than the site still brings its files', async (t) => {
  const fixture = await stickFixture(t);
  await fixture.publish('os-1', { a: noise(100_000) });
  await fixture.prepare();
  await fixture.publish('os-2', { a: noise(100_000) });
  const other = fixture.path('other');
  const site = await fixture.site('school');
  const { mkdirSync } = await import('node:fs');
  mkdirSync(other);
  await fixture.prepare({ stick: other, builds: ['os-2'] });
  await fixture.load(site, { stick: other });

  const loaded = await fixture.load(site);
  assert.deepEqual(
    loaded.problems.map(({ code }) => code),
    ['stick-older'],
  );
  assert.deepEqual(
    loaded.builds.map(({ name, complete }) => ({ name, complete })),
    [{ name: 'os-1', complete: true }],
  );
  assert.deepEqual(await requireSound(site), ['os-1', 'os-2']);
});

test('a damaged file is left out and named, and the others are taken', async (t) => {
  const fixture = await stickFixture(t);
  await fixture.publish('os-1', { a: noise(100_000) });
  await fixture.publish('os-2', { a: noise(100_000) }, { streams: ['testing'] });
  await fixture.prepare();
  const packs = join(fixture.stick, 'satchel/repo/packs');
  const [pack = ''] = readdirSync(packs);
  const bytes = readFileSync(join(packs, pack));
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(join(packs, pack), bytes);

  const site = await fixture.site('school');
  const loaded = await fixture.load(site);
  assert.deepEqual(loaded.problems, [{ code: 'stick-file-damaged', parameters: { file: `packs/${pack}` } }]);
  assert.equal(loaded.builds.filter(({ complete }) => complete).length, 1);
  assert.ok(!existsSync(join(site.layout.repository, 'packs', pack)));
  assert.equal(stateOf(site).code, 'stick-file-damaged');
});

test('extra files and symlinks are left alone and named', async (t) => {
  const fixture = await stickFixture(t);
  await fixture.publish('os-1', { a: 'a' });
  await fixture.prepare();
  writeFileSync(join(fixture.stick, 'holiday.jpg'), 'picture');
  writeFileSync(join(fixture.stick, 'satchel/repo/packs/more.txt'), 'more');
  symlinkSync('/etc/passwd', join(fixture.stick, 'satchel/repo/link'));
  const site = await fixture.site('school');
  const loaded = await fixture.load(site);
  assert.deepEqual(loaded.extra, ['repo/link', 'repo/packs/more.txt']);
  assert.deepEqual(loaded.problems, [
    { code: 'stick-extra-files', parameters: { count: 1, names: 'repo/packs/more.txt' } },
    { code: 'stick-links', parameters: { count: 1, names: 'repo/link' } },
  ]);
  await fixture.prepare();
  assert.ok(existsSync(join(fixture.stick, 'holiday.jpg')));
  assert.ok(existsSync(join(fixture.stick, 'satchel/repo/packs/more.txt')));
  assert.deepEqual(await requireSound(site), ['os-1']);
});

test('a stick with nothing of ours, a damaged list or names that escape is refused in one sentence', async (t) => {
  const fixture = await stickFixture(t);
  await fixture.publish('os-1', { a: 'a' });
  const site = await fixture.site('school');
  await assert.rejects(fixture.load(site), { code: 'stick-not-prepared' });
  assert.equal(stateOf(site).state, 'failed');
  assert.equal(stateOf(site).code, 'stick-not-prepared');

  await fixture.prepare();
  const list = join(fixture.stick, 'satchel/stick.json');
  const good = readFileSync(list, 'utf8');
  for (const bad of [
    '',
    '{"satchel":"stick"}',
    good.replace('"repo/', '"repo/../../'),
    good.replace('"repo/', '"/etc/'),
    good.slice(0, -10),
  ]) {
    writeFileSync(list, bad);
    await assert.rejects(fixture.load(site), { code: 'stick-manifest-damaged' });
  }
  writeFileSync(list, good.replace('"format":1', '"format":2'));
  await assert.rejects(fixture.load(site), { code: 'stick-newer' });
  assert.deepEqual(filesBelow(site.layout.repository), []);

  rmSync(join(fixture.stick, 'satchel'), { recursive: true });
  symlinkSync('/etc', join(fixture.stick, 'satchel'));
  await assert.rejects(fixture.load(site), { code: 'stick-symlink' });
});

test('a stick of another organisation changes nothing on either side', async (t) => {
  const fixture = await stickFixture(t);
  const other = await stickFixture(t);
  await fixture.publish('os-1', { a: 'a' });
  await other.publish('os-9', { a: 'a' });
  const site = await fixture.site('school');
  await fixture.prepare();
  await fixture.load(site);
  const before = filesBelow(site.layout.repository);

  await other.prepare();
  await assert.rejects(fixture.load(site, { stick: other.stick }), {
    code: 'stick-of-another-organisation',
  });
  assert.deepEqual(filesBelow(site.layout.repository), before);
  const theirs = filesBelow(other.stick);
  await assert.rejects(fixture.prepare({ stick: other.stick }), { code: 'stick-of-another-organisation' });
  assert.deepEqual(filesBelow(other.stick), theirs);
});

test('a site takes a build only where there is room, and says so with numbers', async (t) => {
  const fixture = await stickFixture(t);
  await fixture.publish('os-1', { a: noise(100_000) });
  await fixture.prepare();
  const site = await fixture.site('school');
  const settings = { ...site.settings, reserve: Number.MAX_SAFE_INTEGER };
  const loaded = await fixture.load(site, { settings });
  const [problem] = loaded.problems;
  assert.equal(problem?.code, 'stick-site-full');
  assert.equal(problem?.parameters.build, 'os-1');
  assert.deepEqual(
    loaded.builds.map(({ complete }) => complete),
    [false],
  );
});

test('a stick that has lost its list is told so; what is signed and the reports are taken all the same', async (t) => {
  const fixture = await stickFixture(t);
  await fixture.publish('os-1', { a: noise(100_000) });
  await fixture.prepare();
  rmSync(join(fixture.stick, 'satchel/stick.json'));
  const site = await fixture.site('school');
  const loaded = await fixture.load(site);
  assert.deepEqual(
    loaded.problems.map(({ code }) => code),
    ['stick-list-missing'],
  );
  assert.deepEqual(
    loaded.builds.map(({ name, complete }) => [name, complete]),
    [['os-1', true]],
  );
  assert.deepEqual([stateOf(site).state, stateOf(site).code], ['failed', 'stick-list-missing']);

  rmSync(join(fixture.stick, 'satchel/repo/metadata'), { recursive: true });
  const bare = await fixture.load(await fixture.site('other'));
  assert.deepEqual(
    bare.problems.map(({ code }) => code),
    ['stick-list-missing'],
  );
});

test('a symlink in the place of a pack is named as one, and the build that lacks it is no success', async (t) => {
  const fixture = await stickFixture(t);
  await fixture.publish('os-1', { a: noise(100_000) });
  await fixture.prepare();
  const packs = join(fixture.stick, 'satchel/repo/packs');
  const [pack = ''] = readdirSync(packs);
  rmSync(join(packs, pack));
  symlinkSync('/etc/passwd', join(packs, pack));
  const site = await fixture.site('school');
  const loaded = await fixture.load(site);
  assert.deepEqual(
    loaded.problems.map(({ code, parameters }) => [code, parameters.names]),
    [['stick-links', `repo/packs/${pack}`]],
  );
  assert.equal(stateOf(site).code, 'stick-links');
  assert.deepEqual(
    loaded.builds.map(({ complete }) => complete),
    [false],
  );
});
