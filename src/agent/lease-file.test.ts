import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { temporaryFolder } from '../device/device.fixture.ts';
import * as vectors from '../lease/records.testkit.ts';
import { day, keys, leaseUntil, mine, other } from './agent.fixture.ts';
import { bringLeaseBack, heldLease, type LeaseTaken, putLeaseAside, takeLease } from './lease-file.ts';
import type { LaptopTrust } from './lease-keys.ts';

const now = Date.UTC(2026, 2, 2);

const trust: LaptopTrust = {
  serial: mine.serial,
  uuid: mine.uuid,
  leaseKeys: [keys.lease.publicKey],
  oatsKeys: [],
  isActivated: false,
};

/** A laptop that knows no key for leases. */
const unknowing: LaptopTrust = { ...trust, leaseKeys: [] };

function file(context: TestContext) {
  const path = join(temporaryFolder(context), 'lease.sig');
  const take = (lines: string, by: LaptopTrust = trust, canTrustUnchecked = false): LeaseTaken =>
    takeLease(path, lines, by, { now, canTrustUnchecked });
  return { path, take, text: () => readFileSync(path, 'utf8') };
}

describe('a lease is stored', () => {
  test('where there is none, as one line that ends with a line feed', async (context) => {
    const { take, text, path } = file(context);
    const lease = await leaseUntil(now + 20 * day);
    assert.equal(heldLease(path, trust), undefined);
    assert.equal(take(lease), 'stored');
    assert.equal(text(), lease);
    const held = heldLease(path, trust);
    assert.deepEqual([held?.state, held?.ends], ['good', now + 20 * day]);
  });

  test('when it ends later, and the best of several alone', async (context) => {
    const { take, text } = file(context);
    const best = await leaseUntil(now + 30 * day, { isBound: true });
    assert.equal(take(await leaseUntil(now + 20 * day)), 'stored');
    const several = [
      await leaseUntil(now + 40 * day, { of: other }),
      await leaseUntil(now + 50 * day, { by: keys.stranger }),
      await leaseUntil(now + 25 * day),
      best,
    ];
    assert.equal(take(several.join('')), 'stored');
    assert.equal(text(), best);
  });

  test('in the place of one that has ended, or is no lease at all', async (context) => {
    const { take, text, path } = file(context);
    const next = await leaseUntil(now + day);
    for (const before of [await leaseUntil(now - day), `act01: ${mine.serial} K garbage\n`, 'nothing\n']) {
      writeFileSync(path, before);
      assert.equal(take(next), 'stored');
      assert.equal(text(), next);
    }
  });
});

describe('a lease is left as it is', () => {
  test('when the new one ends no later', async (context) => {
    const { take, text } = file(context);
    const first = await leaseUntil(now + 20 * day);
    take(first);
    assert.equal(take(await leaseUntil(now + 20 * day)), 'kept');
    assert.equal(take(await leaseUntil(now + 19 * day)), 'kept');
    assert.equal(text(), first);
  });

  test('when the new one is of another laptop, by another key, ended, changed in any byte, or nonsense', async (context) => {
    const { take, path } = file(context);
    const good = await leaseUntil(now + 20 * day);
    const bad = [
      await leaseUntil(now + 20 * day, { of: other }),
      await leaseUntil(now + 20 * day, { by: keys.stranger }),
      await leaseUntil(now - 1000),
      good.replace(other.serial, mine.serial).replace(' K ', ' L '),
      good.replace(/.\n$/, (end) => (end[0] === '0' ? '1\n' : '0\n')),
      good.replace('2026', '2027'),
      '',
      '\0\n',
      `act01: ${mine.serial}`,
      'x'.repeat(100_000),
    ];
    for (const lines of bad) assert.equal(take(lines), 'refused', lines.slice(0, 60));
    assert.equal(existsSync(path), false);
  });

  test('when its key is not known here, it goes on, and the new one is by somebody else', async (context) => {
    const { take, text } = file(context);
    const first = await leaseUntil(now + 20 * day, { by: keys.stranger });
    assert.equal(take(first, unknowing, true), 'stored');
    const next = await leaseUntil(now + 30 * day);
    assert.equal(take(next, unknowing, true), 'refused');
    assert.equal(text(), first);
    // The firmware may know a key that stands in no tag.
    assert.equal(take(await leaseUntil(now + 10 * day), trust), 'kept');
    assert.equal(take(next, trust), 'stored');
  });
});

test('without a key a lease is taken from those who have signed what they say, by the same key as before', async (context) => {
  const { take, text } = file(context);
  const first = await leaseUntil(now + 20 * day);
  assert.equal(take(first, unknowing, false), 'refused');
  assert.equal(take(first, { ...unknowing, uuid: undefined }, true), 'stored');
  const next = await leaseUntil(now + 30 * day);
  assert.equal(take(next, unknowing, false), 'refused');
  assert.equal(take(next, unknowing, true), 'stored');
  assert.equal(text(), next);
});

test('leases of the original programs are read', (context) => {
  const { path, take } = file(context);
  const held = take(`${vectors.leaseDirect}\n`, unknowing, true);
  assert.equal(held, 'stored');
  assert.equal(heldLease(path, unknowing)?.ends, Date.UTC(2099, 11, 31, 23, 59, 59));
});

test('what is put aside comes back byte for byte, unless there is a lease again', async (context) => {
  const { path, take, text } = file(context);
  const aside = `${path}.aside`;
  assert.equal(putLeaseAside(path, aside), false);
  assert.equal(bringLeaseBack(path, aside), false);
  const first = await leaseUntil(now + 20 * day);
  take(first);
  assert.equal(putLeaseAside(path, aside), true);
  assert.equal(existsSync(path), false);
  assert.equal(bringLeaseBack(path, aside), true);
  assert.equal(text(), first);
  putLeaseAside(path, aside);
  const next = await leaseUntil(now + 30 * day);
  take(next);
  assert.equal(bringLeaseBack(path, aside), false);
  assert.equal(text(), next);
  assert.equal(existsSync(aside), false);
});
