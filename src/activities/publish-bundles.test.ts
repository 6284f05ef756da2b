/** Publishing bundles into a repository, and the zips that are made of what was stored. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { streamName } from '../base/identifiers.ts';
import { silentReporter } from '../base/progress.ts';
import { zipOf } from '../formats/zip.testkit.ts';
import type { BundleId } from '../repository/bundle-record.ts';
import type { BundleVersion } from '../repository/bundle-version.ts';
import { readDetails } from '../repository/catalog.ts';
import { fsck } from '../repository/fsck.ts';
import { type BundleRecord, bundleName, defaultGroup, type GroupName } from '../repository/group-record.ts';
import { prune } from '../repository/prune.ts';
import { emptyRepository, type RepositoryFixture } from '../repository/repository.fixture.ts';
import { writeBundleZip } from './bundle-zip.ts';
import { promoteBundle, removeBundles } from './group-edit.ts';
import { publishBundles } from './publish-bundles.ts';
import { readBundle } from './read-bundle.ts';
import { readContent } from './read-content.ts';

const folder = mkdtempSync(join(tmpdir(), 'satchel-bundles-'));
after(() => rmSync(folder, { recursive: true }));

const id = (name: string) => `org.test.${name}` as BundleId;

/** A bundle file; `more` is the content of one file in it. */
function bundleFile(name: string, version: string, more = 'the same'): string {
  const info = `[Activity]\nname = ${name}\nbundle_id = org.test.${name}\nactivity_version = ${version}\nexec = x\nicon = i\n`;
  const path = join(folder, `${name}-${version}.xo`);
  const files = {
    'activity/activity.info': info,
    'activity/i.svg': '<svg/>',
    'a.txt': more,
    'b.txt': 'never changes',
  };
  writeFileSync(
    path,
    zipOf(Object.entries(files).map(([file, content]) => ({ name: `${name}.activity/${file}`, content }))),
  );
  return path;
}

type Publishing = Partial<Parameters<typeof publishBundles>[0]>;

function publish(repository: RepositoryFixture, files: readonly string[], options: Publishing = {}) {
  return publishBundles({
    ...repository.context,
    spoolDirectory: repository.spool,
    sources: files.map((file) => (sink) => readBundle(file, sink)),
    ...{ group: defaultGroup, streams: [streamName('stable')], optional: false, keep: 2 },
    ...options,
  });
}

async function names(repository: RepositoryFixture): Promise<string[]> {
  const { bundles } = await (await repository.catalog()).group(defaultGroup);
  return bundles.map((bundle) => `${bundleName(bundle)} ${bundle.streams.join('+')}`.trim());
}

test('what two bundles or versions share is stored once', async (t) => {
  const repository = await emptyRepository(t);
  const first = await publish(repository, [bundleFile('One', '1'), bundleFile('Two', '1')]);
  // Two descriptions, and what both have in common.
  assert.equal(first.newObjects, 5);
  assert.equal((await publish(repository, [bundleFile('One', '2')])).newObjects, 1);
});

test('what bundles are by themselves is counted once, though they share pack ranges', async (t) => {
  const repository = await emptyRepository(t);
  const noise = (name: string) => bundleFile(name, '1', randomBytes(50_000).toString('latin1'));
  const { newBytes } = await publish(repository, [noise('One'), noise('Two'), noise('Three')]);
  const { bundles } = await (await repository.catalog()).group(defaultGroup);
  const sum = (of: (bundle: BundleRecord) => number) => bundles.reduce((all, each) => all + of(each), 0);
  assert.ok(sum(({ everything }) => everything) > 2 * newBytes);
  const alone = sum((bundle) => bundle.alone!);
  // What all three hold in common counts for each.
  assert.ok(alone > 0.9 * newBytes && alone < 1.05 * newBytes, `${alone} of ${newBytes}`);
});

test('a stream stands for the newest version it was given; so many stay on offer', async (t) => {
  const repository = await emptyRepository(t);
  for (const version of ['1', '2', '3']) await publish(repository, [bundleFile('One', version)]);
  assert.deepEqual(await names(repository), ['org.test.One-3 stable', 'org.test.One-2']);
  await publish(repository, [bundleFile('One', '4')], { streams: [streamName('testing')] });
  await publish(repository, [bundleFile('One', '5')], { streams: [streamName('testing')] });
  assert.deepEqual(await names(repository), [
    'org.test.One-5 testing',
    'org.test.One-4',
    'org.test.One-3 stable',
  ]);
  const one = { id: id('One'), version: '5' as BundleVersion };
  await promoteBundle(
    { ...repository.context, spoolDirectory: repository.spool, streams: [streamName('stable')] },
    defaultGroup,
    one,
  );
  assert.deepEqual((await names(repository))[0], 'org.test.One-5 stable+testing');
});

test('a stream does not go back, and a version means one content for ever', async (t) => {
  const repository = await emptyRepository(t);
  await publish(repository, [bundleFile('One', '2')]);
  await assert.rejects(publish(repository, [bundleFile('One', '1')]), { code: 'bundle-older' });
  const packs = () => Array.fromAsync(repository.store.list('packs/'));
  const before = await packs();
  await assert.rejects(publish(repository, [bundleFile('One', '2', 'changed')]), { code: 'bundle-exists' });
  assert.deepEqual(await packs(), before);
  const elsewhere = { group: 'other' as GroupName };
  await assert.rejects(publish(repository, [bundleFile('One', '2', 'changed')], elsewhere), {
    code: 'bundle-exists',
  });
  const again = await publish(repository, [bundleFile('One', '2')]);
  assert.deepEqual([again.newObjects, again.bundles[0]?.alreadyPublished], [0, true]);
});

test('all bundles of one call are published or none', async (t) => {
  const repository = await emptyRepository(t);
  const bad = join(folder, 'bad.xo');
  writeFileSync(bad, 'no zip');
  await assert.rejects(publish(repository, [bundleFile('One', '1'), bad]), { code: 'zip-damaged' });
  assert.deepEqual((await repository.catalog()).groupNames(), []);
  const twice = [bundleFile('One', '1'), bundleFile('One', '1')];
  await assert.rejects(publish(repository, twice), { code: 'bundle-given-twice' });
});

test('names and pictures for people come with the group', async (t) => {
  const repository = await emptyRepository(t);
  await publish(repository, [bundleFile('One', '1')]);
  const group = await (await repository.catalog()).group(defaultGroup);
  const details = await readDetails(repository.store, group);
  assert.deepEqual(details, [{ id: id('One'), version: '1', names: { '': 'One' }, icon: '<svg/>' }]);
});

test('prune keeps what groups need and removes what they let go; fsck reads all of it', async (t) => {
  const repository = await emptyRepository(t);
  await publish(repository, [bundleFile('One', '1', 'x'.repeat(5000)), bundleFile('Two', '1')]);
  await repository.publish('os-1', { file: 'the OS' });
  const options = { ...repository.context, spoolDirectory: repository.spool, reporter: silentReporter };
  await prune({ ...options, grace: 0, dryRun: false });
  const before = await fsck({ store: repository.store, reporter: silentReporter });
  assert.deepEqual(before.damaged, []);
  assert.ok(before.files > 6);
  await removeBundles(repository.context, defaultGroup, { id: id('One') });
  await assert.rejects(removeBundles(repository.context, defaultGroup, { id: id('One') }), {
    code: 'bundle-not-found',
  });
  const { deleted } = await prune({ ...options, grace: 0, dryRun: false });
  assert.ok(deleted.some((name) => name.startsWith('maps/')));
  const left = await fsck({ store: repository.store, reporter: silentReporter });
  assert.deepEqual([left.damaged, left.files < before.files], [[], true]);
});

test('fsck reads every object of bundles that share a pack', async (t) => {
  const repository = await emptyRepository(t);
  const { newObjects } = await publish(repository, [bundleFile('One', '1'), bundleFile('Two', '1')]);
  const { objects } = await fsck({ store: repository.store, reporter: silentReporter });
  assert.equal(objects, newObjects);
});

test('the zip that is made of a bundle holds what was published, and has the same bytes each time', async (t) => {
  const repository = await emptyRepository(t);
  const file = bundleFile('One', '1', 'a text that is packed '.repeat(1000));
  await publish(repository, [file]);
  const [record] = (await (await repository.catalog()).group(defaultGroup)).bundles;
  const [one, other] = [join(folder, 'made-1.xo'), join(folder, 'made-2.xo')];
  const zone = process.env.TZ;
  await writeBundleZip(repository.store, record!, one);
  process.env.TZ = 'America/Asuncion';
  await writeBundleZip(repository.store, record!, other);
  process.env.TZ = zone;
  assert.ok(readFileSync(one).equals(readFileSync(other)));
  const unpacked = join(folder, 'unpacked');
  execFileSync('bsdtar', ['-x', '-f', one, '-C', mkdir(unpacked)]);
  const before = join(folder, 'before');
  execFileSync('bsdtar', ['-x', '-f', file, '-C', mkdir(before)]);
  execFileSync('diff', ['-r', before, unpacked]);
  const { info } = await readBundle(one, { add: () => undefined });
  assert.deepEqual([info.id, info.version], [id('One'), '1']);
});

test('a directory of any kind is content; links that lead out of it and special files are refused', async (t) => {
  const repository = await emptyRepository(t);
  const directory = mkdir(join(folder, 'content'));
  writeFileSync(join(directory, 'page.html'), 'page');
  symlinkSync('page.html', join(directory, 'index.html'));
  // In a tree of an OS, this would be something else.
  writeFileSync(join(mkdir(join(directory, 'versions/pristine/1')), 'page.html'), 'older page');
  const about = {
    id: id('content'),
    version: '1' as BundleVersion,
    names: { '': 'Content' },
    folder: 'content',
  };
  const source: Publishing = { sources: [(sink) => readContent(directory, about, sink)] };
  const { bundles } = await publish(repository, [], source);
  assert.deepEqual(
    bundles.map(({ kind, files }) => [kind, files]),
    [['content', 2]],
  );
  symlinkSync('../../etc/passwd', join(directory, 'out'));
  await assert.rejects(publish(repository, [], source), { code: 'content-link-outside' });
  rmSync(join(directory, 'out'));
  execFileSync('mkfifo', [join(directory, 'pipe')]);
  await assert.rejects(publish(repository, [], source), { code: 'bundle-special-file' });
  assert.deepEqual(readdirSync(repository.spool), []);
});

function mkdir(path: string): string {
  mkdirSync(path, { recursive: true });
  return path;
}
