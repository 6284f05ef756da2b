/** Delegations for many schools, and clocks that were turned back, from the command line. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { done, refused, satchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';

type Delegated = {
  readonly made: readonly { readonly school: string; readonly laptops: number }[];
  readonly kept: readonly object[];
  readonly failed: readonly { readonly school: string; readonly reason: string }[];
};

const scratch = scratchFolder('lease-schools');
const file = (name: string) => scratch.file(name);
const uuid = '1273E0EC-AEF1-9FF6-45B2-FB706DC24B8D';
const [one, two] = ['SHC00000001', 'SHC00000002'];
const passphrase = ['--passphrase-file', file('passphrase')];
const signing = ['--key', file('master.private'), ...passphrase];

before(async () => {
  writeFileSync(file('passphrase'), 'correct horse\n');
  mkdirSync(file('schools'));
  for (const name of ['master', 'schools/north']) await done(['lease', 'key', file(name), ...passphrase]);
  for (const [school, serial] of [
    ['north', one],
    ['south', two],
  ] as const) {
    mkdirSync(join(file('schools'), school));
    writeFileSync(join(file('schools'), school, 'xo.csv'), `${serial},${uuid}\n`);
  }
});
after(() => scratch.remove());

test('schools get delegations that their servers can sign by; one without a key keeps no other from it', async () => {
  const words = ['lease', 'delegate', ...signing, '--schools', file('schools'), '--younger', '7'];
  const run = async () => {
    const { code, stdout } = await satchel([...words, '--json']);
    return { code, result: JSON.parse(stdout) as Delegated };
  };
  const first = await run();
  assert.equal(first.code, 1);
  assert.deepEqual(
    first.result.made.map(({ school, laptops }) => [school, laptops]),
    [['north', 1]],
  );
  assert.deepEqual(
    first.result.failed.map(({ school }) => school),
    ['south'],
  );
  assert.match(first.result.failed[0]!.reason, /south\.public/);
  const delegations = join(file('schools'), 'north/d-lease.sig');
  const before = readFileSync(delegations);
  assert.equal((await run()).result.kept.length, 1);
  assert.deepEqual(readFileSync(delegations), before);

  const check = [
    'lease',
    'verify',
    `${one}:${uuid}`,
    '--file',
    delegations,
    '--trust',
    file('master.public'),
  ];
  assert.deepEqual((await refused(check)).code, 'option-needed', 'to whom they are nobody can guess');
  assert.equal((await done([...check, '--to', file('schools/north.public')])).good, 1);
  assert.equal((await satchel([...check, '--to', file('master.public')])).code, 1);

  const school = ['--key', file('schools/north.private'), ...passphrase, '--through', delegations];
  await done([
    'lease',
    'make',
    `${one}:${uuid}`,
    ...school,
    '--until',
    '2090-01-01',
    '--output',
    file('lease.sig'),
  ]);
  const reset = ['lease', 'reset-clock', `${one}:${uuid}`, '--current', '20110512T003512Z', '--count', '135'];
  const { line } = await done<{ line: string }>([...reset, ...school, '--time', '2026-03-02T12:00:00Z']);
  assert.match(line, /^rtc01: SHC00000001 20110512T003512Z 0000000135 20260302T120000Z sig02: /);
  writeFileSync(file('reset.sig'), `${line}\n`);
  const trust = ['--trust', file('master.public'), '--file', file('reset.sig')];
  assert.equal((await done(['lease', 'verify', `${one}:${uuid}`, ...trust])).good, 1);
});

test('what does not go together is said', async () => {
  const both = ['--schools', file('schools'), '--csv', file('all.csv')];
  assert.equal((await refused(['lease', 'delegate', ...signing, ...both])).code, 'delegate-one-list');
  assert.equal((await refused(['lease', 'delegate', ...signing])).code, 'lease-laptops-needed');
  assert.equal((await refused(['lease', 'delegate', `${one}:${uuid}`, ...signing])).code, 'option-needed');
  const reset = ['lease', 'reset-clock', `${one}:${uuid}`, ...signing, '--current', 'never'];
  assert.equal((await refused([...reset, '--count', '12345678901'])).code, 'whole-number-not-understood');
  assert.equal((await refused([...reset, '--count', '1', '--time', 'never'])).code, 'date-not-understood');
  const { line } = await done<{ line: string }>([...reset, '--count', '1']);
  assert.match(line, /^rtc01: SHC00000001 00000000T000000Z 0000000001 \d{8}T\d{6}Z sig01: /);
});
