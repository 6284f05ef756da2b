/** Records as the old laptops read them: a reader of their rules that shares no code with ours, and every changed byte. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { oats } from '../../src/formats/signature-line.testkit.ts';
import { parseKeyLine, parseSignatureLine, rsaKeyId, verifyLine } from '../../src/formats/signature-line.ts';
import { writeCollection } from '../../src/lease/collection.ts';
import { laptopUuid, serialNumber } from '../../src/lease/laptop.ts';
import { leasePlace, numberedLaptop } from '../../src/lease/office.testkit.ts';
import * as vectors from '../../src/lease/records.testkit.ts';
import { parseRecord, verifyDelegation, verifyRecord } from '../../src/lease/records.ts';
import {
  bootsWith,
  clockFrom,
  isDelegated,
  isDeveloper,
  type OldLaptop,
  searchCollection,
} from '../doubles/firmware-reader.ts';

const sn = 'SHC00000001';
const uuid = '1273E0EC-AEF1-9FF6-45B2-FB706DC24B8D';
const clock = '20260302T120000Z';
const master = Buffer.from(vectors.masterKeyHex, 'hex');
const server = Buffer.from(vectors.serverKeyHex, 'hex');
const old: OldLaptop = { sn, uuid, keys: [master] };

const laptop = { serial: serialNumber(sn), uuid: laptopUuid(uuid) };
const keys = [parseKeyLine(`key01: ${vectors.masterKeyHex}`)];
const now = Date.parse('2026-03-02T12:00:00Z');

/** Whether our own code takes a line. */
function isOurs(line: string): boolean {
  try {
    const record = parseRecord(line);
    if (record.type === 'del01') {
      const to = parseKeyLine(`key01: ${vectors.serverKeyHex}`);
      verifyDelegation(record, to, { laptop, keys, now });
    } else verifyRecord(record, { laptop, keys, now });
    return true;
  } catch {
    return false;
  }
}

const current = '20110512T003512Z';
const isReset = (line: string) => clockFrom(line, old, current) !== undefined;
const isLease = (line: string) => bootsWith(line, old, clock) === 'run';

/** Every kind of record, and what an old laptop says to it. */
const records: Readonly<Record<string, readonly [line: string, isTaken: (line: string) => boolean]>> = {
  'a lease': [vectors.leaseDirect, isLease],
  'a lease that names its laptop': [vectors.leaseBound, isLease],
  'a lease by a school': [vectors.leaseThrough, isLease],
  'a developer key': [vectors.developerKey, (line) => isDeveloper(line, old, clock)],
  'a reset of the clock': [vectors.clockReset, isReset],
  'a reset by a school': [vectors.clockResetThrough, isReset],
  'a delegation': [
    `del01: ${sn} ${uuid} ${vectors.delegation}`,
    (line) => isDelegated(line, server, old, clock),
  ],
};

describe('the records of the old tools', () => {
  for (const [name, [line, isTaken]] of Object.entries(records))
    test(`${name} is taken, and with any one byte changed it is not`, () => {
      assert.ok(isTaken(line), 'by the old reader');
      assert.ok(isOurs(line), 'by ours');
      const bytes = Buffer.from(line, 'latin1');
      for (let at = 0; at < bytes.length; at += 1) {
        const changed = Buffer.from(bytes);
        // Each bit has its turn; a digit becomes another digit where that is possible.
        changed[at] = bytes[at]! ^ (1 << (at % 8));
        const text = changed.toString('latin1');
        assert.equal(isTaken(text), false, `the old reader takes byte ${at} changed`);
        assert.equal(isOurs(text), false, `ours takes byte ${at} changed`);
        const digit = '0123456789abcdef'.indexOf(line[at]!);
        if (digit < 0) continue;
        const other = `${line.slice(0, at)}${((digit + 1 + (at % 15)) % 16).toString(16)}${line.slice(at + 1)}`;
        assert.equal(isTaken(other), false, `the old reader takes digit ${at} changed`);
        assert.equal(isOurs(other), false, `ours takes digit ${at} changed`);
      }
    });

  test('an answer of the theft-deterrence protocol holds for its bytes alone', () => {
    const bytes = Buffer.from('["oatc-resp",1,{"nonce":"12345678","time":"20260101T000000Z"}]');
    const key = keys[0]!;
    const isTaken = (message: Uint8Array, line: string) => {
      try {
        return verifyLine(key, message, parseSignatureLine(line)) && line.includes(` ${rsaKeyId(key)} `);
      } catch {
        return false;
      }
    };
    assert.ok(isTaken(bytes, oats));
    const flipped = (of: Buffer, at: number) => {
      const changed = Buffer.from(of);
      changed[at] = of[at]! ^ (1 << (at % 8));
      return changed;
    };
    for (let at = 0; at < bytes.length; at += 1) assert.equal(isTaken(flipped(bytes, at), oats), false);
    const line = Buffer.from(oats, 'latin1');
    for (let at = 0; at < line.length; at += 1)
      assert.equal(isTaken(bytes, flipped(line, at).toString('latin1')), false, `byte ${at}`);
  });

  test('hold for one laptop, until they end, and by no other key', () => {
    const lease = vectors.leaseDirect;
    assert.equal(bootsWith(`act01: SHC00000009 K nothing\n${lease}\n`, old, clock), 'run');
    assert.equal(bootsWith(`${lease.slice(0, -1)}0\n${lease}\n`, old, clock), 'act', 'the first one decides');
    assert.equal(bootsWith(lease, old, '21000101T000000Z'), 'act');
    assert.equal(bootsWith(lease, old, '20060101T000000Z'), 'act', 'the clock was never set');
    assert.equal(bootsWith(lease, { ...old, keys: [server] }, clock), 'act');
    assert.equal(bootsWith(lease, { ...old, uuid: uuid.replace('1', '2') }, clock), 'act');
    const groups = vectors.leaseThrough.split(' sig02: ')[1]!.split(' ');
    const swapped = [...groups.slice(4), ...groups.slice(0, 4)].join(' ');
    assert.equal(isLease(vectors.leaseThrough.replace(groups.join(' '), swapped)), false);
    assert.equal(isOurs(vectors.leaseThrough.replace(groups.join(' '), swapped)), false);
  });
});

const keyFile = ({ folder }: { readonly folder: string }, name: string) =>
  readFileSync(join(folder, `${name}.public`));

describe('what an office makes', () => {
  const day = 86_400_000;
  for (const name of ['master', 'school'] as const)
    test(`is taken by the old laptops: by the ${name} key`, async (context: TestContext) => {
      const place = leasePlace(context);
      const laptops = [1, 2, 3].map(numberedLaptop);
      await place.know(...laptops);
      if (name === 'school') await place.delegate(place.state.now + 365 * day, ...laptops);
      place.useKey(name);
      const office = place.office();
      const entries = await Promise.all(
        laptops.map(async ({ serial }) => {
          const answer = await office.leaseFor(serial);
          return { serial, lines: answer.kind === 'lease' ? answer.lines : '' };
        }),
      );
      const collection = Buffer.concat(await Array.fromAsync(writeCollection(entries))).toString('latin1');
      for (const { serial, uuid: own } of laptops) {
        const reader = { sn: serial, uuid: own, keys: [keyFile(place, 'master')] };
        const lines = searchCollection(collection, serial) ?? '';
        assert.equal(bootsWith(lines, reader, clock), 'run');
        assert.equal(bootsWith(lines, reader, '20260401T000000Z'), 'act');
        assert.equal(bootsWith(lines, { ...reader, keys: [keyFile(place, 'school')] }, clock), 'act');
        const reset = (await office.clockReset(serial, '00000000T000000Z', 3)) ?? '';
        assert.equal(clockFrom(reset, reader, '00000000T000000Z'), clock);
        assert.equal(clockFrom(reset, reader, '20000101T000000Z'), undefined);
      }
    });
});
