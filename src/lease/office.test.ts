import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { laptopTime, type Serial } from './laptop.ts';
import { makePermission } from './make.ts';
import { leasePlace, numberedLaptop } from './office.testkit.ts';
import type { LeaseAnswer, LeaseOffice } from './office.ts';
import { parseRecord, verifyRecord } from './records.ts';
import { defaultRules } from './schedule.ts';
import { openLeaseStore } from './store.ts';

const day = 86_400_000;
const laptop = numberedLaptop(1);
const { serial } = laptop;

function recordsIn(answer: LeaseAnswer) {
  assert.equal(answer.kind, 'lease');
  const lines = answer.kind === 'lease' ? answer.lines : '';
  assert.match(lines, /\n$/);
  return lines
    .trimEnd()
    .split('\n')
    .map((line) => {
      const record = parseRecord(line);
      assert.equal(record.type, 'act01');
      return record.type === 'act01' ? record : assert.fail();
    });
}

async function expiryFrom(office: LeaseOffice, of: Serial = serial): Promise<string> {
  return recordsIn(await office.leaseFor(of))[0]!.expiry;
}

describe('an office without a key', () => {
  test('gives out what it was brought, as long as that is good', async (context) => {
    const place = leasePlace(context);
    const order = {
      type: 'act01',
      disposition: 'K',
      signer: place.signer('master'),
      isBound: false,
    } as const;
    const until = place.state.now + 10 * day;
    await place.take(await makePermission(laptop, { ...order, expiry: laptopTime(until) }));
    const office = place.office();
    assert.equal(await expiryFrom(office), laptopTime(until));
    assert.deepEqual(await office.leaseFor(numberedLaptop(2).serial), { kind: 'none' });
    assert.equal(await office.clockReset(serial, laptopTime(0), 1), undefined);
    place.state.now = until + 1000;
    assert.deepEqual(await office.leaseFor(serial), { kind: 'none' });
    assert.deepEqual(place.failures, []);
  });

  test('gives nothing to a laptop that is stolen, until it is back', async (context) => {
    const place = leasePlace(context);
    const order = {
      type: 'act01',
      disposition: 'K',
      signer: place.signer('master'),
      isBound: false,
    } as const;
    await place.take(await makePermission(laptop, { ...order, expiry: laptopTime(place.state.now + day) }));
    place.useKey('master');
    const office = place.office();
    place.stolen.add(serial);
    assert.deepEqual(await office.leaseFor(serial), { kind: 'stolen' });
    assert.equal(await office.clockReset(serial, laptopTime(0), 1), undefined);
    assert.equal(await office.isStolen(serial), true);
    place.stolen.delete(serial);
    assert.equal((await office.leaseFor(serial)).kind, 'lease');
  });
});

describe('an office with a key that laptops trust', () => {
  test('makes a lease, gives it out for half of its time, then makes another', async (context) => {
    const place = leasePlace(context);
    await place.know(laptop);
    place.useKey('master', { rules: { ...defaultRules, days: 20, weekend: [], end: 0 } });
    const office = place.office();
    const answer = await office.leaseFor(serial);
    const [record] = recordsIn(answer);
    assert.equal(record!.expiry, '20260323T000000Z');
    const keys = [place.publicKey('master')];
    verifyRecord(record!, { laptop, keys, now: place.state.now });
    assert.deepEqual(await office.leaseFor(serial), answer);
    place.state.now += 9 * day;
    assert.deepEqual(await office.leaseFor(serial), answer);
    place.state.now += 2 * day;
    assert.equal(await expiryFrom(office), '20260403T000000Z');
    assert.deepEqual(await office.leaseFor(numberedLaptop(2).serial), { kind: 'none' }, 'of no list');
  });

  test('makes one lease for many that ask, and keeps it over a restart', async (context) => {
    const place = leasePlace(context);
    await place.know(laptop);
    place.useKey('master');
    const first = place.office();
    const answers = await Promise.all(Array.from({ length: 20 }, () => first.leaseFor(serial)));
    assert.equal(new Set(answers.map((answer) => JSON.stringify(answer))).size, 1);
    await first.close();
    assert.deepEqual(await place.office().leaseFor(serial), answers[0]);
  });

  test('sets a clock that was turned back to the present', async (context) => {
    const place = leasePlace(context);
    await place.know(laptop);
    place.useKey('master');
    const office = place.office();
    const line = await office.clockReset(serial, '20110512T003512Z', 135);
    assert.match(line ?? '', /^rtc01: SHC00000001 20110512T003512Z 0000000135 20260302T120000Z sig01: .*\n$/);
    const record = parseRecord(line!.trimEnd());
    const trust = { laptop, keys: [place.publicKey('master')], now: place.state.now };
    if (record.type !== 'rtc01') assert.fail();
    verifyRecord(record, trust);
    for (const [current, count] of [
      ['yesterday', 1],
      ['20110512T003512Z', -1],
      ['20110512T003512Z', 10_000_000_000],
      ['20110512T003512Z', 1.5],
    ] as const)
      assert.equal(await office.clockReset(serial, current, count), undefined);
  });

  test('spends its key on no flood of questions about clocks', async (context) => {
    const place = leasePlace(context);
    await place.know(laptop, numberedLaptop(2));
    place.useKey('master');
    const office = place.office();
    const ask = (of: Serial, count: number) => office.clockReset(of, '20110512T003512Z', count);
    const first = await ask(serial, 0);
    const made = new Set<string | undefined>();
    for (let i = 0; i < 40; i += 1) made.add(await ask(serial, i));
    assert.ok(made.has(first), 'the same question, the same answer');
    assert.ok(made.size <= 7 && made.has(undefined), `${made.size} answers`);
    assert.notEqual(await ask(numberedLaptop(2).serial, 7), undefined, 'another laptop gets its own');
    place.state.steady += 61_000;
    assert.notEqual(await ask(serial, 39), undefined);
  });

  test('signs for laptop and time where the firmware wants that', async (context) => {
    const place = leasePlace(context);
    await place.know(laptop);
    place.useKey('master', { bound: true });
    const [record] = recordsIn(await place.office().leaseFor(serial));
    assert.equal(record!.signature.form, 'sig02');
    verifyRecord(record!, { laptop, keys: [place.publicKey('master')], now: place.state.now });
  });

  test('makes nothing while its clock stands at 1970 or at 2106', async (context) => {
    const place = leasePlace(context);
    await place.know(laptop);
    place.useKey('master');
    for (const now of [1000, 2 ** 32 * 1000]) {
      place.state.now = now;
      assert.deepEqual(await place.office().leaseFor(serial), { kind: 'none' });
      assert.equal(await place.office().clockReset(serial, laptopTime(0), 1), undefined);
    }
  });

  test('goes on with what it has when the key fails, tells of it, and tries again', async (context) => {
    const place = leasePlace(context);
    await place.know(laptop);
    place.useKey('master');
    const before = await place.office().leaseFor(serial);
    await place.take((before as { lines: string }).lines);
    writeFileSync(join(place.folder, 'passphrase'), 'wrong\n');
    place.useKey('master');
    const office = place.office();
    place.state.now += 20 * day;
    assert.deepEqual(await office.leaseFor(serial), before);
    await office.leaseFor(serial);
    assert.equal(place.failures.length, 1);
    assert.ok(isSatchelError(place.failures[0], 'lease-key-locked'));
    writeFileSync(join(place.folder, 'passphrase'), 'correct horse\n');
    place.state.steady += 61_000;
    assert.notDeepEqual(await office.leaseFor(serial), before);
  });

  test('does not keep a laptop waiting that has a lease', async (context) => {
    const place = leasePlace(context);
    await place.know(laptop);
    place.useKey('master', { rules: { ...defaultRules, days: 1, weekend: [] } });
    const before = await place.office().leaseFor(serial);
    await place.take((before as { lines: string }).lines);
    place.state.now += 0.7 * day;
    const program = join(place.folder, 'never');
    writeFileSync(program, '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
    const { folder } = place;
    for (const key of [`command:${program}`, `command:public=${join(folder, 'master.public')} ${program}`]) {
      place.settings({ key });
      const office = place.office(20);
      assert.deepEqual(await office.leaseFor(serial), before);
      await office.close();
    }
    assert.deepEqual(place.failures, []);
  });
});

describe('an office with a key of its own', () => {
  test('signs for the laptops that were delegated to it, and for no others', async (context) => {
    const place = leasePlace(context);
    place.useKey('school');
    await place.know(numberedLaptop(2));
    await place.delegate(place.state.now + 365 * day, laptop);
    const office = place.office();
    const [record] = recordsIn(await office.leaseFor(serial));
    const trust = { laptop, keys: [place.publicKey('master')], now: place.state.now };
    verifyRecord(record!, trust);
    assert.deepEqual(await office.leaseFor(numberedLaptop(2).serial), { kind: 'none' });
    const reset = parseRecord((await office.clockReset(serial, laptopTime(0), 7))!.trimEnd());
    if (reset.type !== 'rtc01') assert.fail();
    verifyRecord(reset, trust);
    assert.equal(await office.clockReset(numberedLaptop(2).serial, laptopTime(0), 7), undefined);
  });

  test('never promises more than its delegation, and takes the one that lasts longest', async (context) => {
    const place = leasePlace(context);
    place.useKey('school');
    await place.delegate(place.state.now + 5 * day, laptop);
    const office = place.office();
    assert.equal(await expiryFrom(office), laptopTime(place.state.now + 5 * day));
    place.state.now += 4 * day;
    assert.equal(await expiryFrom(office), laptopTime(place.state.now + day), 'nothing longer can be made');
    await place.delegate(place.state.now + 365 * day, laptop);
    assert.equal(await expiryFrom(office), '20260330T060000Z');
  });

  test('knows a delegation that is to another key by the keys that laptops trust', async (context) => {
    const place = leasePlace(context);
    await place.delegate(place.state.now + 365 * day, laptop);
    place.useKey('master', { delegated: true });
    assert.deepEqual(await place.office().leaseFor(serial), { kind: 'none' });
  });
});

test('what is taken while the office is open counts at once, and a store that is gone is empty', async (context) => {
  const place = leasePlace(context);
  const office = place.office();
  assert.deepEqual(await office.leaseFor(serial), { kind: 'none' });
  place.useKey('master');
  await place.know(laptop);
  assert.equal((await office.leaseFor(serial)).kind, 'lease');
  const store = openLeaseStore(place.directory);
  assert.deepEqual([...store.laptops()], [laptop]);
  await store.close();
  rmSync(place.directory, { recursive: true });
  assert.deepEqual(await office.leaseFor(numberedLaptop(3).serial), { kind: 'none' });
});
