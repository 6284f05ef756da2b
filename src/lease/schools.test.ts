import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { readDelegations } from './delegations.ts';
import { laptopTime, never } from './laptop.ts';
import { leasePlace, numberedLaptop } from './office.testkit.ts';
import { verifyDelegation } from './records.ts';
import { delegateSchool, schoolsIn, schoolsOf } from './schools.ts';

const day = 86_400_000;
const lineOf = (number: number) => `${numberedLaptop(number).serial},${numberedLaptop(number).uuid}`;

/** Folders of two schools as the old tools have them: the key of one lies in its folder, of the other beside it. */
function schools(context: TestContext) {
  const place = leasePlace(context);
  const directory = join(place.folder, 'schools');
  for (const name of ['north', 'south', 'empty']) mkdirSync(join(directory, name), { recursive: true });
  writeFileSync(join(directory, 'north/xo.csv'), `SN,UUID\n${lineOf(2)}\n${lineOf(1)}\n`);
  writeFileSync(join(directory, 'south/xo.csv'), `${lineOf(3)}\n`);
  copyFileSync(join(place.folder, 'school.public'), join(directory, 'north/north.public'));
  copyFileSync(join(place.folder, 'school.public'), join(directory, 'south.public'));
  const options = {
    signer: place.signer('master'),
    expiry: laptopTime(place.state.now + 30 * day),
    clock: () => place.state.now,
    younger: 7,
    atOnce: 4,
  };
  return { place, directory, options };
}

test('each school gets delegations of its laptops to its key', async (context) => {
  const { place, directory, options } = schools(context);
  const found = schoolsIn(directory);
  assert.deepEqual(
    found.map(({ name, laptops }) => [name, ...[...laptops].map(({ serial }) => serial)]),
    [
      ['north', 'SHC00000001', 'SHC00000002'],
      ['south', 'SHC00000003'],
    ],
  );
  for (const school of found) {
    assert.equal(await delegateSchool(school, options), true);
    const delegations = await readDelegations(join(directory, school.name, 'd-lease.sig'));
    for (const laptop of school.laptops) {
      const trust = { laptop, keys: [place.publicKey('master')], now: place.state.now };
      verifyDelegation(delegations.get(laptop.serial)!, place.publicKey('school'), trust);
    }
  }
});

test('what is young and of the same list stays; another list, another key, age and a lost file make it anew', async (context) => {
  const { place, directory, options } = schools(context);
  const make = (more: object = {}) => delegateSchool(schoolsIn(directory)[0]!, { ...options, ...more });
  assert.equal(await make(), true);
  const path = join(directory, 'north/d-lease.sig');
  const before = readFileSync(path);
  place.state.now += 6 * day;
  assert.equal(await make(), false);
  assert.deepEqual(readFileSync(path), before);
  assert.equal(await make({ younger: 0 }), true);
  place.state.now += 8 * day;
  assert.equal(await make(), true, 'too old');
  writeFileSync(join(directory, 'north/xo.csv'), `${lineOf(1)}\n`);
  assert.equal(await make(), true, 'another list');
  copyFileSync(join(place.folder, 'master.public'), join(directory, 'north/north.public'));
  assert.equal(await make(), true, 'another key');
  assert.equal(await make({ signer: place.signer('school') }), true, 'another signer');
  rmSync(path);
  assert.equal(await make({ signer: place.signer('school') }), true, 'the file is gone');
  place.state.now -= 100 * day;
  assert.equal(await make({ signer: place.signer('school') }), true, 'it was made in the future');
  writeFileSync(`${path}.json`, 'null');
  assert.equal(await make({ expiry: never }), true, 'the note is damaged');
});

test('a delegation that would end before it is made again is made anew', async (context) => {
  const { place, directory, options } = schools(context);
  const expiry = laptopTime(place.state.now + 9 * day);
  const make = () => delegateSchool(schoolsIn(directory)[0]!, { ...options, expiry });
  assert.equal(await make(), true);
  place.state.now += day;
  assert.equal(await make(), false);
  place.state.now += 2 * day;
  assert.equal(await make(), true);
});

test('a list that is empty or lost takes nothing from a school', async (context) => {
  const { directory, options } = schools(context);
  const make = () => delegateSchool(schoolsIn(directory)[0]!, { ...options, younger: 0 });
  assert.equal(await make(), true);
  const path = join(directory, 'north/d-lease.sig');
  const before = readFileSync(path);
  const isRefused = (error: unknown) => isSatchelError(error, 'school-list-empty');
  writeFileSync(join(directory, 'north/xo.csv'), '');
  await assert.rejects(make(), isRefused);
  rmSync(join(directory, 'north/xo.csv'));
  await assert.rejects(make(), isRefused);
  assert.deepEqual(readFileSync(path), before);
});

test('one list for all schools is as good, and its mistakes are told by line', async (context) => {
  const { place } = schools(context);
  const file = join(place.folder, 'all.csv');
  const folders = { keys: place.folder, output: join(place.folder, 'out') };
  const read = (text: string) => {
    writeFileSync(file, text);
    return schoolsOf(file, folders);
  };
  const found = read(`school,SN,UUID\r\nsouth,${lineOf(3)}\r\nnorth,${lineOf(2)}\r\nnorth,${lineOf(1)}\r\n`);
  assert.deepEqual(
    found.map(({ name, laptops, output }) => [name, laptops.length, output]),
    [
      ['north', 2, join(place.folder, 'out/north/d-lease.sig')],
      ['south', 1, join(place.folder, 'out/south/d-lease.sig')],
    ],
  );
  for (const [text, code, line] of [
    [`../x,${lineOf(1)}`, 'school-name-wrong', 1],
    [`north,${lineOf(1)}\n.ssh,${lineOf(1)}`, 'school-name-wrong', 2],
    [`north,${lineOf(1)}\nnorth,SHC00000001`, 'school-line-wrong', 2],
    [`north,${lineOf(1)},more`, 'school-line-wrong', 1],
    [`north,${lineOf(1)}\nnorth,${lineOf(1).replace('1273', '9999')}`, 'school-line-wrong', 2],
    ['school,SN,UUID\n', 'schools-none', undefined],
  ] as const)
    assert.throws(
      () => read(text),
      (error) => isSatchelError(error, code) && error.parameters.line === line,
      text,
    );
});
