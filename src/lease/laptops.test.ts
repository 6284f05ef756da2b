import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { isSatchelError } from '../base/errors.ts';
import type { Laptop } from './laptop.ts';
import { tableOf } from './laptop-table.ts';
import { readLaptops, readLaptopTable } from './laptops.ts';
import { numberedLaptop } from './office.testkit.ts';

const lineOf = ({ serial, uuid }: Laptop) => `${serial},${uuid}`;
const [first, second, third] = [1, 2, 3].map(numberedLaptop) as [Laptop, Laptop, Laptop];

/** Keeps a list in a file that goes with the test. */
function listFile(context: TestContext): (text: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'satchel-laptops-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return (text) => {
    writeFileSync(join(folder, 'xo.csv'), text, 'latin1');
    return join(folder, 'xo.csv');
  };
}

const isWrongAt = (line: number) => (error: unknown) =>
  isSatchelError(error, 'laptops-line-wrong') && error.parameters.line === line;

test('a list is read in any order, with quotes, headings, Windows line ends and laptops that come again', (context) => {
  const file = listFile(context);
  const spreadsheet = `\u00ef\u00bb\u00bfSN,UUID\r\n"${third.serial}" ; ${third.uuid}\r\n\r\n${lineOf(first).toLowerCase()}\r\n${lineOf(third)}`;
  assert.deepEqual([...readLaptopTable(file(spreadsheet))], [first, third]);
  assert.deepEqual([...readLaptopTable(file(spreadsheet), [second, first])], [first, second, third]);
  assert.deepEqual([...readLaptopTable(undefined, [second])], [second]);
  assert.equal(readLaptopTable(file('')).length, 0);
});

test('a line that is none is told with its number, as are two UUIDs of one laptop and a line without an end', async (context) => {
  const file = listFile(context);
  const other = `${first.serial},${second.uuid}`;
  const cases: readonly (readonly [string, number])[] = [
    [`${lineOf(first)}\nnobody\n`, 2],
    [`SN,UUID\n${lineOf(first)},more\n`, 2],
    [`${lineOf(second)}\n${lineOf(first)}\n${lineOf(third)}\n${other}\n${other}`, 4],
    [`${lineOf(first)}\n${'x'.repeat(200_000)}`, 2],
  ];
  for (const [text, line] of cases) assert.throws(() => readLaptopTable(file(text)), isWrongAt(line));
  const named = [{ serial: first.serial, uuid: second.uuid }];
  assert.throws(() => readLaptopTable(file(lineOf(first)), named), isWrongAt(2));
  assert.throws(
    () => readLaptopTable(file('x').replace('xo.csv', 'absent')),
    (error) => isSatchelError(error, 'system-call-failed'),
  );
  const drain = async () => {
    for await (const _ of readLaptops(pieces(`${lineOf(first)}\nnobody`, 7), 'list'));
  };
  await assert.rejects(drain, isWrongAt(2));
});

async function* pieces(text: string, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < text.length; at += length) yield Buffer.from(text.slice(at, at + length), 'latin1');
}

test('pieces may end anywhere', async () => {
  const text = `SN,UUID\r\n${[third, first, second].map(lineOf).join('\r\n')}\r\n`;
  for (const length of [1, 2, 7, 48, 49, 50, 1000]) {
    const found: Laptop[] = [];
    for await (const laptop of readLaptops(pieces(text, length), 'list')) found.push(laptop);
    assert.deepEqual(found, [third, first, second]);
  }
});

test('a table has each laptop once, in order, and finds it', () => {
  const number = fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 0, max: 20 }));
  fc.assert(
    fc.property(fc.array(number, { maxLength: 300 }), number, (numbers, stranger) => {
      const table = tableOf(numbers.map(numberedLaptop));
      const expected = [...new Set(numbers)].sort((one, other) => one - other).map(numberedLaptop);
      assert.deepEqual([...table], expected);
      assert.equal(table.length, expected.length);
      for (const [place, laptop] of expected.entries()) {
        assert.equal(table.placeOf(laptop.serial), place);
        assert.deepEqual(table.at(place), laptop);
      }
      const isThere = numbers.includes(stranger);
      assert.equal(table.placeOf(numberedLaptop(stranger).serial) !== undefined, isThere);
    }),
  );
});
