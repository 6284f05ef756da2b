import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { deviceKeyId } from '../advice/device-signature.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { hex } from './reports.testkit.ts';

const day = 86_400_000;

/** A fleet in a folder of its own, with a clock that a test moves. */
async function scene(t: { after(action: () => unknown): void }) {
  const scratch = scratchFolder('enrol');
  t.after(() => scratch.remove());
  const time = { now: Date.parse('2026-03-01T12:00:00Z') };
  const open = async () => {
    const fleet = await openFleet(scratch.file('repo'), { clock: () => time.now });
    t.after(() => fleet.close());
    return fleet;
  };
  const fleet = await open();
  const token = async (uses = 1) =>
    (await fleet.enrolment.createToken({ uses, expires: time.now + 30 * day })).token;
  return { time, fleet, open, token };
}

function device(serial?: string) {
  return { key: randomBytes(32).toString('base64url'), device: hex(32), ...(serial && { serial }) };
}

const nonce = () => randomBytes(16).toString('base64url');

async function enrolled(fleet: Fleet, token: string) {
  return (await fleet.enrolment.enrol(token, device())).keyId;
}

describe('enrolment', () => {
  test('takes as many devices as the token is for', async (t) => {
    const { fleet, token } = await scene(t);
    const words = await token(2);
    const [one, two, three] = [device('SHC00000001'), device('SHC00000002'), device('SHC00000003')];
    assert.equal((await fleet.enrolment.enrol(words, one)).serial, 'SHC00000001');
    await fleet.enrolment.enrol(words.toUpperCase().replaceAll('-', ' '), two);
    await assert.rejects(fleet.enrolment.enrol(words, three), { code: 'enrol-token-used' });
    assert.deepEqual(
      (await fleet.enrolment.tokens()).map(({ state, used }) => ({ state, used })),
      [{ state: 'used', used: 2 }],
    );
    assert.equal((await fleet.enrolment.devices()).length, 2);
  });

  test('of the same device again uses nothing, also when the token is at its end', async (t) => {
    const { fleet, time, token } = await scene(t);
    const words = await token();
    const one = device('SHC00000001');
    const first = await fleet.enrolment.enrol(words, one);
    time.now += 40 * day;
    assert.deepEqual(await fleet.enrolment.enrol(words, one), first);
  });

  test('of a serial number that has another key is refused until that key is ended', async (t) => {
    const { fleet, token } = await scene(t);
    const words = await token(5);
    const one = device('SHC00000001');
    const { keyId } = await fleet.enrolment.enrol(words, one);
    const thief = device('SHC00000001');
    await assert.rejects(fleet.enrolment.enrol(words, thief), { code: 'device-serial-taken' });
    await assert.rejects(fleet.enrolment.enrol(words, { ...one, serial: 'SHC00000009' }), {
      code: 'device-serial-taken',
    });
    assert.deepEqual(
      (await fleet.enrolment.revoke('SHC00000001')).map((revoked) => revoked.keyId),
      [keyId],
    );
    await assert.rejects(fleet.enrolment.enrol(words, one), { code: 'device-key-revoked' });
    await fleet.enrolment.enrol(words, thief);
    assert.equal((await fleet.enrolment.find(keyId))?.isRevoked, true);
  });

  test('ends with its token', async (t) => {
    const { fleet, time, token } = await scene(t);
    const [late, revoked] = [await token(), await token(3)];
    const { keyId } = await fleet.enrolment.enrol(revoked, device());
    const { id } = (await fleet.enrolment.tokens()).find(({ uses }) => uses === 3)!;
    await fleet.enrolment.revokeToken(id, { withDevices: false });
    assert.equal((await fleet.enrolment.find(keyId))?.isRevoked, false);
    await fleet.enrolment.revokeToken(id, { withDevices: true });
    assert.equal((await fleet.enrolment.find(keyId))?.isRevoked, true);
    await assert.rejects(fleet.enrolment.enrol(revoked, device()), { code: 'enrol-token-revoked' });
    time.now += 31 * day;
    await assert.rejects(fleet.enrolment.enrol(late, device()), { code: 'enrol-token-expired' });
    await assert.rejects(fleet.enrolment.enrol('never-given', device()), { code: 'enrol-token-unknown' });
    await assert.rejects(fleet.enrolment.revokeToken('never', { withDevices: false }), {
      code: 'enrol-token-unknown',
    });
    await assert.rejects(fleet.enrolment.revoke('nobody'), { code: 'device-not-enrolled' });
  });

  test('at a site is what the place above says', async (t) => {
    const { fleet } = await scene(t);
    const one = device('SHC00000001');
    const keyId = deviceKeyId(Buffer.from(one.key, 'base64url'));
    await fleet.enrolment.remember(keyId, one);
    assert.equal((await fleet.enrolment.find(keyId))?.serial, 'SHC00000001');
    await fleet.enrolment.remember(keyId, undefined);
    assert.equal((await fleet.enrolment.find(keyId))?.isRevoked, true);
    await fleet.enrolment.remember(keyId, one);
    assert.equal((await fleet.enrolment.find(keyId))?.isRevoked, false);
  });
});

describe('a nonce', () => {
  test('is taken once, also after a restart and with the clock set back', async (t) => {
    const { fleet, time, open, token } = await scene(t);
    const keyId = await enrolled(fleet, await token());
    const request = { created: time.now / 1000, nonce: nonce() };
    assert.deepEqual(await fleet.enrolment.admit(keyId, request), { kind: 'fresh' });
    const again = await open();
    assert.equal((await again.enrolment.admit(keyId, request)).kind, 'stale');
    time.now += 3_600_000;
    const later = { created: time.now / 1000, nonce: nonce() };
    assert.equal((await again.enrolment.admit(keyId, later)).kind, 'fresh');
    time.now -= 3_600_000;
    assert.equal((await again.enrolment.admit(keyId, request)).kind, 'stale');
  });

  test('of a dead clock is the one that was given, once', async (t) => {
    const { fleet, time, token } = await scene(t);
    const keyId = await enrolled(fleet, await token());
    for (const created of [0, time.now / 1000 + 301, 4_294_967_296]) {
      const asked = await fleet.enrolment.admit(keyId, { created, nonce: nonce() });
      assert.ok(asked.kind === 'stale');
      const answer = { created, nonce: asked.nonce };
      assert.equal((await fleet.enrolment.admit(keyId, answer)).kind, 'fresh');
      assert.equal((await fleet.enrolment.admit(keyId, answer)).kind, 'stale');
    }
  });

  test('that was given is taken once, also with a clock that is right or will be', async (t) => {
    const { fleet, time, token } = await scene(t);
    const keyId = await enrolled(fleet, await token());
    for (const ahead of [0, 3600]) {
      const asked = await fleet.enrolment.admit(keyId, { created: 0, nonce: nonce() });
      assert.ok(asked.kind === 'stale');
      const answer = { created: time.now / 1000 + ahead, nonce: asked.nonce };
      assert.equal((await fleet.enrolment.admit(keyId, answer)).kind, 'fresh');
      time.now += ahead * 1000;
      assert.equal((await fleet.enrolment.admit(keyId, answer)).kind, 'stale');
    }
  });

  test('is remembered for five minutes of the device and no longer; a flood is refused', async (t) => {
    const { fleet, time, token } = await scene(t);
    const keyId = await enrolled(fleet, await token());
    const admit = () =>
      fleet.enrolment.admit(keyId, { created: Math.floor(time.now / 1000), nonce: nonce() });
    for (let i = 0; i < 64; i += 1) assert.equal((await admit()).kind, 'fresh');
    assert.equal((await admit()).kind, 'busy');
    time.now += 301_000;
    assert.equal((await admit()).kind, 'fresh');
  });
});
