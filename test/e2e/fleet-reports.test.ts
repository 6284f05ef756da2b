/** What devices and sites tell: from the device to the place that it asks, from a site to its origin, and what is refused. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { FleetDevice, FleetSite, LeaseRequest } from '../../src/fleet/fleet.ts';
import { openFleet } from '../../src/fleet/fleet.ts';
import { forwardReports } from '../../src/site/forward.ts';
import { noteSiteState } from '../../src/site/forward-report.ts';
import { siteLayout } from '../../src/site/layout.ts';
import { defaultSiteSettings } from '../../src/site/settings.ts';
import { openUpstream } from '../../src/site/upstream.ts';
import { startFaultServer } from '../doubles/fault-server.ts';
import { done, type RunningServer, refused, serve } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { writeTinyBuilds } from '../doubles/tiny-builds.ts';

type Told = {
  readonly plan?: string;
  readonly requests: number;
  readonly bytesReceived: number;
  readonly reported?: number;
};

const scratch = scratchFolder('fleet-reports');
const repository = scratch.file('repository');
let server: RunningServer;
let trust = '';

async function newDevice(name: string, source: string): Promise<string> {
  const root = scratch.file(name);
  await done(['device', 'init', '--root', root, '--source', source, '--trust', trust]);
  return root;
}

const devices = async () =>
  (await done<{ devices: FleetDevice[] }>(['fleet', 'devices', '--repo', repository])).devices;

/** Sends a body as anybody could. */
async function post(body: string, headers: Readonly<Record<string, string>> = {}) {
  const answer = await fetch(`${server.url}/api/v1/reports`, {
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/json', ...headers },
  });
  return { status: answer.status, ...((await answer.json()) as { code?: string; message?: string }) };
}

before(async () => {
  const { b1, b2 } = writeTinyBuilds(scratch.path);
  ({ rootSha256: trust } = await done<{ rootSha256: string }>(['init', '--repo', repository]));
  await done(['publish', '--repo', repository, '--name', 'b1', b1]);
  await done(['publish', '--repo', repository, '--name', 'b2', b2]);
  server = await serve(repository);
});

after(async () => {
  await server?.stop();
  scratch.remove();
});

describe('a device', () => {
  test('tells what it runs after an update, and nothing more that day', async () => {
    const root = await newDevice('device', server.url);
    const updated = await done<Told>(['update', '--root', root, 'b1']);
    assert.equal(updated.reported, 1);
    const [device] = await devices();
    assert.equal(device?.running, 'b1');
    assert.equal(device?.result?.build, 'b1');
    assert.equal(device?.result?.result, 'done');
    const again = await done<Told>(['update', '--root', root, 'b1']);
    assert.equal(again.plan, 'none');
    assert.equal(again.reported, undefined);
    assert.ok(again.requests <= 3 && again.bytesReceived <= 5000, JSON.stringify(again));
    await done(['update', '--root', root]);
    const back = await done<Told & { to: string }>(['rollback', '--root', root]);
    assert.deepEqual([back.to, back.reported], ['b1', 1]);
    const [after] = await devices();
    assert.deepEqual([after?.running, after?.result?.build, after?.result?.from], ['b1', 'b1', 'b2']);
  });

  test('asks for a lease when somebody wants it to', async () => {
    const root = await newDevice('asking', server.url);
    await done(['report', '--root', root, '--request-lease']);
    const { requests } = await done<{ requests: LeaseRequest[] }>([
      'fleet',
      'requests',
      '--repo',
      repository,
    ]);
    assert.equal(requests.length, 1);
  });

  test('goes on where nobody takes reports, and tells them all when somebody does', async () => {
    const plain = await startFaultServer(repository);
    try {
      const root = await newDevice('offline', plain.url);
      const updated = await done<Told>(['update', '--root', root, 'b1']);
      assert.equal(updated.reported, undefined);
      const asked = () => plain.requests.filter(({ method }) => method === 'POST').length;
      assert.equal(asked(), 1);
      await done(['update', '--root', root]);
      assert.equal(asked(), 1);
      const { code } = await refused(['report', '--root', root]);
      assert.equal(code, 'reports-not-taken');
      const { sent } = await done<{ sent: number }>(['report', '--root', root, '--source', server.url]);
      assert.equal(sent, 4);
    } finally {
      await plain.close();
    }
  });

  test('is silent when its operator wants that', async () => {
    const root = await newDevice('silent', server.url);
    await done(['device', 'set', '--root', root, '--reports', 'off']);
    const { reported } = await done<Told>(['update', '--root', root, 'b1']);
    assert.equal(reported, undefined);
    assert.equal((await refused(['report', '--root', root])).code, 'reports-switched-off');
  });
});

describe('a site', () => {
  test('joins by a token, once, and passes on what it was told', async () => {
    const { token, id } = await done<{ token: string; id: string }>([
      'site',
      'token',
      'create',
      '--repo',
      repository,
    ]);
    const site = { id: randomBytes(8).toString('hex'), name: 'school' };
    const join = (given: string, who: object) =>
      fetch(`${server.url}/api/v1/sites`, {
        method: 'POST',
        body: JSON.stringify({ token: given, site: who }),
        headers: { 'Content-Type': 'application/json', 'Accept-Language': 'es' },
      });
    const { credential } = (await (await join(token, site)).json()) as { credential: string };
    const other = await join(token, { id: randomBytes(8).toString('hex'), name: 'other' });
    assert.equal(other.status, 403);
    assert.match(((await other.json()) as { message: string }).message, /^Este código de sitio ya fue usado/);

    const clock = () => Date.now();
    const fleet = await openFleet(scratch.file('site'), { clock });
    const settings = { ...defaultSiteSettings, ...site, upstream: server.url, credential };
    const layout = { ...siteLayout(scratch.file('site')), repository };
    const upstream = await openUpstream(layout, settings, { clock });
    const forwarding = { layout, settings: () => settings, upstream, fleet, clock };
    const signal = new AbortController().signal;
    try {
      const root = await newDevice('below', server.url);
      await done(['device', 'set', '--root', root, '--source', server.url]);
      await noteSiteState({ layout, settings, fleet, clock, held: [{ name: 'b2', held: 5, total: 5 }] });
      assert.deepEqual(await forwardReports(forwarding, signal), { forwarded: 1, refused: 0 });
      const { sites } = await done<{ sites: FleetSite[] }>(['fleet', 'sites', '--repo', repository]);
      assert.deepEqual(
        sites.map(({ id, name, builds }) => ({ id, name, builds })),
        [{ ...site, builds: [{ build: 'b2', complete: true }] }],
      );
      await done(['site', 'token', 'revoke', '--repo', repository, id]);
      await noteSiteState({ layout, settings, fleet, clock, held: [] });
      assert.equal((await forwardReports(forwarding, signal)).stopped, 'not-known');
      assert.equal((await fleet.summary()).waiting, 1);
    } finally {
      await upstream.close();
      await fleet.close();
    }
  });

  test('makes no tokens', async () => {
    const { code } = await refused(['site', 'token', 'create', '--repo', scratch.file('nowhere')]);
    assert.equal(code, 'repository-absent');
  });
});

describe('nonsense', () => {
  test('gets one sentence and changes nothing', async () => {
    const before = await devices();
    for (const body of [
      '',
      '{',
      '[]',
      '7',
      '{"satchel":"reports"}',
      '{"satchel":"reports","format":1,"reports":[7]}',
    ])
      assert.equal((await post(body)).status, 400, body);
    const spanish = await post('{}', { 'Accept-Language': 'es' });
    assert.match(spanish.message ?? '', /no es un informe que Satchel entienda/);
    assert.equal((await post('x'.repeat(1_000_000))).status, 413);
    assert.equal((await post('{}', { Authorization: 'Bearer nobody' })).status, 403);
    assert.deepEqual(await devices(), before);
  });
});
