/**
 * A million leases, signed by a fast signer that is none: made by the store's own renewal, written as one collection,
 * taken, searched and verified, in less than 300 MB of memory. `npm run test:lease-million [COUNT]`.
 */
import assert from 'node:assert/strict';
import { createReadStream, createWriteStream, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readLeases, writeCollection } from '../../src/lease/collection.ts';
import { findLeases } from '../../src/lease/find.ts';
import { createKeyPair, readPrivateKey } from '../../src/lease/key-files.ts';
import type { Laptop } from '../../src/lease/laptop.ts';
import { numberedLaptop } from '../../src/lease/office.testkit.ts';
import { goodLeases, renewLeases } from '../../src/lease/office-renew.ts';
import { defaultOfficeSettings } from '../../src/lease/office-settings.ts';
import { openSchedule } from '../../src/lease/schedule.ts';
import { type Signer, signerOfKey } from '../../src/lease/signer.ts';
import { openLeaseStore } from '../../src/lease/store.ts';
import { verifyLeases } from '../../src/lease/verify.ts';
import { writeStreamAtomic } from '../../src/os/atomic-file.ts';
import { scratchFolder } from '../doubles/scratch.ts';

const count = Number(process.argv[2] ?? 1_000_000);
const most = 300e6;
const scratch = scratchFolder('lease-million');

/** Every thousandth laptop is checked by a true signature. */
const isTrue = (number: number) => number % 1000 === 0;

try {
  mkdirSync(scratch.file('keys'));
  const { privateFile } = createKeyPair(join(scratch.file('keys'), 'master'), 'x');
  const real = signerOfKey(readPrivateKey(privateFile, 'x'));
  const trusted = new Set(
    Array.from({ length: count / 1000 }, (_, n) => numberedLaptop(n * 1000).serial as string),
  );
  const fake = await real.sign(Buffer.from('x'));
  const signer: Signer = {
    ...real,
    sign: async (bytes) =>
      trusted.has(Buffer.from(bytes.subarray(0, 11)).toString('latin1')) ? real.sign(bytes) : fake,
  };
  const directory = scratch.file('leases');
  const clock = () => Date.parse('2026-03-02T12:00:00Z');
  const stolen = async (serial: string) => serial.endsWith('7FF');
  const timed = async <Result>(name: string, action: () => Promise<Result>): Promise<Result> => {
    const began = performance.now();
    const result = await action();
    console.log(`${name}: ${((performance.now() - began) / 1000).toFixed(1)} s, ${memory()} MB`);
    return result;
  };

  function* list(): Generator<string> {
    yield 'SN,UUID\n';
    for (let number = 0; number < count; number += 1) {
      const { serial, uuid } = numberedLaptop(number);
      yield `${serial},${uuid}\n`;
    }
  }
  await pipeline(Readable.from(list()), createWriteStream(scratch.file('xo.csv')));
  const store = openLeaseStore(directory);
  await timed('list taken', () => store.take([scratch.file('xo.csv')]));
  const rules = defaultOfficeSettings.rules;
  const tools = {
    settings: defaultOfficeSettings,
    signer,
    trust: [],
    schedule: openSchedule(rules),
  };
  const renewed = await timed('leases made', () => renewLeases({ store, tools, stolen, clock }));
  assert.equal(renewed.laptops, count);
  assert.equal(renewed.made, count - renewed.stolen);
  const again = await timed('nothing due', () => renewLeases({ store, tools, stolen, clock }));
  assert.equal(again.made, 0);

  const all = scratch.file('all.json');
  await timed('collection written', () =>
    writeStreamAtomic(all, writeCollection(goodLeases({ store, stolen, clock }))),
  );
  console.log(`collection: ${(statSync(all).size / 1e6).toFixed(0)} MB`);
  await timed('searched 20 times as the initramfs does', async () => {
    for (let at = 0; at < 20; at += 1) {
      const { serial } = numberedLaptop(Math.floor((at * count) / 20));
      assert.match(findLeases(all, serial) ?? '', new RegExp(`^act01: ${serial} K 20260323T060000Z sig01: `));
    }
  });
  const other = openLeaseStore(scratch.file('site'));
  await timed('taken by a site', () => other.take([all]));
  await timed('100 000 found in the store', async () => {
    for (let at = 0; at < 100_000; at += 1) {
      const { serial } = numberedLaptop((at * 7919) % count);
      if (!(await stolen(serial))) assert.ok(other.find(serial)?.startsWith(`act01: ${serial} `));
    }
  });
  const laptops: Laptop[] = [];
  for (let number = 0; number < count; number += 1) if (isTrue(number)) laptops.push(numberedLaptop(number));
  const verified = await timed('verified', () =>
    verifyLeases(readLeases(createReadStream(all)), { laptops, keys: [real.publicKey], now: clock() }),
  );
  assert.deepEqual([verified.bad, verified.missing.length, verified.good], [0, 0, laptops.length]);
  assert.equal(verified.unknown, renewed.made - laptops.length);
  await store.close();
  await other.close();
  console.log(`most memory: ${memory()} MB`);
  assert.ok(memory() * 1e6 < most, 'too much memory');
} finally {
  scratch.remove();
}

/** The most that this process has had, in millions of bytes (proc(5), `VmHWM`). */
function memory(): number {
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Math.round((Number(kilobytes) * 1024) / 1e6);
}
