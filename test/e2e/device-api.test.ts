/** Devices with keys of their own: enrolled with a token, asking with any clock, and refused. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { adviceSchema, enrolledSchema, staleSchema } from '../../src/server/device-api-schemas.ts';
import { done, faketimeLibrary, refused, serve } from '../doubles/satchel-program.ts';
import {
  advice,
  adviceAt,
  enrol,
  keyStory,
  newDevice,
  newToken,
  post,
  question,
  signed,
  strangeDevice,
  uuid,
} from './device-api.testkit.ts';
import type { SiteStory } from './site.testkit.ts';

let story: SiteStory;
let token = '';
const file = (name: string) => story.scratch.file(name);
const origin = () => story.origin.server.url;

before(async () => {
  story = await keyStory('device-api');
  token = await newToken(story, 1000);
});
after(() => story.end());

describe('a device', () => {
  test('enrols once, is told what it decides itself, gets its lease and tells its reports', async () => {
    const root = await newDevice(story, 'SHC00000001', origin());
    assert.equal((await refused(['device', 'advice', '--root', root])).code, 'device-key-absent');
    const single = await newToken(story);
    const { keyId } = await enrol(root, single);
    assert.equal((await enrol(root, single)).keyId, keyId, 'the same again');
    const key = join(root, 'versions/updates/satchel/enrolment/key.pem');
    assert.equal(statSync(key).mode & 0o777, 0o600);

    const nothing = await advice(root);
    assert.deepEqual(nothing.decision, { decision: 'take', build: 'b2', because: 'everybody' });
    await done(['update', '--root', root, 'b1']);
    await done(['device', 'set', '--root', root, '--reports', 'on']);
    const old = await advice(root);
    assert.equal(old.decision?.build, 'b2');
    assert.equal(old.stolen, false);
    await done(['update', '--root', root]);
    const current = await advice(root);
    assert.deepEqual(current.decision, { decision: 'stay', because: 'current' });

    writeFileSync(file('lease'), current.lease ?? '');
    const { good } = await done<{ good: number }>([
      ...['lease', 'verify', `SHC00000001:${uuid}`, '--file', file('lease')],
      ...['--trust', file('master.public')],
    ]);
    assert.equal(good, 1);
    const { devices } = await done<{ devices: { serial: string; lastSeen: string | null }[] }>([
      ...['fleet', 'keys', '--repo', story.origin.repository],
    ]);
    assert.ok(devices.some(({ serial, lastSeen }) => serial === 'SHC00000001' && lastSeen !== null));
  });

  test('with a dead clock gets the same answer', { skip: faketimeLibrary() === undefined }, async () => {
    const root = join(file('device-SHC00000001'));
    const ahead = new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10);
    for (const clock of ['1970-01-02 00:00:00', `${ahead} 00:00:00`]) {
      const told = await advice(root, [], { clock });
      assert.deepEqual(told.decision, { decision: 'stay', because: 'current' });
    }
  });

  test('gets its advice also where what is kept of leases is damaged', async () => {
    const { privateKey } = await strangeDevice(origin(), token, 'SHC0000000B');
    const held = `${story.origin.repository}.leases/held.json`;
    const whole = readFileSync(held);
    writeFileSync(held, 'garbage\n');
    const { status, json } = await adviceAt(origin(), privateKey);
    writeFileSync(held, whole);
    assert.deepEqual([status, json.stolen, 'lease' in json], [200, false, false]);
    assert.deepEqual(json.decision, { decision: 'take', build: 'b2', because: 'everybody' });
  });

  test('that is marked as stolen gets no lease', async () => {
    const root = file('device-SHC00000001');
    const repo = ['--repo', story.origin.repository, '--by', 'Ana', '--reason', 'test'];
    await done(['lease', 'stolen', 'SHC00000001', ...repo]);
    const told = await advice(root);
    assert.deepEqual([told.stolen, told.lease], [true, undefined]);
    await done(['lease', 'recovered', 'SHC00000001', ...repo]);
    assert.match((await advice(root)).lease ?? '', /^act01: SHC00000001 /);
  });

  test('whose key was ended is refused until it enrols with another', async () => {
    const root = file('device-SHC00000001');
    await done(['fleet', 'unenrol', 'SHC00000001', '--repo', story.origin.repository]);
    const refusal = await refused(['device', 'advice', '--root', root]);
    assert.deepEqual([refusal.code, refusal.exitCode], ['device-key-revoked', 4]);
    assert.equal(
      (await refused(['device', 'enrol', '--root', root, '--token', token])).code,
      'device-key-revoked',
    );
    await enrol(root, token, '--renew');
    assert.equal((await advice(root)).stolen, false);
  });

  test('that carries the disk of another enrols with a key of its own', async () => {
    const root = file('device-SHC00000001');
    writeFileSync(join(root, 'ofw/mfg-data/SN'), 'SHC00000002\0');
    assert.equal((await refused(['device', 'advice', '--root', root])).code, 'device-key-absent');
    await enrol(root, token);
    assert.match((await advice(root)).lease ?? '', /^act01: SHC00000002 /);
  });

  test('without a good token is refused, and leaves no sign of being enrolled', async () => {
    const root = await newDevice(story, 'SHC000000AA', origin());
    const single = await newToken(story);
    assert.equal((await strangeDevice(origin(), single)).answer.status, 200);
    const used = await refused(['device', 'enrol', '--root', root, '--token', single]);
    assert.deepEqual([used.code, used.exitCode], ['enrol-token-used', 4]);
    assert.match(used.message, /1/);
    const unknown = await refused(['device', 'enrol', '--root', root, '--token', 'never-given']);
    assert.deepEqual([unknown.code, unknown.exitCode], ['enrol-token-unknown', 3]);
    assert.ok(!existsSync(join(root, 'versions/updates/satchel/enrolment/enrolled.json')));
  });
});

describe('a request', () => {
  test('is answered as the schemas say', async () => {
    const { privateKey, answer } = await strangeDevice(origin(), token);
    assert.ok(enrolledSchema.strict().safeParse(answer.json).success, JSON.stringify(answer.json));
    const told = await adviceAt(origin(), privateKey);
    assert.equal(told.status, 200);
    const parsed = adviceSchema.strict().safeParse(told.json);
    assert.ok(parsed.success, JSON.stringify(told.json));
    const stale = await adviceAt(origin(), privateKey, { created: 0 });
    assert.ok(staleSchema.strict().safeParse(stale.json).success, JSON.stringify(stale.json));
  });

  test('that comes twice is refused, also after a restart; signed over the nonce it is taken, once', async () => {
    const { privateKey } = await strangeDevice(origin(), token);
    const nonce = randomBytes(16).toString('base64url');
    const created = Math.floor(Date.now() / 1000);
    assert.equal((await adviceAt(origin(), privateKey, { created, nonce })).status, 200);
    const again = await adviceAt(origin(), privateKey, { created, nonce });
    assert.deepEqual([again.status, again.json.code], [401, 'device-signature-stale']);
    await story.origin.server.stop();
    story.origin.server = await serve(story.origin.repository, {
      words: ['--no-advertise'],
      listen: new URL(origin()).host,
    });
    assert.equal((await adviceAt(origin(), privateKey, { created, nonce })).status, 401);
    const given = { created: 0, nonce: String(again.json.nonce) };
    assert.equal((await adviceAt(origin(), privateKey, given)).status, 200);
    assert.equal((await adviceAt(origin(), privateKey, given)).status, 401);
  });

  test('that is not signed, signed by another, or changed, is refused', async () => {
    const { privateKey } = await strangeDevice(origin(), token);
    const path = '/api/v1/advice';
    const headers = signed(privateKey, path, question);
    const statuses = [
      (await post(origin(), path, question, {})).status,
      (await post(origin(), path, { ...question, client: '0.2.0' }, headers)).status,
      (await post(origin(), path, question, signed(privateKey, '/api/v1/devices', question))).status,
      (await adviceAt(origin(), generateKeyPairSync('ed25519').privateKey)).status,
    ];
    assert.deepEqual(statuses, [401, 401, 401, 403]);
  });

  test('for the serial number of another device is refused', async () => {
    const two = await newToken(story, 2);
    assert.equal((await strangeDevice(origin(), two, 'SHC000000BB')).answer.status, 200);
    const thief = await strangeDevice(origin(), two, 'SHC000000BB');
    assert.deepEqual([thief.answer.status, thief.answer.json.code], [409, 'device-serial-taken']);
  });

  test('of any other form is refused with a sentence', async () => {
    const { privateKey, body } = await strangeDevice(origin(), token);
    for (const wrong of [
      {},
      { ...question, format: 2 },
      { ...question, stream: '../x' },
      { ...question, client: 'new' },
      { ...question, reports: [{}] },
      { ...question, running: 'b1' },
    ]) {
      const headers = signed(privateKey, '/api/v1/advice', wrong);
      const { status, json } = await post(origin(), '/api/v1/advice', wrong, headers);
      assert.equal(status, 400, JSON.stringify(wrong));
      assert.match(String(json.code), /^record-/);
    }
    for (const wrong of [
      { ...body, key: 'AAAA' },
      { ...body, device: 'x' },
      { ...body, serial: 'a\nb' },
    ]) {
      const headers = signed(privateKey, '/api/v1/devices', wrong);
      assert.equal((await post(origin(), '/api/v1/devices', wrong, headers)).status, 400);
    }
    for (const [path, wrong] of [
      ['/api/v1/advice', []],
      ['/api/v1/advice', [question]],
      ['/api/v1/devices', [body]],
    ] as const) {
      const { status, json } = await post(origin(), path, wrong, signed(privateKey, path, wrong));
      assert.deepEqual([status, json.code], [400, 'record-no-object']);
      assert.match(String(json.message), /JSON object/);
    }
    const huge = { ...question, more: 'x'.repeat(300_000) };
    assert.equal((await post(origin(), '/api/v1/advice', huge, {})).status, 413);
    assert.equal((await fetch(`${origin()}/api/v1/devices/${'0'.repeat(32)}`)).status, 403);
  });

  test('for reports of others stores only its own', async () => {
    const { privateKey, body } = await strangeDevice(origin(), token);
    const report = (device: string) => ({
      ...{ id: randomBytes(16).toString('hex'), device, made: '2026-03-01T08:00:00Z', sequence: 1 },
      ...{ event: 'state', running: 'b1', disk: { free: 1, total: 2 }, client: '0.1.0' },
    });
    const asked = { ...question, reports: [report(body.device), report('e'.repeat(32))] };
    const headers = signed(privateKey, '/api/v1/advice', asked);
    const { json } = await post(origin(), '/api/v1/advice', asked, headers);
    assert.deepEqual(json.reports, { stored: 1, known: 0, refused: 1 });
  });
});
