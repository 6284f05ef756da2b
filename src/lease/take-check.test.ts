import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { laptopTime } from './laptop.ts';
import { makePermission } from './make.ts';
import { leasePlace, numberedLaptop } from './office.testkit.ts';
import { openLeaseStore } from './store.ts';
import { signatureCheck } from './take-check.ts';

test('leases that their laptops would refuse take no good one away', async (context) => {
  const place = leasePlace(context);
  const [one, two] = [numberedLaptop(1), numberedLaptop(2)];
  await place.know(one);
  const store = openLeaseStore(place.directory);
  context.after(() => store.close());
  const isRight = signatureCheck(store, [place.publicKey('master')]);
  const leaseBy = (name: 'master' | 'school', laptop: typeof one, year: number) =>
    makePermission(laptop, {
      ...{ type: 'act01', disposition: 'K', isBound: false, signer: place.signer(name) },
      expiry: laptopTime(Date.parse(`${year}-01-01`)),
    });
  const take = async (...lines: readonly string[]) => {
    const file = join(place.folder, 'leases.sig');
    writeFileSync(file, lines.join(''));
    return store.take([file], { isRight });
  };
  const good = await leaseBy('master', one, 2050);
  assert.equal((await take(good)).wrong, 0);
  const unknown = await leaseBy('school', two, 2060);
  const taken = await take(
    await leaseBy('school', one, 2060),
    await leaseBy('master', { ...one, uuid: two.uuid }, 2061),
    unknown,
  );
  assert.deepEqual([taken.leases, taken.wrong], [1, 2]);
  assert.equal(store.find(one.serial), good);
  assert.equal(store.find(two.serial), unknown, 'of this laptop nothing is known');
  assert.equal((await take(await leaseBy('master', one, 2020))).wrong, 0, 'one that has ended hides nothing');
  assert.equal(signatureCheck(store, []), undefined);
});
