/** A site between an origin and its devices: joined, served, cut off, moved, and with a site of its own. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../src/base/clock.ts';
import { silentReporter } from '../../src/base/progress.ts';
import { forwardReports } from '../../src/site/forward.ts';
import { openSite } from '../../src/site/site.ts';
import { exchange } from '../doubles/http-exchange.ts';
import { assertSameTree } from '../doubles/same-tree.ts';
import { done, pristine, refused, satchel } from '../doubles/satchel-program.ts';
import { writeTinyBuilds } from '../doubles/tiny-builds.ts';
import { requestsOf, type SiteStory, type StoryPlace, servePlace, siteStory } from './site.testkit.ts';

type Updated = {
  readonly build: string;
  readonly plan: string;
  readonly requests: number;
  readonly bytesReceived: number;
};
type Status = {
  readonly site: { readonly name: string; readonly link: { readonly down: boolean } };
  readonly fleet: {
    readonly devices: readonly { readonly running: string | null; readonly state: string }[];
  };
};

let story: SiteStory;
let builds: { readonly b1: string; readonly b2: string };
let school: StoryPlace;
let direct = '';

const update = (root: string, ...words: string[]) => done<Updated>(['update', '--root', root, ...words]);
const statusOf = async ({ server }: StoryPlace): Promise<Status> =>
  JSON.parse((await exchange(server.url, '/status.json')).body.toString()) as Status;

/** Resolves when a site has the news of the origin; after a failure it does not make those wait who ask. */
async function caughtUp({ server }: StoryPlace): Promise<void> {
  const newest = async (url: string) => (await exchange(url, '/metadata/timestamp.json')).body.toString();
  const expected = await newest(story.origin.server.url);
  for (let tries = 0; (await newest(server.url)) !== expected; tries += 1) {
    if (tries > 1000) throw new Error('the site never caught up');
    await pause(20);
  }
}

before(async () => {
  story = await siteStory('site-story');
  builds = writeTinyBuilds(story.scratch.path);
  await story.publish('b1', builds.b1);
  school = await story.site('school');
  direct = await story.device('direct', story.origin.server.url);
});
after(() => story.end());

describe('a site', () => {
  test('updates devices exactly as the origin does, and asks it for each file once', async () => {
    const fromOrigin = await update(direct);
    for (const name of ['first', 'second']) {
      const root = await story.device(name, school.server.url);
      const { build, plan, requests } = await update(root);
      assert.deepEqual([build, plan, requests], [fromOrigin.build, fromOrigin.plan, fromOrigin.requests]);
      assertSameTree(pristine(root, 'b1'), pristine(direct, 'b1'));
    }
    const { site, fleet } = await statusOf(school);
    assert.equal(site.name, 'school');
    assert.deepEqual(
      fleet.devices.map(({ running, state }) => [running, state]),
      [
        ['b1', 'current'],
        ['b1', 'current'],
      ],
    );
  });

  test('has a page for the people in the room, in both languages, without scripts', async () => {
    for (const [language, text] of [
      ['es', 'Equipos al día: 2 de 2.'],
      ['en', 'Devices up to date: 2 of 2.'],
    ] as const) {
      const page = await exchange(school.server.url, `/?lang=${language}`);
      assert.equal(page.status, 200);
      assert.ok(page.body.includes(text), page.body.toString());
      assert.doesNotMatch(page.body.toString(), /<script/);
    }
    const { status } = await exchange(school.server.url, '/healthz');
    assert.equal(status, 200);
  });

  test('answers for what it does not have, without its upstream, with a status and a sentence', async () => {
    const path = `/deltas/${'a'.repeat(64)}.delta`;
    assert.equal((await exchange(school.server.url, path)).status, 404);
    assert.equal((await exchange(school.server.url, '/packs/../site.json')).status, 404);
    const madeUp = `/targets/builds/${'a'.repeat(64)}.made-up.json`;
    assert.equal((await exchange(school.server.url, madeUp)).status, 404);
    assert.equal(existsSync(`${school.repository}.site/used/made-up`), false);
  });

  test('goes on with what is here when the origin is dead, and with the rest when it lives again elsewhere', async () => {
    const { stderr } = await story.origin.server.stop();
    const packs = requestsOf(stderr).filter(
      ({ path, method }) => path.startsWith('/packs/') && method === 'GET',
    );
    // One by the device of its own, one by the site, whatever number of devices it has.
    assert.equal(packs.length, 2);
    const third = await story.device('third', school.server.url);
    const begun = performance.now();
    assert.equal((await update(third)).build, 'b1');
    assert.ok(performance.now() - begun < 20_000);
    assertSameTree(pristine(third, 'b1'), pristine(direct, 'b1'));
    const missing = await exchange(school.server.url, `/contents/${'b'.repeat(64)}`);
    assert.equal(missing.status, 503);
    assert.ok(Number(missing.headers['retry-after']) > 0);

    await story.publish('b2', builds.b2);
    story.origin.server = (await servePlace(story.origin.repository)).server;
    await done(['site', 'set', '--repo', school.repository, '--upstream', story.origin.server.url]);
    await caughtUp(school);
    const root = story.scratch.file('first');
    const { build } = await update(root, 'b2');
    assert.equal(build, 'b2');
    await update(direct, '--source', story.origin.server.url, 'b2');
    assertSameTree(pristine(root, 'b2'), pristine(direct, 'b2'));
  });

  test('survives being killed, and mends a file that was damaged on its disk', async () => {
    await school.server.kill();
    const packs = `${school.repository}/packs`;
    for (const name of readdirSync(packs))
      writeFileSync(`${packs}/${name}`, Buffer.alloc(statSync(`${packs}/${name}`).size, 7));
    school.server = (await servePlace(school.repository)).server;
    rmSync(story.scratch.file('second'), { recursive: true });
    const root = await story.device('second', school.server.url);
    await update(root, 'b1');
    assertSameTree(pristine(root, 'b1'), pristine(direct, 'b1'));
  });

  test('has sites below it, which take files from it and join by a token of the origin', async () => {
    const room = await story.site('room', school);
    const place = JSON.parse((await exchange(room.server.url, '/api/v1/place')).body.toString());
    assert.equal(place.kind, 'site');
    assert.equal(place.chain.length, 3);
    const root = await story.device('deep', room.server.url);
    await update(root, 'b2');
    assertSameTree(pristine(root, 'b2'), pristine(direct, 'b2'));

    const loop = await refused([
      ...['site', 'set', '--repo', school.repository, '--upstream', room.server.url],
    ]);
    assert.equal(loop.code, 'site-loop');
  });

  test('passes the reports of its devices on, and the origin knows which site they came through', async () => {
    await school.server.stop();
    try {
      const site = await openSite({
        ...{ repository: school.repository, clock: systemClock, reporter: silentReporter, offline: false },
        onFailure: (error) => assert.fail(String(error)),
      });
      try {
        const signal = AbortSignal.timeout(20_000);
        // How many are left is a matter of time: the server passed reports on as well while it ran.
        const { refused, stopped } = await forwardReports(site, signal);
        assert.deepEqual([refused, stopped], [0, undefined]);
        assert.deepEqual(await forwardReports(site, signal), { forwarded: 0, refused: 0 });
      } finally {
        await site.close();
      }
    } finally {
      // Whatever went wrong: those that follow need it.
      school.server = (await servePlace(school.repository)).server;
    }
    const { devices } = await done<{ devices: { site: string | null; running: string }[] }>([
      ...['fleet', 'devices', '--repo', story.origin.repository],
    ]);
    const { id } = JSON.parse((await exchange(school.server.url, '/api/v1/place')).body.toString());
    assert.ok(devices.some(({ site: through, running }) => through === id && running === 'b2'));
  });

  test('lacks nothing by having only what was asked for, and what is here is checked', async () => {
    const repo = ['--repo', school.repository];
    const { builds, notHere } = await done<{ builds: { name: string }[]; notHere: string[] }>([
      ...['list', ...repo],
    ]);
    assert.deepEqual([builds.map(({ name }) => name).includes('b2'), notHere], [true, []]);
    // No device has asked for the manifests of old clients, or for all of every pack.
    assert.equal(existsSync(`${school.repository}/contents`), false);
    assert.ok((await done<{ notHere: number }>(['fsck', ...repo])).notHere > 0);
    const indexes = readdirSync(`${school.repository}/indexes`);
    const index = `${school.repository}/indexes/${indexes[0]}`;
    const bytes = readFileSync(index);
    writeFileSync(index, Buffer.alloc(bytes.length, 7));
    const { code, stdout } = await satchel(['fsck', ...repo, '--json']);
    const found = JSON.parse(stdout);
    assert.equal(code, 1);
    assert.deepEqual(
      found.damaged.map((one: { file: string; problem: string }) => [one.file, one.problem]),
      [[`indexes/${indexes[0]}`, 'wrong-bytes']],
    );
    writeFileSync(index, bytes);
    const said = await satchel(['fsck', ...repo]);
    assert.match(said.stdout, /^Files that are not here: \d+\./m);
  });

  test('is opened by one process at a time', async () => {
    // One that is not refused would serve for ever.
    const wrapper = ['timeout', '60'];
    const words = ['serve', '--repo', school.repository, '--listen', '127.0.0.1:0', '--no-advertise'];
    assert.equal((await refused(words, { wrapper })).code, 'site-open-already');
  });
});

describe('sites that take their files from each other', () => {
  test('find it at the first request, though nobody has told them, and answer at once', async () => {
    const places = [await story.site('one'), await story.site('other')] as const;
    for (const [number, place] of places.entries()) {
      const settings = `${place.repository}.site/site.json`;
      const record = JSON.parse(readFileSync(settings, 'utf8'));
      writeFileSync(settings, JSON.stringify({ ...record, upstream: places[1 - number]?.server.url }));
    }
    const begun = performance.now();
    let status = 404;
    // Each takes up what its file says within a second.
    while (status === 404 && performance.now() - begun < 20_000) {
      await pause(50);
      ({ status } = await exchange(places[0].server.url, `/packs/${'c'.repeat(64)}.pack`));
    }
    assert.ok([503, 508].includes(status), String(status));
    assert.ok(performance.now() - begun < 20_000);
  });
});

describe('a token', () => {
  test('lets one site join, and none once it was revoked', async () => {
    const create = ['site', 'token', 'create', '--repo', story.origin.repository];
    const { token, id } = await done<{ token: string; id: string }>(create);
    const join = (name: string, words: string) => [
      ...['site', 'join', story.origin.server.url, '--token', words, '--trust', story.trust],
      ...['--repo', story.scratch.file(name), '--name', name],
    ];
    await done(join('once', token));
    assert.equal((await refused(join('twice', token))).code, 'site-token-used');
    const other = await done<{ token: string; id: string }>(create);
    assert.notEqual(other.id, id);
    await done(['site', 'token', 'revoke', '--repo', story.origin.repository, other.id]);
    assert.equal((await refused(join('late', other.token))).code, 'site-token-revoked');
    assert.equal((await refused(join('wrong', 'nonsense'))).code, 'site-token-unknown');
  });
});
