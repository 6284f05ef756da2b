/** Old clients at a site: a tree is made of what arrives when somebody asks for it. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { rsync } from '../doubles/rsync-client.ts';
import { assertSameTree } from '../doubles/same-tree.ts';
import { done, pristine } from '../doubles/satchel-program.ts';
import { writeTinyBuilds } from '../doubles/tiny-builds.ts';
import { type SiteStory, type StoryPlace, servePlace, siteStory } from './site.testkit.ts';

let story: SiteStory;
let school: StoryPlace;

before(async () => {
  story = await siteStory('site-rsync');
  const builds = writeTinyBuilds(story.scratch.path);
  await story.publish('b1', builds.b1);
  await story.publish('b2', builds.b2);
  school = await story.site('school', story.origin, ['--rsync', '127.0.0.1:0']);
});
after(() => story.end());

/** What an old client asks for, until the tree is there. */
async function fetchTree(build: string, into: string) {
  const source = `${school.server.rsync}/build-${build}/root/`;
  for (let tries = 0; ; tries += 1) {
    const { code, stderr } = await rsync('-aHAX', '--numeric-ids', source, into);
    if (code === 0) return;
    if (tries === 20) throw new Error(stderr);
  }
}

test('a build of which nothing is here comes through rsync, with the frames that it needs and no more', async () => {
  assert.ok(school.server.rsync);
  const device = await story.device('device', story.origin.server.url);
  for (const build of ['b2', 'b1']) {
    await done(['update', '--root', device, build]);
    const copy = story.scratch.file(`copy-${build}/`);
    await fetchTree(build, copy);
    assertSameTree(copy.slice(0, -1), pristine(device, build));
  }
  // The second build has objects of the first one's pack and some of its own.
  assert.ok(readdirSync(`${school.repository}/indexes`).length === 2);
});

test('a tree that is here is served whatever went away, and without the origin', async () => {
  await story.origin.server.stop();
  for (const folder of ['packs', 'indexes', 'maps', 'contents'])
    rmSync(`${school.repository}/${folder}`, { recursive: true, force: true });
  const copy = story.scratch.file('again/');
  await fetchTree('b1', copy);
});

test('where no rsync clients are served, their trees and what else lies there count all the same', async () => {
  await school.server.stop();
  const repo = ['--repo', school.repository];
  const gc = (...more: string[]) =>
    done<{ usedBytes: number; treeBytes: number; missing: number }>(['site', 'gc', ...repo, ...more]);
  const rsyncDirectory = `${school.repository}.rsync`;
  assert.deepEqual(readdirSync(`${rsyncDirectory}/ready`), ['b1', 'b2']);
  const { usedBytes } = await gc();
  // The least budget that a site may have is 100 MB.
  const size = 40_000_000;
  for (const folder of ['own/packs', 'packed', 'incoming/b9']) {
    mkdirSync(`${rsyncDirectory}/${folder}`, { recursive: true });
    writeFileSync(`${rsyncDirectory}/${folder}/file`, Buffer.alloc(size, 7));
  }
  const more = (await gc()).usedBytes;
  assert.ok(more >= usedBytes + 3 * size, `${more} after ${usedBytes}`);
  const moved = story.scratch.file('moved.rsync');
  renameSync(rsyncDirectory, moved);
  assert.ok((await gc()).usedBytes <= more - 3 * size);
  assert.equal((await gc('--rsync-dir', moved)).usedBytes, more);
  rmSync(rsyncDirectory, { recursive: true, force: true });
  renameSync(moved, rsyncDirectory);
  await done(['site', 'set', ...repo, '--budget', `${more - 1}`]);
  const { treeBytes, missing } = await gc();
  assert.ok(treeBytes > 0);
  assert.equal(missing, 0);
  assert.deepEqual(
    readdirSync(`${rsyncDirectory}/ready`),
    ['b1'],
    'the tree that was used longest ago is gone',
  );
  assert.deepEqual(readdirSync(`${rsyncDirectory}/pub/builds/b2`), []);
  assert.deepEqual(readdirSync(`${rsyncDirectory}/trash`), []);

  // The same where a server runs that serves none.
  const without = await servePlace(school.repository);
  try {
    await done(['site', 'set', ...repo, '--budget', '100MB']);
    assert.ok((await gc()).treeBytes > 0);
    assert.deepEqual(readdirSync(`${rsyncDirectory}/ready`), []);
  } finally {
    await without.server.stop();
  }
});
