/** Leases from the command line: made, delegated, checked as laptops check them, and found among many. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { readPrivateKey, readPublicKey } from '../../src/lease/key-files.ts';
import { laptopTime, laptopUuid, serialNumber } from '../../src/lease/laptop.ts';
import { makeDelegation } from '../../src/lease/make.ts';
import { signerOfKey } from '../../src/lease/signer.ts';
import { done, refused, satchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';

type Verified = { good: number; missing: string[]; bad: number; unknown: number; until: string | null };

const scratch = scratchFolder('lease');
const file = (name: string) => scratch.file(name);
const laptops = Array.from(
  { length: 30 },
  (_, i) => `SHC${(0xa0 + i).toString(16).padStart(8, '0').toUpperCase()}`,
);
const uuid = '1273E0EC-AEF1-9FF6-45B2-FB706DC24B8D';
const passphrase = () => ['--passphrase-file', file('passphrase')];
const list = () => ['--laptops', file('xo.csv')];

before(async () => {
  writeFileSync(file('passphrase'), 'correct horse\n');
  writeFileSync(
    file('xo.csv'),
    `SN,UUID\r\n${laptops.map((serial) => `${serial},${uuid}`).join('\r\n')}\r\n`,
  );
  for (const name of ['master', 'school']) await done(['lease', 'key', file(name), ...passphrase()]);
});
after(() => scratch.remove());

const make = (key: string, output: string, ...more: string[]) =>
  done([
    'lease',
    'make',
    '--key',
    file(`${key}.private`),
    ...passphrase(),
    ...list(),
    '--output',
    file(output),
    ...more,
  ]);
const verify = (name: string, key: string, ...words: string[]) =>
  done<Verified>(['lease', 'verify', '--file', file(name), '--trust', file(`${key}.public`), ...words]);

/** A check that ends with a report whatever it finds. */
async function satchelReport(words: readonly string[]): Promise<{ code: number | null; report: Verified }> {
  const { code, stdout } = await satchel(['lease', 'verify', ...words, '--json']);
  return { code, report: JSON.parse(stdout) as Verified };
}

describe('satchel lease', () => {
  test('a key is encrypted, readable by its owner alone, and never replaced', async () => {
    assert.equal(statSync(file('master.private')).mode & 0o777, 0o600);
    assert.match(readFileSync(file('master.private'), 'latin1'), /ENCRYPTED/);
    assert.equal(statSync(file('master.public')).size, 270);
    const before = readFileSync(file('master.public'));
    assert.equal((await refused(['lease', 'key', file('master'), ...passphrase()])).code, 'lease-key-exists');
    assert.deepEqual(readFileSync(file('master.public')), before);
  });

  test('a collection has a lease for each laptop of a list, and each takes its own', async () => {
    await make('master', 'leases.sig', '--until', '2098-01-31');
    assert.match(
      readFileSync(file('leases.sig'), 'latin1'),
      /^\[1,\{"SHC000000A0":"act01: SHC000000A0 K 20980131T000000Z sig01: /,
    );
    const found = await verify('leases.sig', 'master', ...list());
    assert.deepEqual(found, {
      ...{ good: 30, missing: [], unknown: 0, bad: 0 },
      ...{ until: '2098-01-31T00:00:00Z', firstBad: null },
    });
    const { lines } = await done<{ lines: string[] }>(['lease', 'find', file('leases.sig'), 'shc000000a5']);
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /^act01: SHC000000A5 K /);
  });

  test('a school signs for its laptops through a delegation, until that ends', async () => {
    const to = ['--to', file('school.public'), '--output', file('d-lease.sig'), '--until', '2097-12-31'];
    await done(['lease', 'delegate', '--key', file('master.private'), ...passphrase(), ...list(), ...to]);
    await make('school', 'school.sig', '--through', file('d-lease.sig'), '--until', '2098-06-30', '--bare');
    const found = await verify('school.sig', 'master', ...list());
    assert.deepEqual([found.good, found.until], [30, '2097-12-31T00:00:00Z']);
    const withoutMaster = await refused(['lease', 'verify', '--file', file('school.sig'), ...list()]);
    assert.equal(withoutMaster.code, 'option-needed');
  });

  test('a delegation that lacks a laptop makes nothing', async () => {
    const stranger = `SHC99999999:${uuid}`;
    const words = ['lease', 'make', '--key', file('school.private'), ...passphrase(), stranger];
    const more = ['--through', file('d-lease.sig'), '--until', 'never', '--output', file('none.sig')];
    const { code, exitCode } = await refused([...words, ...more]);
    assert.deepEqual([code, exitCode], ['lease-delegation-missing', 3]);
    assert.ok(!existsSync(file('none.sig')));
  });

  test('a delegation that is over makes nothing', async () => {
    const signer = signerOfKey(readPrivateKey(file('master.private'), 'correct horse'));
    const order = { signer, to: readPublicKey(file('school.public')), expiry: laptopTime(1.5e12) };
    const laptop = { serial: serialNumber(laptops[0]!), uuid: laptopUuid(uuid) };
    writeFileSync(file('over.sig'), await makeDelegation(laptop, order));
    const words = [
      'lease',
      'make',
      '--key',
      file('school.private'),
      ...passphrase(),
      `${laptops[0]}:${uuid}`,
    ];
    const more = ['--through', file('over.sig'), '--until', '2098-01-31', '--output', file('none.sig')];
    assert.equal((await refused([...words, ...more])).code, 'lease-delegation-over');
    assert.ok(!existsSync(file('none.sig')));
  });

  test('what laptops would refuse is counted and ends with code 1', async () => {
    const changed = readFileSync(file('leases.sig'), 'latin1').replace(
      'SHC000000A3 K 2098',
      'SHC000000A3 K 2099',
    );
    writeFileSync(file('changed.sig'), changed, 'latin1');
    const { code, report } = await satchelReport([
      '--file',
      file('changed.sig'),
      '--trust',
      file('master.public'),
      ...list(),
    ]);
    assert.deepEqual([code, report.good, report.bad], [1, 29, 1]);
    const other = await satchelReport([
      '--file',
      file('leases.sig'),
      '--trust',
      file('school.public'),
      ...list(),
    ]);
    assert.deepEqual([other.code, other.report.good, other.report.bad, other.report.until], [1, 0, 30, null]);
  });

  test('wrong lists, keys and files are told in a sentence, and nothing is written', async () => {
    writeFileSync(file('wrong.csv'), `${laptops[0]},${uuid}\nnobody\n`);
    const cases = [
      [
        ['--key', file('master.private'), ...passphrase(), '--laptops', file('wrong.csv')],
        'laptops-line-wrong',
      ],
      [['--key', file('master.private'), ...passphrase()], 'lease-laptops-needed'],
      [['--key', file('master.private'), ...list()], 'lease-key-locked'],
      [['--key', file('xo.csv'), ...list()], 'lease-key-unreadable'],
      [['--key', file('absent'), ...list()], 'system-call-failed'],
    ] as const;
    for (const [words, expected] of cases) {
      const until = ['--until', '2098-01-31', '--output', file('wrong.sig')];
      assert.equal((await refused(['lease', 'make', ...words, ...until])).code, expected);
      assert.ok(!existsSync(file('wrong.sig')));
    }
    const stale = ['--until', '2001-01-31', '--output', file('wrong.sig'), '--key', file('master.private')];
    for (const action of [['make'], ['delegate', '--to', file('school.public')]]) {
      const { code } = await refused(['lease', ...action, ...list(), ...stale, ...passphrase()]);
      assert.equal(code, 'lease-over-already');
    }
    const absent = ['--repo', file('nowhere'), '--until', '2098-01-31', '--output', file('wrong.sig')];
    const master = ['--key', file('master.private'), ...passphrase(), ...list()];
    assert.equal((await refused(['lease', 'make', ...master, ...absent])).code, 'repository-absent');
    assert.ok(!existsSync(file('wrong.sig')));
    const { code, exitCode } = await refused(['lease', 'find', file('leases.sig'), 'SHC00000001']);
    assert.deepEqual([code, exitCode], ['lease-not-found', 3]);
  });
});
