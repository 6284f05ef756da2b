import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { streamName } from '../base/identifiers.ts';
import { silentReporter } from '../base/progress.ts';
import { deviceReport } from '../fleet/reports.testkit.ts';
import { openDirectoryStore } from '../store/directory.ts';
import { rotateKey } from '../trust/key-change.ts';
import { bytesIn, makeRepository, type TestRepository } from '../trust/test-repository.ts';
import { type JoinOptions, joinSite } from './join.ts';
import { changeSiteSettings } from './join-settings.ts';
import { readSiteStatus } from './join-status.ts';
import { isSite, siteLayout } from './layout.ts';
import { openLinkFile } from './link-file.ts';
import { defaultSiteSettings, readSiteSettings, writeSiteSettings } from './settings.ts';
import { openSite } from './site.ts';

const scratch = scratchFolder('join');
after(() => scratch.remove());
let number = 0;

type Origin = { readonly repository: TestRepository; readonly directory: string; lay(): Promise<void> };

/** A repository that lies in a directory. */
async function origin(): Promise<Origin> {
  number += 1;
  const repository = await makeRepository();
  const directory = scratch.file(`origin-${number}`);
  const lay = async () => {
    const copy = openDirectoryStore(directory);
    for await (const { name } of repository.store.list('')) {
      const bytes = await bytesIn(repository.store, name);
      if ((await copy.put(name, bytes)) === 'present')
        await copy.compareAndSwap(name, await bytesIn(copy, name), bytes);
    }
  };
  await lay();
  return { repository, directory, lay };
}

function newSite(): string {
  number += 1;
  return scratch.file(`site-${number}`);
}

function joining({ repository, directory }: Origin, options: Partial<JoinOptions> = {}) {
  const clock = () => repository.clock.now;
  return joinSite({ repository: newSite(), upstream: directory, anchor: {}, clock, ...options });
}

type Answer = { readonly status: number; readonly body: unknown };

/** A place that hands out a repository and answers the API as a test says. */
async function place(
  context: TestContext,
  { directory }: Origin,
  answers: Readonly<Record<string, Answer | ((body: string) => Answer)>>,
): Promise<string> {
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await Array.fromAsync(request)).toString('utf8');
    const answer = answers[`${request.method} ${request.url}`];
    if (answer !== undefined) {
      const { status, body: said } = typeof answer === 'function' ? answer(body) : answer;
      response.writeHead(status).end(JSON.stringify(said));
      return;
    }
    const file = join(directory, request.url ?? '');
    if (existsSync(file)) response.end(readFileSync(file));
    else response.writeHead(404).end();
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  context.after(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const originPlace = (chain: readonly string[] = ['00000000000000aa']) => ({
  status: 200,
  body: { satchel: 'place', format: 1, kind: 'origin', id: chain[0], name: 'ministry', chain },
});

test('a directory becomes a site below a directory, privately', async () => {
  const source = await origin();
  const repository = newSite();
  const root = readFileSync(join(source.directory, 'metadata/1.root.json'));
  const joined = await joining(source, {
    repository,
    name: 'kasiisi',
    anchor: { sha256: hash('sha256', root) },
  });
  assert.equal(joined.place, undefined);
  const { settings } = joined;
  assert.match(settings.id, /^[0-9a-f]{16}$/);
  assert.deepEqual(settings, {
    ...defaultSiteSettings,
    ...{ id: settings.id, name: 'kasiisi', upstream: source.directory },
  });
  const layout = siteLayout(repository);
  assert.deepEqual(readSiteSettings(layout), settings);
  assert.deepEqual(
    [statSync(layout.directory).mode & 0o777, statSync(layout.settings).mode & 0o777],
    [0o700, 0o600],
  );
  assert.ok(existsSync(join(repository, 'metadata/timestamp.json')));
  const status = await readSiteStatus(repository, () => source.repository.clock.now);
  assert.deepEqual([status.reports, status.month, status.link.failures], [false, undefined, 0]);
  assert.ok(status.metadata.issued);
  assert.ok(status.disk.free > 0 && status.disk.total >= status.disk.free);
});

test('a token is exchanged for a credential that nobody else may read', async (context) => {
  const source = await origin();
  const asked: unknown[] = [];
  const upstream = await place(context, source, {
    'GET /api/v1/place': originPlace(),
    'POST /api/v1/sites': (body) => {
      asked.push(JSON.parse(body));
      return { status: 200, body: { credential: 'c-1' } };
    },
  });
  const repository = newSite();
  const { settings, place: above } = await joining(source, {
    ...{ repository, upstream, token: 't-1', name: 'one' },
  });
  assert.deepEqual(asked, [{ token: 't-1', site: { id: settings.id, name: 'one' } }]);
  assert.equal(above?.kind, 'origin');
  assert.equal(readSiteSettings(siteLayout(repository)).credential, 'c-1');
  const status = await readSiteStatus(repository, () => source.repository.clock.now);
  assert.equal(status.reports, true);
  assert.ok(!JSON.stringify(status).includes('c-1'));
  assert.ok((status.month?.bytes ?? 0) > 0);
});

test('a token that is refused leaves no trace, and its sentence is the origin’s', async (context) => {
  const source = await origin();
  const refusals: [string, Answer, string, Record<string, unknown>][] = [
    [
      'used',
      {
        status: 403,
        body: {
          code: 'site-token-used',
          message:
            'This site token was used already, by the site "Nkozi (west)". A token is good for one site.',
        },
      },
      'site-token-used',
      { site: 'Nkozi (west)' },
    ],
    ['gone', { status: 403, body: { code: 'site-token-revoked', message: '…' } }, 'site-token-revoked', {}],
    ['odd', { status: 400, body: { code: 'disk-full', message: 'no' } }, 'site-upstream-refused', {}],
    ['none', { status: 404, body: 'x' }, 'site-upstream-without-api', {}],
  ];
  for (const [name, answer, code, parameters] of refusals) {
    const upstream = await place(context, source, {
      'GET /api/v1/place': originPlace(),
      'POST /api/v1/sites': answer,
    });
    const repository = newSite();
    const attempt = joining(source, { repository, upstream, token: 't' });
    await assert.rejects(attempt, (error) => {
      assert.ok(isSatchelError(error));
      assert.equal(error.code, code, name);
      for (const [key, value] of Object.entries(parameters)) assert.equal(error.parameters[key], value);
      return true;
    });
    const left = siteLayout(repository);
    assert.deepEqual([existsSync(left.directory), existsSync(repository)], [false, false], name);
  }
});

test('whoever has not heard the answer to a token comes again as the same site', async (context) => {
  const source = await origin();
  const ids: string[] = [];
  const upstream = await place(context, source, {
    'GET /api/v1/place': originPlace(),
    'POST /api/v1/sites': (body) => {
      ids.push(JSON.parse(body).site.id);
      return ids.length === 1 ? { status: 503, body: 'cut' } : { status: 200, body: { credential: 'c' } };
    },
  });
  const repository = newSite();
  const again = () => joining(source, { repository, upstream, token: 't' });
  await assert.rejects(again(), { code: 'store-unreachable' });
  assert.equal(isSite(repository), false);
  const { settings } = await again();
  assert.deepEqual(ids, [settings.id, settings.id]);
  assert.ok(!existsSync(join(siteLayout(repository).directory, 'joining')));
});

test('a plain web server needs no token, and takes none', async (context) => {
  const source = await origin();
  const upstream = await place(context, source, {});
  await assert.rejects(joining(source, { upstream, token: 't' }), { code: 'site-upstream-without-api' });
  assert.equal((await joining(source, { upstream })).place, undefined);
  const talkative = await place(context, source, { 'GET /api/v1/place': { status: 200, body: 'hello' } });
  assert.equal((await joining(source, { upstream: talkative })).place, undefined);
});

test('whom to trust is settled before anything else', async () => {
  const source = await origin();
  const other = await origin();
  const repository = newSite();
  const wrong = hash('sha256', readFileSync(join(other.directory, 'metadata/1.root.json')));
  await assert.rejects(joining(source, { repository, anchor: { sha256: wrong } }), {
    code: 'root-not-found',
  });
  assert.ok(!existsSync(siteLayout(repository).directory));
  await joining(source, { repository });
  await assert.rejects(joining(other, { repository }), { code: 'trust-already-pinned' });
  assert.equal(readSiteSettings(siteLayout(repository)).upstream, source.directory);
});

test('a site that joins again keeps its id and what was settled', async () => {
  const source = await origin();
  const repository = newSite();
  const first = await joining(source, { repository, name: 'one' });
  const layout = siteLayout(repository);
  writeSiteSettings(layout, { ...first.settings, hours: '22:00-06:00', monthlyBytes: 5 });
  await rotateKey(source.repository.context, { role: 'root' });
  await source.lay();
  await joining(source, { repository });
  const again = await joining(source, { repository, name: 'two' });
  assert.deepEqual(again.settings, { ...first.settings, name: 'two', hours: '22:00-06:00', monthlyBytes: 5 });
});

test('a site under itself, alone or by way of others, is refused', async (context) => {
  const source = await origin();
  const repository = newSite();
  const { settings } = await joining(source, { repository });
  await assert.rejects(joining(source, { repository, upstream: repository }), {
    code: 'site-upstream-is-itself',
  });
  const upstream = await place(context, source, {
    'GET /api/v1/place': originPlace(['00000000000000bb', settings.id, '00000000000000aa']),
  });
  await assert.rejects(joining(source, { repository, upstream }), { code: 'site-loop' });
  const clock = () => source.repository.clock.now;
  const change = changeSiteSettings({ repository, change: { upstream }, clock });
  await assert.rejects(change, { code: 'site-loop' });
  assert.equal(readSiteSettings(siteLayout(repository)).upstream, source.directory);
});

test('what belongs to others does not become a site', async () => {
  const source = await origin();
  mkdirSync(`${source.directory}.keys`);
  await assert.rejects(joining(source, { repository: source.directory, upstream: newSite() }), {
    code: 'site-join-origin',
  });
  const full = newSite();
  mkdirSync(full);
  writeFileSync(join(full, 'thesis.txt'), 'do not touch');
  await assert.rejects(joining(source, { repository: full }), { code: 'site-join-not-empty' });
  assert.deepEqual(readdirSync(full), ['thesis.txt']);
  const file = newSite();
  writeFileSync(file, '');
  await assert.rejects(joining(source, { repository: file }), { code: 'repository-not-directory' });
  await assert.rejects(joining(source, { name: 'a b' }), { code: 'site-name-not-allowed' });
});

test('settings change one by one, and what is wrong changes nothing', async () => {
  const source = await origin();
  const repository = newSite();
  await joining(source, { repository });
  const clock = () => source.repository.clock.now;
  const change = (changes: Parameters<typeof changeSiteSettings>[0]['change']) =>
    changeSiteSettings({ repository, change: changes, clock });
  await change({ hours: '22:00-06:00', bytesPerSecond: 1000, monthlyBytes: 10 ** 9, budget: 10 ** 9 });
  const { settings } = await change({ days: 'mon-fri', monthlyBytes: null, fresh: 60 });
  assert.equal(settings.hours, '22:00-06:00');
  assert.deepEqual(
    [settings.days, settings.bytesPerSecond, settings.monthlyBytes],
    ['mon-fri', 1000, undefined],
  );
  await assert.rejects(change({ hours: 'at night' }), { code: 'site-hours-not-understood' });
  await assert.rejects(change({ days: 'someday' }), { code: 'site-days-not-understood' });
  await assert.rejects(change({ fresh: 10 ** 9 }), { code: 'site-fresh-too-long' });
  await assert.rejects(change({ name: '../x' }), { code: 'site-name-not-allowed' });
  const away = await change({ upstream: 'http://127.0.0.1:9/' });
  assert.deepEqual([away.isUnchecked, away.reason?.code], [true, 'store-unreachable']);
  assert.deepEqual(readSiteSettings(siteLayout(repository)), away.settings);
  await assert.rejects(change({ upstream: 'http://127.0.0.1:9/', token: 't' }), {
    code: 'store-unreachable',
  });
});

test('limits that leave no room are slips, and a month that is spent is said to be the reason', async (context) => {
  const source = await origin();
  const repository = newSite();
  const upstream = await place(context, source, { 'GET /api/v1/place': originPlace() });
  await joining(source, { repository, upstream });
  const clock = () => source.repository.clock.now;
  const change = (changes: Parameters<typeof changeSiteSettings>[0]['change']) =>
    changeSiteSettings({ repository, change: changes, clock });
  await assert.rejects(change({ budget: 0 }), { code: 'site-budget-too-small' });
  await assert.rejects(change({ reserve: 2 ** 60 }), { code: 'site-reserve-too-large' });
  await change({ reserve: 0 });
  assert.equal((await change({ upstream, monthlyBytes: 10 })).reason?.code, 'site-month-spent');
  assert.equal((await change({ upstream, monthlyBytes: null })).isUnchecked, false);
});

test('only streams that there are can be followed, once it is known which there are', async () => {
  const source = await origin();
  const repository = newSite();
  const { settings } = await joining(source, { repository });
  const clock = () => source.repository.clock.now;
  const follow = (...names: string[]) =>
    changeSiteSettings({ repository, change: { follow: names.map(streamName) }, clock });
  await assert.rejects(follow('stable', 'stabel'), (error) => {
    assert.ok(isSatchelError(error, 'site-stream-unknown'));
    assert.deepEqual(error.parameters, { name: 'stabel', streams: 'stable' });
    return true;
  });
  assert.deepEqual(readSiteSettings(siteLayout(repository)), settings);
  assert.deepEqual((await follow('stable')).settings.follow, ['stable']);
  assert.deepEqual((await follow()).settings.follow, []);
  // As before the first metadata came.
  rmSync(join(siteLayout(repository).trust), { recursive: true });
  assert.deepEqual((await follow('stabel')).settings.follow, ['stabel']);
});

test('the status names what is followed and is not there, and who asks nobody', async () => {
  const source = await origin();
  const repository = newSite();
  const { settings } = await joining(source, { repository });
  const layout = siteLayout(repository);
  const clock = () => source.repository.clock.now;
  writeSiteSettings(layout, { ...settings, follow: [streamName('nosuch')] });
  const before = await readSiteStatus(repository, clock);
  assert.deepEqual(before.unknownStreams, ['nosuch']);
  assert.deepEqual([before.waiting, before.offline, existsSync(`${repository}.fleet`)], [0, false, false]);
  const open = (offline: boolean) =>
    openSite({ repository, clock, offline, reporter: silentReporter, onFailure: assert.ifError });
  const site = await open(true);
  await site.fleet.storeReports([deviceReport()]);
  const served = await readSiteStatus(repository, clock);
  assert.deepEqual([served.waiting, served.offline], [1, true]);
  await site.close();
  assert.equal((await readSiteStatus(repository, clock)).offline, false);
});

test('a new token ends what was said about the old one', async (context) => {
  const source = await origin();
  const upstream = await place(context, source, {
    'GET /api/v1/place': originPlace(),
    'POST /api/v1/sites': { status: 200, body: { credential: 'c' } },
  });
  const repository = newSite();
  await joining(source, { repository, upstream, token: 't' });
  const clock = () => source.repository.clock.now;
  const link = openLinkFile(siteLayout(repository), clock);
  const refuse = () => link.reported(new SatchelError('site-reports-revoked', { upstream }));
  refuse();
  await changeSiteSettings({ repository, change: { token: 't2' }, clock });
  assert.equal(link.state().reports, undefined);
  refuse();
  await joining(source, { repository, upstream, token: 't3' });
  assert.equal(link.state().reports, undefined);
});

test('damaged and newer settings are told of, whatever is in them', async () => {
  const source = await origin();
  const repository = newSite();
  const { settings } = await joining(source, { repository });
  const layout = siteLayout(repository);
  const write = (record: unknown) => {
    writeFileSync(layout.settings, typeof record === 'string' ? record : JSON.stringify(record));
    chmodSync(layout.settings, 0o600);
  };
  const record = { satchel: 'site-settings', format: 1, ...settings };
  const damaged = [
    '',
    '[]',
    '{',
    { ...record, id: 'x' },
    { ...record, follow: ['../x'] },
    { ...record, name: 7 },
  ];
  for (const one of [...damaged, { ...record, budget: -1 }, { ...record, credential: 'a\nb' }]) {
    write(one);
    assert.throws(() => readSiteSettings(layout), { code: 'site-settings-damaged' }, JSON.stringify(one));
  }
  write({ ...record, format: 2 });
  assert.throws(() => readSiteSettings(layout), { code: 'site-settings-newer' });
  assert.equal(isSite(repository), true);
  assert.throws(() => readSiteSettings(siteLayout(newSite())), { code: 'site-not-joined' });
});
