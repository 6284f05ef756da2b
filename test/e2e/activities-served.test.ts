/** Activities for machines that know Sugar's updaters only: pages and files of an origin, and of a site below it. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { zipOf } from '../../src/formats/zip.testkit.ts';
import { openZip } from '../../src/formats/zip.ts';
import type { BundleSubject } from '../../src/site/known-bundles.ts';
import { siteLayout, usedFile } from '../../src/site/layout.ts';
import { exchange } from '../doubles/http-exchange.ts';
import { rsync } from '../doubles/rsync-client.ts';
import { done } from '../doubles/satchel-program.ts';
import { readAsNewUpdater, readAsOldUpdater } from '../doubles/sugar-updaters.ts';
import { when } from '../doubles/when.ts';
import { type SiteStory, type StoryPlace, servePlace, siteStory } from './site.testkit.ts';

const maze = 'vu.lux.olpc.Maze';
const large = Buffer.alloc(300_000, 'a text that all versions have ');
let story: SiteStory;
let site: StoryPlace;

/** Packs a version of the maze, or of another activity; `much` is a file in it. */
function pack(version: string, id = maze, much: Buffer = large): string {
  const info =
    `[Activity]\nname = Maze\nbundle_id = ${id}\nactivity_version = ${version}\nhost_version = 1\n` +
    'exec = sugar-activity maze.MazeActivity\nicon = maze\nlicense = GPLv3+\n';
  const files = {
    'activity/activity.info': info,
    'activity/maze.svg': '<svg/>',
    'locale/es/activity.linfo': '[Activity]\nname = Laberinto\n',
    'maze.py': `print(${version})\n`,
    large: much,
  };
  const path = story.scratch.file(`${id}-${version}.xo`);
  const members = Object.entries(files).map(([name, content]) => ({
    ...{ name: `Maze.activity/${name}`, content },
  }));
  writeFileSync(path, zipOf(members));
  return path;
}

const publish = (version: string, ...words: string[]) =>
  done(['activity', 'publish', '--repo', story.origin.repository, ...words, pack(version)]);

before(async () => {
  story = await siteStory('activities-served');
  const tree = story.scratch.file('tree');
  mkdirSync(tree);
  writeFileSync(`${tree}/file`, 'the OS');
  await story.publish('os-1', tree);
  await publish('11');
  await publish('12.1');
  await publish('13', '--stream', 'testing');
  await publish('12', '--group', 'primary', '--optional');
  site = await story.site('village', story.origin, ['--rsync', '127.0.0.1:0']);
});

after(() => story.end());

/** Both kinds of places. */
const places = [
  ['an origin', () => story.origin.server.url],
  ['a site', () => site.server.url],
] as const;

const get = (url: string, path: string, headers: Record<string, string> = {}, method = 'GET') =>
  exchange(url, path, { headers, method });

for (const [name, url] of places)
  describe(name, () => {
    test('shows both generations of updaters the version for everybody, once', async () => {
      const page = await get(url(), '/activities/');
      assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
      for (const read of [readAsOldUpdater, readAsNewUpdater]) {
        const { entries } = read(page.body.toString(), `${url()}/activities/`);
        assert.deepEqual(
          [...entries],
          [
            [
              maze,
              {
                version: '12.1',
                urls: [`${url()}/activities/${maze}-12.1.xo`],
                optional: false,
              },
            ],
          ],
        );
      }
    });

    test('has a page for each group, with addresses that lead to the files', async () => {
      assert.equal((await get(url(), '/activities/primary')).headers.location, '/activities/primary/');
      const { body } = await get(url(), '/activities/primary/');
      const { entries } = readAsNewUpdater(body.toString(), `${url()}/activities/primary/`);
      const { urls, optional } = entries.get(maze)!;
      assert.equal(optional, true);
      assert.deepEqual(urls, [`${url()}/activities/${maze}-12.xo`]);
      assert.equal((await fetch(urls[0]!)).status, 200);
    });

    test('knows no page for a version of the OS, which updaters ask for first', async () => {
      for (const path of ['0.98.1', '0.98', 'nosuch/', 'index.fr.html', `${maze}-99.xo`])
        assert.equal((await get(url(), `/activities/${path}`)).status, 404, path);
    });

    test('speaks the language of the reader, and any by its own address', async () => {
      const asked = await get(url(), '/activities/', { 'Accept-Language': 'es-UY,en;q=0.5' });
      assert.equal(asked.headers['content-language'], 'es');
      assert.match(asked.headers.vary ?? '', /Accept-Language/i);
      assert.match(asked.body.toString(), />Laberinto<\/a>/);
      const direct = await get(url(), '/activities/index.es.html');
      assert.match(direct.body.toString(), />Laberinto<\/a>/);
      assert.match((await get(url(), '/activities/')).body.toString(), />Maze<\/a>/);
    });

    test('tells who has a page already that it is the same', async () => {
      const { headers } = await get(url(), '/activities/');
      const again = await get(url(), '/activities/', { 'If-None-Match': headers.etag! });
      assert.deepEqual([again.status, again.body.length], [304, 0]);
    });

    test('gives a bundle whole, in parts, or its headers only', async () => {
      const path = `/activities/${maze}-12.1.xo`;
      const whole = await get(url(), path);
      assert.equal(whole.status, 200);
      assert.equal(whole.headers['content-type'], 'application/vnd.olpc-sugar');
      assert.equal(Number(whole.headers['content-length']), whole.body.length);
      const head = await get(url(), path, {}, 'HEAD');
      assert.deepEqual(
        [head.status, head.body.length, head.headers['content-length'], head.headers.etag],
        [200, 0, whole.headers['content-length'], whole.headers.etag],
      );
      const part = await get(url(), path, { Range: 'bytes=10-19' });
      assert.deepEqual([part.status, part.body], [206, whole.body.subarray(10, 20)]);
      assert.equal(part.headers['content-range'], `bytes 10-19/${whole.body.length}`);
      const same = await get(url(), path, { 'If-None-Match': whole.headers.etag! });
      assert.equal(same.status, 304);
    });

    test('has a zip as Sugar unpacks it', async () => {
      const { body } = await get(url(), `/activities/${maze}-13.xo`);
      const path = story.scratch.file(`${name}.xo`);
      writeFileSync(path, body);
      const zip = await openZip(path);
      zip.close();
      const names = zip.members.map((member) => String(member.path));
      assert.ok(names.includes('Maze.activity/activity/activity.info'), names.join());
    });

    test('refuses what only writers ask', async () => {
      const { status, headers } = await get(url(), '/activities/', {}, 'POST');
      assert.deepEqual([status, headers.allow], [405, 'GET, HEAD']);
    });
  });

describe('a site', () => {
  test('gives the same bytes as the origin, and keeps them for when it is away', async () => {
    const path = `/activities/${maze}-12.1.xo`;
    const [there, here] = [await get(story.origin.server.url, path), await get(site.server.url, path)];
    assert.deepEqual(here.body, there.body);
    await story.origin.server.stop();
    rmSync(`${site.repository}.site/bundles`, { recursive: true });
    try {
      assert.deepEqual((await get(site.server.url, path)).body, there.body);
      assert.match((await get(site.server.url, '/activities/')).body.toString(), />Maze<\/a>/);
    } finally {
      story.origin.server = (await servePlace(story.origin.repository)).server;
    }
  });

  test('takes a bundle that was given as a file for one that is used', async () => {
    const asked = await story.site('asked');
    const name = (version: string) => `activities/default/${maze}-${version}`;
    const isUsed = (version: string) =>
      existsSync(usedFile(siteLayout(asked.repository), name(version) as BundleSubject));
    assert.equal(isUsed('12.1'), false);
    await get(asked.server.url, `/activities/${maze}-12.1.xo`);
    assert.deepEqual([isUsed('12.1'), isUsed('13')], [true, false]);
  });

  test('brings a delta to a bundle when the first device asks, and none that nobody signed', async () => {
    const { repository } = story.origin;
    const same = randomBytes(50_000);
    for (const version of ['1', '2']) {
      const file = pack(version, 'org.test.Other', Buffer.concat([same, Buffer.from(version)]));
      await done(['activity', 'publish', '--repo', repository, '--group', 'others', file]);
    }
    const [delta, ...more] = readdirSync(`${repository}/deltas`);
    assert.deepEqual(more, []);
    const { url } = (await story.site('cold')).server;
    await get(url, '/metadata/timestamp.json');
    for (const record of readdirSync(`${repository}/targets/activities`))
      if (record.includes('.others.')) await get(url, `/targets/activities/${record}`);
    const { status, body } = await get(url, `/deltas/${delta}`);
    assert.deepEqual([status, body], [200, readFileSync(`${repository}/deltas/${delta}`)]);
    assert.equal((await get(url, `/deltas/${'0'.repeat(64)}.delta`)).status, 404);
    await done(['activity', 'remove', '--repo', repository, 'org.test.Other', '--group', 'others']);
  });

  test('gives up the zips that were used longest ago when its budget is spent', async () => {
    await get(site.server.url, `/activities/${maze}-12.1.xo`);
    const bundles = `${site.repository}.site/bundles`;
    const kept = readdirSync(bundles);
    assert.notEqual(kept.length, 0);
    const old = `${bundles}/old.zip`;
    writeFileSync(old, '');
    truncateSync(old, 200e6);
    utimesSync(old, 1e9, 1e9);
    await done(['site', 'set', '--repo', site.repository, '--budget', '100MB']);
    await done(['site', 'gc', '--repo', site.repository]);
    assert.deepEqual(readdirSync(bundles), kept);
  });

  test('that follows a stream brings what its devices get, and says what it costs', async () => {
    const mirror = await story.site('mirror');
    const follow = (...streams: string[]) =>
      done([
        ...['site', 'set', '--repo', mirror.repository],
        ...streams.flatMap((stream) => ['--follow', stream]),
      ]);
    type Plan = { readonly items: readonly { build: string; bytes: number }[]; complete: readonly string[] };
    const plan = () => done<Plan>(['site', 'plan', '--repo', mirror.repository]);
    const sync = () => done(['site', 'sync', '--repo', mirror.repository]);
    await sync();
    assert.deepEqual((await plan()).items, []);
    await follow('stable');
    const stable = [`activities/default/${maze}-12.1`, `activities/primary/${maze}-12`];
    await sync();
    const after = await plan();
    assert.deepEqual(
      [after.items, after.complete.filter((name) => name.startsWith('activities/'))],
      [[], stable],
    );
    assert.deepEqual(
      await get(mirror.server.url, `/activities/${maze}-12.1.xo`).then(({ status }) => status),
      200,
    );
  });
});

/** The files of the module `activities` of a place, once they are these. */
async function module(place: StoryPlace, names: readonly string[]): Promise<void> {
  const directory = `${place.repository}.rsync`;
  const folder = `${directory}/pub/activities`;
  const there = () => (existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith('.')) : []);
  const isOffered = () => readFileSync(`${directory}/rsyncd.conf`, 'utf8').includes('[activities]');
  await when(() => there().sort().join() === names.join() && isOffered(), place.server.ended);
}

describe('rsync', () => {
  test('has the bundles for everybody, and follows what is published', async () => {
    const place = await servePlace(story.origin.repository, { words: ['--rsync', '127.0.0.1:0'] });
    try {
      await module(place, [`${maze}-12.1.xo`, `${maze}-12.xo`]);
      const into = story.scratch.file('module');
      const { code, stderr } = await rsync('-a', `${place.server.rsync}/activities/`, into);
      assert.equal(code, 0, stderr);
      const { body } = await get(place.server.url, `/activities/${maze}-12.1.xo`);
      assert.deepEqual(readFileSync(`${into}/${maze}-12.1.xo`), body);
      await done(['activity', 'remove', '--repo', story.origin.repository, maze, '12', '--group', 'primary']);
      await module(place, [`${maze}-12.1.xo`]);
    } finally {
      await place.server.stop();
    }
  });
});

describe('what a site was brought and nobody signed', () => {
  test('is on a page of its own and in the rsync module, and nowhere else', async () => {
    const { url } = site.server;
    assert.equal((await get(url, '/activities/local/')).status, 404);
    const folder = `${site.repository}.site/activities`;
    mkdirSync(folder, { recursive: true });
    cpSync(pack('77'), `${folder}/any-name.xo`);
    writeFileSync(`${folder}/bad.xo`, 'no bundle');
    const page = await get(url, '/activities/local/', { 'Accept-Language': 'es' });
    assert.match(page.body.toString(), /<h1 id="olpc-activity-group-name">Actividades de este lugar<\/h1>/);
    for (const read of [readAsOldUpdater, readAsNewUpdater]) {
      const { entries } = read(page.body.toString(), `${url}/activities/local/`);
      assert.deepEqual(entries.get(maze)?.urls, [`${url}/activities/local/${maze}-77.xo`]);
    }
    const file = await get(url, `/activities/local/${maze}-77.xo`);
    assert.deepEqual(
      [file.body, file.headers['content-type']],
      [readFileSync(pack('77')), 'application/vnd.olpc-sugar'],
    );
    const top = (await get(url, '/activities/')).body.toString();
    assert.match(top, /href="local\/"/);
    assert.equal(readAsNewUpdater(top, `${url}/activities/`).entries.get(maze)?.version, '12.1');
    assert.match(site.server.log(), /bad\.xo is not offered to anybody/);
    await when(() => existsSync(`${site.repository}.rsync/pub/activities/${maze}-77.xo`), site.server.ended);
  });
});
