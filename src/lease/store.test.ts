import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { isSatchelError } from '../base/errors.ts';
import { writeCollection } from './collection.ts';
import { type Serial, serialNumber } from './laptop.ts';
import { delegation, developerKey, leaseBound, leaseDirect } from './records.testkit.ts';
import { openLeaseStore } from './store.ts';

const uuid = '1273E0EC-AEF1-9FF6-45B2-FB706DC24B8D';
const one = serialNumber('SHC00000001');
const two = serialNumber('SHC00000002');

function numbered(number: number): Serial {
  return serialNumber(`SHC${number.toString(16).padStart(8, '0')}`);
}

function leaseOf(serial: string, expiry = '20991231T235959Z'): string {
  return leaseDirect.replace('SHC00000001', serial).replace('20991231T235959Z', expiry);
}

function folder(context: TestContext) {
  const path = mkdtempSync(join(tmpdir(), 'satchel-lease-store-'));
  context.after(() => rmSync(path, { recursive: true }));
  let files = 0;
  return {
    path: join(path, 'leases'),
    file(text: string): string {
      files += 1;
      writeFileSync(join(path, `file-${files}`), text);
      return join(path, `file-${files}`);
    },
  };
}

describe('what is held of laptops', () => {
  test('comes from bare files in any order, collections and lists', async (context) => {
    const { path, file } = folder(context);
    const store = openLeaseStore(path);
    context.after(() => store.close());
    assert.equal(store.find(one), undefined);
    const bare = file(`${leaseOf(two)}\n${leaseDirect}\n${developerKey}\n${leaseBound}\n`);
    assert.deepEqual(await store.take([bare]), {
      leases: 3,
      delegations: 0,
      laptops: 0,
      others: 1,
      wrong: 0,
    });
    assert.equal(store.find(one), `${leaseDirect}\n${leaseBound}\n`);
    assert.equal(store.find(two), `${leaseOf(two)}\n`);
    const collection = await Array.fromAsync(
      writeCollection([{ serial: numbered(3), lines: `${leaseOf('SHC00000003')}\n` }]),
    );
    await store.take([
      file(Buffer.concat(collection).toString('latin1')),
      file(`serial,uuid\n${two},${uuid.toLowerCase()}\n`),
      file(`del01: ${one} ${uuid} ${delegation}\n`),
    ]);
    assert.equal(store.find(numbered(3)), `${leaseOf('SHC00000003')}\n`);
    assert.deepEqual(store.laptop(two), { serial: two, uuid });
    assert.deepEqual(store.laptop(one), { serial: one, uuid });
    assert.equal(store.delegation(one)?.type, 'del01');
    assert.equal(store.delegation(two), undefined);
    assert.deepEqual(
      [...store.laptops()],
      [
        { serial: one, uuid },
        { serial: two, uuid },
      ],
    );
  });

  test('is replaced laptop by laptop, but never by what ends earlier alone', async (context) => {
    const { path, file } = folder(context);
    const store = openLeaseStore(path);
    context.after(() => store.close());
    const [early, late, never] = ['20260101T000000Z', '20270101T000000Z', '00000000T000000Z'];
    await store.take([file(`${leaseOf(one, late)}\n${leaseOf(two, early)}\n`)]);
    await store.take([file(`${leaseOf(two, late)}\n`)]);
    assert.equal(store.find(one), `${leaseOf(one, late)}\n`);
    assert.equal(store.find(two), `${leaseOf(two, late)}\n`);
    await store.take([file(`${leaseOf(one, early)}\n`)]);
    assert.equal(store.find(one), `${leaseOf(one, early)}\n${leaseOf(one, late)}\n`);
    await store.take([file(`${leaseOf(one, never)}\n`)]);
    assert.equal(store.find(one), `${leaseOf(one, never)}\n`);
  });

  test('keeps the last delegations, since they may be to several keys, and the newest UUID', async (context) => {
    const { path, file } = folder(context);
    const store = openLeaseStore(path);
    context.after(() => store.close());
    const until = (year: number) => delegation.replace('20991231T', `${year}1231T`);
    for (const year of [2091, 2092, 2093, 2094, 2095])
      await store.take([file(`del01: ${one} ${uuid} ${until(year)}\n`)]);
    const years = () =>
      store.delegations(one).map(({ signature }) => signature.groups[0]?.expiry.slice(0, 4));
    assert.deepEqual(years(), ['2095', '2094', '2093', '2092']);
    const other = uuid.replace('1273', '9999');
    for (const each of [uuid, other]) await store.take([file(`${two},${each}\n`)]);
    assert.equal(store.laptop(two)?.uuid, other);
  });

  test('is seen by whoever has it open already, and after the next start', async (context) => {
    const { path, file } = folder(context);
    const [reader, writer] = [openLeaseStore(path), openLeaseStore(path)];
    context.after(() => Promise.all([reader.close(), writer.close()]));
    assert.equal(reader.find(one), undefined);
    for (let round = 1; round <= 20; round += 1) {
      await writer.take([file(`${leaseOf(one, `20${round + 20}0101T000000Z`)}\n`)]);
      assert.equal(reader.find(one), `${leaseOf(one, `20${round + 20}0101T000000Z`)}\n`);
    }
    const runs = readdirSync(path).filter((name) => name.endsWith('.lines'));
    assert.ok(runs.length <= 4, `${runs.length} runs are left`);
  });

  test('is all or nothing of what is taken', async (context) => {
    const { path, file } = folder(context);
    const store = openLeaseStore(path);
    context.after(() => store.close());
    await store.take([file(`${leaseDirect}\n`)]);
    const before = readdirSync(path).filter((name) => name !== 'held.lock');
    for (const [code, wrong] of [
      ['lease-line-invalid', `${leaseOf(two)}\nact01: ${two} K 20260101T000000Z\n`],
      ['leases-invalid', `${leaseOf(two)}\nnothing\n`],
      ['leases-invalid', `[1,{"${two}":"${leaseOf(two)}`],
      ['lease-line-invalid', `[1,{"${two}":"${leaseDirect}\n"}]`],
      ['laptops-line-wrong', `${two},${uuid}\n${two},no\n`],
    ] as const)
      await assert.rejects(
        store.take([file(`${leaseOf(two)}\n`), file(wrong)]),
        (error) => isSatchelError(error, code),
        wrong,
      );
    await assert.rejects(store.take([path]), (error) => isSatchelError(error, 'lease-file-is-folder'));
    assert.equal(store.find(two), undefined);
    await store.take([file('')]);
    assert.deepEqual(
      readdirSync(path).filter((name) => name !== 'held.lock'),
      before,
    );
  });

  test('is nothing of a list that gives a laptop two UUIDs', async (context) => {
    const { path, file } = folder(context);
    const store = openLeaseStore(path);
    context.after(() => store.close());
    const other = uuid.replace('1273', '9999');
    const list = file(`${two},${uuid}\n${one},${uuid}\n${two},${other}\n`);
    await assert.rejects(store.take([list]), (error) => isSatchelError(error, 'laptop-uuids-differ'));
    assert.deepEqual([...store.laptops()], []);
    assert.deepEqual(
      readdirSync(path).filter((name) => /^\d/.test(name)),
      [],
    );
    await store.take([file(`${two},${uuid}\n${two},${uuid.toLowerCase()}\n`)]);
    assert.deepEqual([...store.laptops()], [{ serial: two, uuid }]);
  });

  test('is found among thousands as in a map, in whatever order it came', async (context) => {
    const { path, file } = folder(context);
    const store = openLeaseStore(path);
    context.after(() => store.close());
    const known = new Map<Serial, string>();
    const list = fc.array(fc.nat(3000), { minLength: 1, maxLength: 2000 });
    for (const [round, numbers] of fc.sample(list, { numRuns: 12, seed: 7 }).entries()) {
      const expiry = `${2030 + round}0101T000000Z`;
      await store.take([file(numbers.map((number) => `${leaseOf(numbered(number), expiry)}\n`).join(''))]);
      for (const number of numbers) known.set(numbered(number), expiry);
    }
    for (let number = 0; number <= 3001; number += 1) {
      const lines = store.find(numbered(number))?.split('\n') ?? [''];
      assert.equal(lines[0]?.slice(21, 37) || undefined, known.get(numbered(number)));
    }
  });

  test('that is damaged is said', async (context) => {
    const { path, file } = folder(context);
    const store = openLeaseStore(path);
    context.after(() => store.close());
    await store.take([file(`${leaseDirect}\n`)]);
    truncateSync(join(path, '1.lines'), 10);
    const again = openLeaseStore(path);
    context.after(() => again.close());
    assert.throws(
      () => again.find(one),
      (error) => isSatchelError(error, 'lease-store-damaged'),
    );
    writeFileSync(join(path, 'held.json'), 'null');
    assert.throws(
      () => again.find(one),
      (error) => isSatchelError(error, 'lease-store-damaged'),
    );
  });
});
