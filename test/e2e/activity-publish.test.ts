/** Publishing versions of activities from the command line: the deltas that come with them, and what is refused. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { BundleDeltas } from '../../src/activities/make-bundle-deltas.ts';
import { zipOf } from '../../src/formats/zip.testkit.ts';
import { done, refused, satchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';

const scratch = scratchFolder('activity-publish');
const repository = scratch.file('repository');
const maze = 'org.test.Maze';
const same = randomBytes(60_000);

/** The `.xo` of a version; all versions have most of their content in common. */
function bundle(version: number): string {
  const info = `[Activity]\nname = Maze\nbundle_id = ${maze}\nactivity_version = ${version}\nexec = x\nicon = i\n`;
  const large = Buffer.concat([same, Buffer.from(`version ${version}`)]);
  const files = { 'activity/activity.info': info, 'activity/i.svg': '<svg/>', large };
  const path = scratch.file(`Maze-${version}.xo`);
  writeFileSync(
    path,
    zipOf(Object.entries(files).map(([name, content]) => ({ name: `Maze.activity/${name}`, content }))),
  );
  return path;
}

const atOrigin = (...words: string[]) => [...words, '--repo', repository];

type Published = { readonly deltas: BundleDeltas };
const publish = (version: number, ...words: string[]) =>
  done<Published>(atOrigin('activity', 'publish', ...words, bundle(version)));

type Listed = {
  readonly groups: readonly {
    readonly bundles: readonly { version: string; deltas: readonly { from: string; bytes: number }[] }[];
  }[];
};
/** From which versions there are deltas, by version. */
async function pairs(): Promise<string[]> {
  const { groups } = await done<Listed>(atOrigin('activity', 'list'));
  return groups.flatMap(({ bundles }) =>
    bundles.flatMap(({ version, deltas }) => deltas.map(({ from }) => `${from}-${version}`)),
  );
}

before(async () => {
  await done(atOrigin('init'));
  await publish(1);
});

after(() => scratch.remove());

test('what a delta saves is said, in words and as data', async () => {
  const { stdout } = await satchel(atOrigin('activity', 'publish', bundle(2)));
  assert.match(stdout, /^deltas: 1 of [\d.]+ k?B in place of 60\.\d kB \([\d.]+ %\), made in [\d.]+ s$/m);
  const { deltas } = await publish(3, '--stream', 'testing');
  const [made] = deltas.made;
  assert.deepEqual([made?.from, made?.to, deltas.useless, deltas.failed], ['2', '3', 0, 0]);
  assert.ok(made!.bytes < made!.objectBytes / 10);
  assert.deepEqual(await pairs(), ['2-3', '1-2']);
});

test('to promote a version makes the delta from the one that it replaces', async () => {
  await publish(4, '--stream', 'testing', '--no-deltas');
  assert.deepEqual(await pairs(), ['2-3', '1-2']);
  const { stdout } = await satchel(atOrigin('activity', 'promote', maze, '4', '--stream', 'stable'));
  assert.match(stdout, /^deltas: 1 of /m);
  assert.deepEqual((await pairs())[0], '2-4');
  const words = ['activity', 'promote', maze, '4', '--stream', 'other', '--no-deltas'];
  assert.deepEqual((await done<Published>(atOrigin(...words))).deltas.made, []);
});

test('content that is a directory has them too', async () => {
  const directory = scratch.file('atlas');
  mkdirSync(directory);
  const words = (version: string) => [
    'content',
    'publish',
    directory,
    '--id',
    'org.test.atlas',
    '--version',
    version,
  ];
  for (const version of ['1', '2']) {
    writeFileSync(`${directory}/rivers.html`, Buffer.concat([same, Buffer.from(version)]));
    const { deltas } = await done<Published>(atOrigin(...words(version)));
    assert.equal(deltas.made.length, version === '1' ? 0 : 1);
  }
});

test('everything is sound then, nothing is left over, and prune keeps what is named', async () => {
  // Version 2 has left the group meanwhile, with its delta.
  const named = await pairs();
  assert.deepEqual(named, ['2-4', '2-3', '1-2']);
  await done(atOrigin('prune', '--grace', '0'));
  assert.equal(readdirSync(`${repository}/deltas`).length, named.length);
  assert.deepEqual((await done<{ damaged: unknown[] }>(atOrigin('fsck'))).damaged, []);
  const left = readdirSync(`${repository}/.spool`);
  assert.deepEqual(
    left.filter((name) => name.startsWith('bundle-deltas')),
    [],
  );
});

test('without a file there is nothing to publish', async () => {
  const { exitCode, code, message } = await refused(atOrigin('activity', 'publish'));
  assert.deepEqual([exitCode, code], [2, 'argument-needed']);
  assert.match(message, /FILE/);
});
