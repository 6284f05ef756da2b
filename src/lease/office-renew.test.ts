import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { leasePlace, numberedLaptop } from './office.testkit.ts';
import { goodLeases, renewLeases } from './office-renew.ts';
import { openTools } from './office-signer.ts';
import { openLeaseStore } from './store.ts';

const day = 86_400_000;

test('every laptop that is due gets a new lease, and no other, and none that is stolen', async (context) => {
  const place = leasePlace(context);
  const laptops = [1, 2, 3].map(numberedLaptop);
  await place.know(...laptops);
  place.useKey('master');
  const store = openLeaseStore(place.directory);
  context.after(() => store.close());
  const tools = (await openTools(place.directory)) ?? assert.fail();
  const common = {
    ...{ store, tools, clock: () => place.state.now },
    stolen: async (serial: string) => place.stolen.has(serial),
  };
  place.stolen.add('SHC00000002');
  assert.deepEqual(await renewLeases(common), { laptops: 3, made: 2, stolen: 1, refused: 0 });
  assert.deepEqual(await renewLeases(common), { laptops: 3, made: 0, stolen: 1, refused: 0 });
  place.stolen.clear();
  place.state.now += 12 * day;
  assert.deepEqual(await renewLeases({ ...common, laptops: laptops.slice(0, 2) }), {
    ...{ laptops: 2, made: 2, stolen: 0, refused: 0 },
  });
  const all = async () => (await Array.fromAsync(goodLeases(common))).map(({ serial }) => serial);
  assert.deepEqual(await all(), ['SHC00000001', 'SHC00000002', 'SHC00000003']);
  place.state.now += 10 * day;
  assert.deepEqual(await all(), ['SHC00000001', 'SHC00000002'], 'the third has ended');
  place.stolen.add('SHC00000001');
  assert.deepEqual(await all(), ['SHC00000002']);
  place.state.now = 2 ** 32 * 1000;
  await assert.rejects(renewLeases(common), (error) => isSatchelError(error, 'lease-clock-wrong'));
});

test('laptops that nobody delegated are counted, and what was made before a cancellation stays', async (context) => {
  const place = leasePlace(context);
  await place.know(numberedLaptop(2));
  await place.delegate(place.state.now + 365 * day, numberedLaptop(1));
  place.useKey('school');
  const store = openLeaseStore(place.directory);
  context.after(() => store.close());
  const tools = (await openTools(place.directory)) ?? assert.fail();
  const common = { store, tools, stolen: async () => false, clock: () => place.state.now };
  const stop = new AbortController();
  const looked: number[] = [];
  const onProgress = (done: number) => {
    looked.push(done);
    stop.abort();
  };
  assert.deepEqual(await renewLeases({ ...common, signal: stop.signal, onProgress }), {
    ...{ laptops: 2, made: 1, stolen: 0, refused: 1 },
  });
  await assert.rejects(renewLeases({ ...common, signal: stop.signal }), (error) =>
    isSatchelError(error, 'cancelled'),
  );
  assert.notEqual(store.find(numberedLaptop(1).serial), undefined);
});
