import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { parseCanonicalJson } from '../formats/canonical-json.ts';
import { type LeaseEntry, readLeases, writeCollection } from './collection.ts';
import { findLeases } from './find.ts';
import { serialNumber } from './laptop.ts';
import { leaseBound, leaseDirect } from './records.testkit.ts';

const folder = mkdtempSync(join(tmpdir(), 'satchel-leases-'));
after(() => rmSync(folder, { recursive: true }));

const entries = fc.uniqueArray(fc.nat(0xffffffff), { maxLength: 40 }).map((numbers) =>
  numbers
    .map((number) => serialNumber(`SHC${number.toString(16).padStart(8, '0')}`))
    .sort()
    .map((serial): LeaseEntry => ({ serial, lines: linesOf(serial) })),
);

function linesOf(serial: string): string {
  const lines = [leaseDirect, leaseBound].slice(0, 1 + (serial.charCodeAt(10) % 2));
  return lines.map((line) => `${line.replaceAll('SHC00000001', serial)}\n`).join('');
}

async function* pieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

async function written(list: readonly LeaseEntry[]): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(writeCollection(list)));
}

describe('a collection', () => {
  test('is canonical JSON of the form that laptops search', async () => {
    await fc.assert(
      fc.asyncProperty(entries, async (list) => {
        const value = parseCanonicalJson(await written(list), 'bytes');
        const expected = Object.fromEntries(list.map(({ serial, lines }) => [serial, lines]));
        assert.deepEqual(JSON.parse(JSON.stringify(value)), [1, expected]);
      }),
    );
  });

  test('is read as it was written, whatever the pieces it comes in', async () => {
    await fc.assert(
      fc.asyncProperty(entries, fc.integer({ min: 1, max: 5000 }), async (list, length) => {
        const read = await Array.fromAsync(readLeases(pieces(await written(list), length)));
        assert.deepEqual(read, list);
      }),
      { numRuns: 60 },
    );
  });

  test('and a bare file give each laptop its records', async () => {
    await fc.assert(
      fc.asyncProperty(entries, async (list) => {
        const path = join(folder, 'leases.sig');
        const bare = Buffer.from(list.map(({ lines }) => lines).join(''));
        for (const bytes of [await written(list), bare]) {
          writeFileSync(path, bytes);
          for (const { serial, lines } of list) assert.equal(findLeases(path, serial), lines);
          const absent = serialNumber('CSN00000000');
          assert.equal(findLeases(path, absent), undefined);
        }
        assert.deepEqual(await Array.fromAsync(readLeases(pieces(bare, 700))), list);
      }),
      { numRuns: 40 },
    );
  });

  test('that was cut or changed in its form is refused with its place', async () => {
    const list = ['SHC00000001', 'SHC00000002'].map((serial) => ({
      serial: serialNumber(serial),
      lines: linesOf(serial),
    }));
    const whole = await written(list);
    const wrong = [
      whole.subarray(0, whole.length - 2),
      whole.subarray(0, 900),
      Buffer.concat([whole, Buffer.from('x')]),
      Buffer.from(whole.toString().replace(',"', ', "')),
      Buffer.from(whole.toString().replace('SHC00000002":', 'SHC00000001":')),
      Buffer.from('neither\n'),
    ];
    for (const bytes of wrong)
      await assert.rejects(Array.fromAsync(readLeases(pieces(bytes, 100))), { code: 'leases-invalid' });
  });

  test('is not written out of order', async () => {
    const serial = serialNumber('SHC00000001');
    const entry = { serial, lines: linesOf(serial) };
    await assert.rejects(written([entry, entry]), { code: 'leases-out-of-order' });
  });
});
