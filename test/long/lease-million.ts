/**
 * A million leases by the program, as an operator makes them, with a throw-away key: made for a list of all laptops (every
 * signature is a true one), verified against that list (every one), searched, renewed by a repository (as many true
 * signatures again, which nobody verifies) and taken by it (every signature is looked at again), each by a process that
 * needs less than 300 MB. It signs two million times: some ten minutes on two cores.
 * `npm run test:lease-million [COUNT]`.
 */
import assert from 'node:assert/strict';
import { createWriteStream, statSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { numberedLaptop } from '../../src/lease/office.testkit.ts';
import { openLeaseStore } from '../../src/lease/store.ts';
import { leaseDirectory } from '../../src/site/lease-directory.ts';
import { satchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';

const count = Number(process.argv[2] ?? 1_000_000);
/** Bytes of memory that no process may need. */
const most = 300e6;
/** Lists are in no order; with this prime as step each number comes once. */
const step = 7919;
const scratch = scratchFolder('lease-million');
const file = (name: string) => scratch.file(name);

/** Lets the program say at its end how much memory it had at most, in KiB (getrusage(2)). */
const telling = `data:text/javascript,${encodeURIComponent(
  "process.on('exit', () => console.error('most memory:', process.resourceUsage().maxRSS));",
)}`;
let largest = 0;

/** Runs `./satchel`, which has to end well, and prints how long it took and what it needed. */
async function run<Result>(name: string, words: readonly string[]): Promise<Result> {
  const began = performance.now();
  const { code, stdout, stderr } = await satchel([...words, '--json'], {
    environment: { NODE_OPTIONS: `--import=${telling}` },
  });
  const seconds = (performance.now() - began) / 1000;
  assert.equal(code, 0, `satchel ${words.join(' ')}\n${stdout}\n${stderr}`);
  const bytes = 1024 * Number(/most memory: (\d+)/.exec(stderr)?.[1]);
  largest = Math.max(largest, bytes);
  console.log(`${name}: ${seconds.toFixed(1)} s, ${(bytes / 1e6).toFixed(0)} MB`);
  assert.ok(bytes < most, 'too much memory');
  return JSON.parse(stdout) as Result;
}

function* list(): Generator<string> {
  yield 'SN,UUID\n';
  for (let at = 0; at < count; at += 1) {
    const { serial, uuid } = numberedLaptop((at * step) % count);
    yield `${serial},${uuid}\n`;
  }
}

try {
  await pipeline(Readable.from(list()), createWriteStream(file('xo.csv')));
  writeFileSync(file('passphrase'), 'x\n');
  const passphrase = ['--passphrase-file', file('passphrase')];
  const signing = ['--key', file('master.private'), ...passphrase];
  const laptops = ['--laptops', file('xo.csv')];
  const trust = ['--trust', file('master.public')];
  const verify = ['lease', 'verify', ...trust, ...laptops];
  await run('key made', ['lease', 'key', file('master'), ...passphrase]);

  const all = file('all.json');
  await run('leases made', [
    'lease',
    'make',
    ...signing,
    ...laptops,
    '--until',
    '2098-01-31',
    '--output',
    all,
  ]);
  console.log(`collection: ${(statSync(all).size / 1e6).toFixed(0)} MB`);
  const verified = await run<object>('all verified', [...verify, '--file', all]);
  const good = {
    good: count,
    missing: [],
    unknown: 0,
    bad: 0,
    until: '2098-01-31T00:00:00Z',
    firstBad: null,
  };
  assert.deepEqual(verified, good);
  const { serial } = numberedLaptop(count - 1);
  const found = await run<{ lines: string[] }>('the last one found', ['lease', 'find', all, serial]);
  assert.match(found.lines.join('\n'), new RegExp(`^act01: ${serial} K 20980131T000000Z sig01: `));

  const repository = ['--repo', file('origin')];
  const stolen = numberedLaptop(count >> 1).serial;
  await run('repository made', ['init', ...repository]);
  await run('one marked', ['lease', 'stolen', stolen, ...repository, '--by', 'Ana', '--reason', 'gone']);
  await run('key set', ['lease', 'set', ...repository, ...signing, ...trust]);
  const renewing = ['lease', 'renew', ...repository, '--output', file('renewed.json')];
  const renewed = await run<{ made: number; stolen: number }>('renewed', [...renewing, ...laptops]);
  assert.deepEqual([renewed.made, renewed.stolen], [count - 1, 1]);
  const again = await run<{ made: number }>('nothing due', renewing);
  assert.equal(again.made, 0);
  // Longer ones; each is believed only after a look at its signature.
  const taken = await run<{ leases: number; wrong: number }>('taken', ['lease', 'take', ...repository, all]);
  assert.deepEqual([taken.leases, taken.wrong], [count, 0]);

  const store = openLeaseStore(leaseDirectory(file('origin')));
  const began = performance.now();
  for (let at = 0; at < 100_000; at += 1) {
    const wanted = numberedLaptop((at * step) % count).serial;
    assert.ok(store.find(wanted)?.startsWith(`act01: ${wanted} K 2098`));
  }
  console.log(`100 000 found in the store: ${((performance.now() - began) / 1000).toFixed(1)} s`);
  await store.close();
  console.log(`most memory of a process: ${(largest / 1e6).toFixed(0)} MB`);
} finally {
  scratch.remove();
}
