/** Bundles that nobody expects: what is published stays a group that goes on, and can be handed out as files. */
import assert from 'node:assert/strict';
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type StreamName, streamName } from '../base/identifiers.ts';
import { type TestMember, zipOf } from '../formats/zip.testkit.ts';
import { openZip } from '../formats/zip.ts';
import { type BundleId, longestBundlePath, type Texts } from '../repository/bundle-record.ts';
import type { BundleVersion } from '../repository/bundle-version.ts';
import { readDetails } from '../repository/catalog.ts';
import {
  bundleName,
  defaultGroup,
  detailsBytes,
  type GroupName,
  parseDetails,
} from '../repository/group-record.ts';
import { emptyRepository, type RepositoryFixture } from '../repository/repository.fixture.ts';
import { writeBundleZip } from './bundle-zip.ts';
import { describeGroup, removeBundles } from './group-edit.ts';
import { publishBundles } from './publish-bundles.ts';
import { readBundle } from './read-bundle.ts';
import { readContent } from './read-content.ts';

const scratch = mkdtempSync(join(tmpdir(), 'satchel-strange-'));
after(() => rmSync(scratch, { recursive: true }));

const id = (name: string) => `org.test.${name}` as BundleId;
const version = '1' as BundleVersion;

/** A bundle of this name in a folder, with more members below it. */
function bundleFile(
  name: string,
  folder: string,
  more: readonly TestMember[] = [],
  kind = 'Activity',
): string {
  const key = kind === 'Activity' ? 'bundle_id' : 'global_name';
  const info = `[${kind}]\nname = x\n${key} = org.test.${name}\nexec = x\n`;
  const description = `${folder}/${kind.toLowerCase()}/${kind.toLowerCase()}.info`;
  const path = join(scratch, name);
  writeFileSync(path, zipOf([{ name: description, content: info }, ...more]));
  return path;
}

type Source = Parameters<typeof publishBundles>[0]['sources'][number];
const files = (...paths: readonly string[]): Source[] =>
  paths.map((path) => (sink) => readBundle(path, sink));
const content = (directory: string): Source[] => {
  const about = { id: id('content'), version, names: { '': 'Content' }, folder: 'content' };
  return [(sink) => readContent(directory, about, sink)];
};

function publish(
  repository: RepositoryFixture,
  sources: readonly Source[],
  options: { group?: GroupName; streams?: StreamName[] } = {},
) {
  return publishBundles({
    ...{ ...repository.context, spoolDirectory: repository.spool, sources, optional: false, keep: 2 },
    ...{ group: defaultGroup, streams: [streamName('stable')], ...options },
  });
}

async function groupOf(repository: RepositoryFixture) {
  return (await repository.catalog()).group(defaultGroup);
}

test('two bundles of a group cannot have one folder, in one call or in two', async (t) => {
  const repository = await emptyRepository(t);
  const [first, second] = [bundleFile('First', 'A.activity'), bundleFile('Second', 'A.activity')];
  const library = bundleFile('Third', 'A.activity', [], 'Library');
  await assert.rejects(publish(repository, files(first, second)), { code: 'bundle-folder-occupied' });
  assert.deepEqual((await repository.catalog()).groupNames(), []);
  await publish(repository, files(first, library));
  await assert.rejects(publish(repository, files(second), { streams: [streamName('testing')] }), {
    code: 'bundle-folder-occupied',
    parameters: { id: id('Second'), other: id('First'), folder: 'A.activity', group: 'default' },
  });
  await publish(repository, files(second), { group: 'other' as GroupName });
  await publish(repository, files(bundleFile('Fourth', 'a.activity')));
  await removeBundles(repository.context, defaultGroup, { id: id('First') });
  await publish(repository, files(second));
});

test('a group goes on, however many languages its bundles have', async (t) => {
  const repository = await emptyRepository(t);
  const letters = [...'abcdefghijklmnop'];
  const texts = letters.flatMap((one) =>
    letters.map((other) => ({
      ...{ name: `M.activity/locale/x${one}${other}/activity.linfo`, content: '[Activity]\nname = n\n' },
    })),
  );
  await publish(repository, files(bundleFile('Many', 'M.activity', texts), bundleFile('One', 'O.activity')));
  assert.equal((await readDetails(repository.store, await groupOf(repository))).length, 2);
  await removeBundles(repository.context, defaultGroup, { id: id('Many') });
  assert.deepEqual((await groupOf(repository)).bundles.map(bundleName), ['org.test.One-1']);
});

/** More languages than a text may have. */
const tooMany = Array.from({ length: 250 }, (_, number) => [`xx_A${number + 10}`, 'x'] as const);

test('what cannot be shown of one bundle is left out, and the others are shown', () => {
  const known = (name: string, names: Texts) => ({ id: id(name), version, names });
  const [one, two] = [known('One', { '': 'One' }), known('Two', { '': 'Two' })];
  const many = known('Many', { '': 'x', ...Object.fromEntries(tooMany) });
  const bytes = Buffer.concat([detailsBytes([one, many, two]), Buffer.from('no record\n')]);
  assert.deepEqual(parseDetails(bytes, 'details'), [one, two]);
});

test('what nobody could read again is refused before the group is signed', async (t) => {
  const repository = await emptyRepository(t);
  await publish(repository, files(bundleFile('One', 'O.activity')));
  const change = { titles: tooMany, descriptions: [] };
  await assert.rejects(describeGroup(repository.context, defaultGroup, change), { code: 'record-invalid' });
  assert.deepEqual((await groupOf(repository)).titles, {});
});

test('content with a path that no home has room for is refused', async (t) => {
  const repository = await emptyRepository(t);
  const directory = join(scratch, 'deep');
  const parts = Array.from({ length: longestBundlePath / 256 }, () => 'e'.repeat(255));
  mkdirSync(join(directory, ...parts), { recursive: true });
  await assert.rejects(publish(repository, content(directory)), { code: 'bundle-path-too-long' });
});

/** The files in the zip that is made of the one bundle of the group. */
async function madeOf(repository: RepositoryFixture): Promise<string[]> {
  const path = join(scratch, 'made');
  await writeBundleZip(repository.store, (await groupOf(repository)).bundles[0]!, path);
  const zip = await openZip(path);
  zip.close();
  return zip.members.filter(({ type }) => type === 'file').map((member) => member.path);
}

test('names that are no text stand in the made zip as they stood in the bundle', async (t) => {
  const repository = await emptyRepository(t);
  const names = ['f\xfee', 'f\xffe', '\xc3\xb1'].map((name) => `N.activity/${name}`);
  const members = names.map((name) => ({ name: Buffer.from(name, 'latin1'), content: name }));
  await publish(repository, files(bundleFile('Names', 'N.activity', members)));
  const made = await madeOf(repository);
  assert.deepEqual(made, ['N.activity/activity/activity.info', ...names].toSorted());
});

test('names that other systems would take for paths stand in the made zip as they are', async (t) => {
  const repository = await emptyRepository(t);
  const directory = join(scratch, 'names');
  mkdirSync(join(directory, 'a'), { recursive: true });
  for (const name of ['a\\b', '..\\..\\x', 'C:', 'a/b']) writeFileSync(join(directory, name), name);
  linkSync(join(directory, 'a/b'), join(directory, 'c'));
  await publish(repository, content(directory));
  const names = ['..\\..\\x', 'C:', 'a/b', 'a\\b', 'c'].map((name) => `content/${name}`);
  assert.deepEqual(await madeOf(repository), names);
});
