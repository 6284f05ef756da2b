import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { dropSet } from '../../test/doubles/dropped-sets.ts';
import { startFaultServer } from '../../test/doubles/fault-server.ts';
import { startBadLine, startRsyncDaemon } from '../../test/doubles/rsync-daemon.ts';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { writeTinyBuilds } from '../../test/doubles/tiny-builds.ts';
import { when } from '../../test/doubles/when.ts';
import { buildName } from '../base/identifiers.ts';
import { emptyTaker } from './upstream.testkit.ts';
import { type Upstream, upstreamOf } from './upstream.ts';
import { checkUpstream } from './upstream-template.ts';

const scratch = scratchFolder('upstream');
const { b1, b2 } = writeTinyBuilds(scratch.path);
after(() => scratch.remove());
const name = buildName;

/** A directory that holds `builds/NAME/` with the four files of builds. */
function web(label: string): string {
  const path = scratch.file(label);
  dropSet(join(path, 'builds', 'b1'), { prefix: 'xyz', name: 'b1', archive: b1 });
  dropSet(join(path, 'builds', 'b2'), { prefix: 'b2', archive: b2 });
  return path;
}

/** The list of builds, once it has come. */
async function listedBy(
  { names }: Upstream,
  isIt: (names: readonly string[]) => boolean = (found) => found.length > 0,
): Promise<readonly string[]> {
  await when(() => isIt(names()));
  return names();
}

const page = (...names: readonly string[]) =>
  ({ kind: 'replace', text: names.map((link) => `<a href="${link}">${link}</a>`).join('\n') }) as const;
const lists = [
  { path: '/builds/', fault: page('b1/', 'b2/', 'not%20a%20build/', 'readme') },
  { path: '/builds/b1/', fault: page('xyz.name', 'xyz.contents', 'xyz-tree.tar', 'xyz-tree.tar.md5') },
];

test('a build is fetched once however many ask, checked, published, and nothing of it stays', async () => {
  const server = await startFaultServer(web('once'), lists);
  const taker = await emptyTaker(scratch);
  const upstream = upstreamOf(() => `${server.url}builds/{name}/`, taker);
  try {
    const asking = Array.from({ length: 30 }, () => upstream.fetch(name('b1')));
    await Promise.all(asking);
    assert.deepEqual(await taker.builds(), ['b1']);
    assert.equal(await taker.head('stable'), '', 'no stream leads to it');
    assert.deepEqual(
      taker.notices.map(({ code }) => code),
      ['upstream-fetched'],
    );
    assert.equal(
      server.requests.filter(({ path, method }) => path.endsWith('.tar') && method === 'GET').length,
      1,
    );
    assert.deepEqual(taker.leftovers(), []);
  } finally {
    await upstream.close();
    await server.close();
  }
});

test('a server that shows no list is asked for each name that the files may have', async () => {
  const server = await startFaultServer(web('unlisted'));
  const taker = await emptyTaker(scratch);
  const upstream = upstreamOf(() => `${server.url}builds/{name}/`, taker);
  try {
    await upstream.fetch(name('b2'));
    assert.deepEqual(await taker.builds(), ['b2']);
    // Its files are not named after it, and nothing lists them.
    await assert.rejects(upstream.fetch(name('b1')), { code: 'build-not-found' });
    assert.deepEqual(await listedBy(upstream, () => true), []);
  } finally {
    await upstream.close();
    await server.close();
  }
});

test('that a build is not there is remembered for a minute, and a server that is down for some seconds', async () => {
  const server = await startFaultServer(web('absent'), lists);
  const taker = await emptyTaker(scratch);
  const upstream = upstreamOf(() => `${server.url}builds/{name}/`, taker);
  const requestsOf = async (build: string, code: string) => {
    const before = server.requests.length;
    await assert.rejects(upstream.fetch(name(build)), { code });
    return server.requests.length - before;
  };
  try {
    assert.ok((await requestsOf('b9', 'build-not-found')) > 0);
    assert.equal(await requestsOf('b9', 'build-not-found'), 0);
    taker.later(61_000);
    assert.ok((await requestsOf('b9', 'build-not-found')) > 0);

    server.setRules([...lists, { path: '/builds/b1/xyz.contents', fault: { kind: 'status', status: 403 } }]);
    await requestsOf('b1', 'store-refused');
    server.setRules(lists);
    assert.equal(await requestsOf('b1', 'store-refused'), 0);
    taker.later(601_000);
    await upstream.fetch(name('b1'));
  } finally {
    await upstream.close();
    await server.close();
  }
});

test('an archive with the wrong MD5 is never published', async () => {
  const server = await startFaultServer(web('wrong'), [
    ...lists,
    { path: '/builds/b1/xyz-tree.tar', fault: { kind: 'flip', offset: 1000 } },
  ]);
  const taker = await emptyTaker(scratch);
  const upstream = upstreamOf(() => `${server.url}builds/{name}/`, taker);
  try {
    await assert.rejects(upstream.fetch(name('b1')), { code: 'upstream-md5-wrong' });
    assert.deepEqual(await taker.builds(), []);
  } finally {
    await upstream.close();
    await server.close();
  }
});

test('one who waits may leave, closing stops in the middle, and the next start goes on from there', async () => {
  const mothership = scratch.file('mothership');
  dropSet(mothership, { prefix: 'b1', archive: b1 });
  const daemon = await startRsyncDaemon({ os: mothership });
  const line = await startBadLine(daemon.port);
  const taker = await emptyTaker(scratch);
  const template = `rsync://127.0.0.1:${line.port}/os/{name}`;
  try {
    const first = upstreamOf(() => template, { ...taker, patience: 60_000 });
    line.setLimit(400_000, 'hang');
    const leaving = new AbortController();
    const left = assert.rejects(first.fetch(name('b1'), { signal: leaving.signal }), { code: 'cancelled' });
    const stayed = assert.rejects(first.fetch(name('b1')), { code: 'cancelled' });
    const part = join(taker.layout.incoming, 'b1', 'b1-tree.tar');
    await when(() => (statSync(part, { throwIfNoEntry: false })?.size ?? 0) > 200_000);
    leaving.abort();
    await left;
    const now = new Promise((resolve) => setImmediate(resolve, 'goes on'));
    assert.equal(await Promise.race([stayed.then(() => 'ended'), now]), 'goes on');
    await first.close();
    await stayed;
    assert.ok(statSync(part).size > 200_000, 'what came stays');

    line.setLimit(Number.POSITIVE_INFINITY, 'close');
    daemon.sent();
    const second = upstreamOf(() => template, taker);
    await second.fetch(name('b1'));
    await second.close();
    assert.deepEqual(await taker.builds(), ['b1']);
    const sent = daemon.sent().find(({ file }) => file.endsWith('.tar'));
    assert.ok((sent?.bytes ?? Number.POSITIVE_INFINITY) < 1_000_000, `the rest travelled: ${sent?.bytes}`);
    assert.deepEqual(taker.leftovers(), []);
  } finally {
    await line.close();
    await daemon.close();
  }
});

test('a drop directory is an upstream too, whatever its files are called', async () => {
  const mothership = scratch.file('drop');
  dropSet(mothership, { prefix: 'xyz_jffs2', name: 'joyride-2230', archive: b1 });
  const daemon = await startRsyncDaemon({ os: mothership });
  const taker = await emptyTaker(scratch);
  const upstream = upstreamOf(() => daemon.url('os'), taker);
  try {
    assert.deepEqual(await listedBy(upstream), ['joyride-2230']);
    await assert.rejects(upstream.fetch(name('xyz_jffs2')), { code: 'build-not-found' });
    await upstream.fetch(name('joyride-2230'));
    assert.deepEqual(await taker.builds(), ['joyride-2230']);
  } finally {
    await upstream.close();
    await daemon.close();
  }
});

test('the builds that could be fetched are listed for each form of address, and the list is kept for a while', async () => {
  const mothership = scratch.file('listed');
  dropSet(mothership, { prefix: 'os-b1', name: 'b1', archive: b1 });
  dropSet(mothership, { prefix: 'other', archive: b1 });
  const daemon = await startRsyncDaemon({ os: mothership });
  const server = await startFaultServer(mothership, lists);
  try {
    const namesOf = async (template: string) => {
      const upstream = upstreamOf(() => template, await emptyTaker(scratch));
      const names = await listedBy(upstream);
      await upstream.close();
      return names;
    };
    assert.deepEqual(await namesOf(`${server.url}builds/{name}/`), ['b1', 'b2']);
    assert.deepEqual(await namesOf(`${daemon.url('os')}os-{name}`), ['b1']);
    // The files of os-b1 are those of the build b1: they cannot be found by their name.
    assert.deepEqual(await namesOf(`${daemon.url('os')}{name}`), ['other']);

    const taker = await emptyTaker(scratch);
    let template = daemon.url('os');
    const upstream = upstreamOf(() => template, taker);
    assert.deepEqual(await listedBy(upstream), ['b1', 'other']);
    rmSync(join(mothership, 'other.name'));
    daemon.sent();
    assert.deepEqual(upstream.names(), ['b1', 'other']);
    assert.deepEqual(daemon.sent(), [], 'the server is not asked again');
    taker.later(601_000);
    assert.deepEqual(await listedBy(upstream, (names) => names.length === 1), ['b1']);
    template = daemon.url('nowhere');
    assert.deepEqual(upstream.names(), [], 'another address has another list');
    await upstream.close();
  } finally {
    await server.close();
    await daemon.close();
  }
});

test('without the setting nothing is found, and the setting counts as soon as it is there', async () => {
  const server = await startFaultServer(web('setting'), lists);
  const taker = await emptyTaker(scratch);
  let template: string | undefined;
  const upstream = upstreamOf(() => template, taker);
  try {
    await assert.rejects(upstream.fetch(name('b1')), { code: 'build-not-found' });
    template = `${server.url}builds/{name}/`;
    await upstream.fetch(name('b1'));
  } finally {
    await upstream.close();
    await server.close();
  }
});

test('parts that nobody went on with for a week are deleted', async () => {
  const taker = await emptyTaker(scratch);
  mkdirSync(join(taker.layout.incoming, 'old'), { recursive: true });
  renameSync(
    dropSet(scratch.file('part'), { prefix: 'p', archive: b1 }).archive,
    join(taker.layout.incoming, 'old', 'p'),
  );
  // The clock of the test is behind that of the files.
  taker.later(Date.now() - taker.clock() + 6 * 86_400_000);
  await upstreamOf(() => undefined, taker).close();
  assert.deepEqual(readdirSync(taker.layout.incoming), ['old']);
  taker.later(2 * 86_400_000);
  await upstreamOf(() => undefined, taker).close();
  assert.deepEqual(readdirSync(taker.layout.incoming), []);
});

test('an upstream is checked before it is set', () => {
  for (const good of [
    'http://host/builds/{name}/',
    'https://user:secret@host:8080/{name}/{name}',
    'rsync://host/os/{name}',
    'rsync://host/os',
    '/srv/builds/{name}/',
  ])
    checkUpstream(good);
  for (const bad of [
    '',
    'ftp://host/{name}',
    'http://host/{build}/',
    'http://host/?b={name}',
    'rsync://{name}/os/',
    'relative/{name}',
  ])
    assert.throws(() => checkUpstream(bad), { code: 'upstream-address-not-usable' }, bad);
});
