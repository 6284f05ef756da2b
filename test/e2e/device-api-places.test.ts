/** Devices with keys of their own at an origin, at sites, in a rollout, and over HTTPS. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { exchange } from '../doubles/http-exchange.ts';
import { done, refused, serve } from '../doubles/satchel-program.ts';
import {
  type Advised,
  advice,
  adviceAt,
  enrol,
  keyStory,
  newDevice,
  newToken,
  question,
  signed,
  strangeDevice,
} from './device-api.testkit.ts';
import type { SiteStory } from './site.testkit.ts';

let story: SiteStory;
let token = '';
const file = (name: string) => story.scratch.file(name);
const origin = () => story.origin.server.url;

before(async () => {
  story = await keyStory('device-api-places');
  token = await newToken(story, 1000);
});
after(() => story.end());

describe('a site', () => {
  test('lets devices in by tokens of the origin, knows those of elsewhere, and goes on without the link', async () => {
    const site = await story.site('school');
    const root = await newDevice(story, 'SHC000000CC', site.server.url);
    await enrol(root, await newToken(story));
    assert.equal((await advice(root)).decision?.build, 'b2');
    const elsewhere = await strangeDevice(origin(), token, 'SHC000000DD');
    const told = await adviceAt(site.server.url, elsewhere.privateKey);
    assert.deepEqual(
      told.json.decision,
      (await adviceAt(origin(), elsewhere.privateKey)).json.decision,
      'the same as at the origin',
    );
    const stranger = await adviceAt(site.server.url, generateKeyPairSync('ed25519').privateKey);
    assert.deepEqual([stranger.status, stranger.json.code], [403, 'device-not-enrolled']);
    const wrong = await refused(['device', 'enrol', '--root', root, '--token', 'never-given', '--renew']);
    assert.equal(wrong.code, 'enrol-token-unknown');

    await story.origin.server.stop();
    assert.equal((await adviceAt(site.server.url, elsewhere.privateKey)).status, 200);
    const listen = new URL(origin()).host;
    story.origin.server = await serve(story.origin.repository, { words: ['--no-advertise'], listen });
    const atSite = ['fleet', 'token', 'create', '--repo', site.repository];
    assert.equal((await refused(atSite)).code, 'enrol-token-at-origin');
  });
});

test('whoever makes up keys at a site keeps no device of elsewhere from its advice', async () => {
  const site = await story.site('flooded');
  const elsewhere = await strangeDevice(origin(), token, 'SHC000000EE');
  const path = '/api/v1/advice';
  const statuses: number[] = [];
  for (let count = 0; count < 300; count += 1) {
    const headers = signed(generateKeyPairSync('ed25519').privateKey, path, question);
    const made = { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers } };
    const from = { body: JSON.stringify(question), localAddress: '127.0.0.2' };
    statuses.push((await exchange(site.server.url, path, { ...made, ...from })).status);
  }
  assert.deepEqual([...new Set(statuses)], [403, 503]);
  assert.equal((await adviceAt(site.server.url, elsewhere.privateKey)).status, 200);
});

test('in a rollout a device is told at the origin and at a site what it decides itself', async () => {
  const site = await story.site('district');
  await done(['rollout', 'start', 'stable', 'b2', '--repo', story.origin.repository, '--steps', '50%@0h']);
  const said = new Set<unknown>();
  for (const serial of ['SHC00000011', 'SHC00000012', 'SHC00000013', 'SHC00000014']) {
    const root = await newDevice(story, serial, origin());
    await enrol(root, token);
    await done(['update', '--root', root, 'b1']);
    const { decision } = await done<Advised>(['check', '--root', root]);
    assert.deepEqual((await advice(root)).decision, decision);
    assert.deepEqual((await advice(root, ['--source', site.server.url])).decision, decision);
    said.add(decision?.decision);
  }
  for (let i = 0; i < 12; i += 1) {
    const serial = `SHC000001${(0x10 + i).toString(16).toUpperCase()}`;
    const { privateKey } = await strangeDevice(origin(), token, serial);
    const [here, there] = [await adviceAt(origin(), privateKey), await adviceAt(site.server.url, privateKey)];
    assert.deepEqual(there.json.decision, here.json.decision);
    said.add((here.json.decision as Advised['decision'])?.decision);
  }
  assert.deepEqual([...said].sort(), ['stay', 'take']);
  await done(['rollout', 'halt', 'stable', '--repo', story.origin.repository, '--reason', 'test']);
  // A place looks for news once a second; each call takes some of that.
  let because: string | undefined;
  for (let i = 0; i < 20 && because !== 'halted'; i += 1)
    because = (await advice(file('device-SHC00000011'))).decision?.because;
  assert.equal(because, 'halted');
});

test('the description that a place serves is the one in the manual', async () => {
  const served = await (await fetch(`${origin()}/api/v1/openapi.json`)).json();
  const manual = JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'));
  assert.deepEqual(served, manual);
});

test('all of it works over HTTPS with a certificate of its own', async (context) => {
  const pair = ['-keyout', file('tls.key'), '-out', file('tls.crt')];
  const what = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '30'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync('openssl', ['req', '-x509', ...curve, ...what, ...pair], { stdio: 'pipe' });
  const tls = ['--tls-certificate', file('tls.crt'), '--tls-key', file('tls.key')];
  await story.origin.server.stop();
  const server = await serve(story.origin.repository, { words: ['--no-advertise', ...tls] });
  context.after(() => server.stop());
  assert.match(server.url, /^https:/);
  const environment = { NODE_EXTRA_CA_CERTS: file('tls.crt') };
  const root = file('device-tls');
  const init = ['device', 'init', '--root', root, '--source', server.url, '--trust', story.trust];
  assert.equal((await refused(init)).code, 'store-certificate', 'nobody vouches for it');
  await done(init, { environment });
  await done(['device', 'enrol', '--root', root, '--token', token], { environment });
  const told = await advice(root, [], { environment });
  assert.equal(told.stolen, false);
});
