import assert from 'node:assert/strict';
import { chmodSync, linkSync, lstatSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Sha256 } from '../base/identifiers.ts';
import { temporaryFolder } from './device.fixture.ts';
import { clearRow, createLedger, readLedger, rowMatches, setRow, writeLedger } from './ledger.ts';

const index = 'ab'.repeat(32) as Sha256;
const stat = (path: string) => lstatSync(path, { bigint: true });

test('rows come back exactly, also times before 1970', (context) => {
  const folder = temporaryFolder(context);
  const path = join(folder, 'file');
  writeFileSync(path, 'content');
  utimesSync(path, new Date(-1500), new Date(-1500));
  const ledger = createLedger(index, 3);
  setRow(ledger, 1, stat(path));
  writeLedger(join(folder, 'ledger'), ledger);
  const read = readLedger(join(folder, 'ledger'), index, 3);
  assert.deepEqual(read?.bytes, ledger.bytes);
  assert.ok(rowMatches(read!, 1, stat(path)));
  assert.ok(!rowMatches(read!, 0, stat(path)), 'a row that is not known matches nothing');
});

test('a further name changes nothing, everything else does', (context) => {
  const folder = temporaryFolder(context);
  const path = join(folder, 'file');
  writeFileSync(path, 'content');
  const ledger = createLedger(index, 1);
  setRow(ledger, 0, stat(path));
  linkSync(path, join(folder, 'name'));
  assert.ok(rowMatches(ledger, 0, stat(path)));
  chmodSync(path, 0o600);
  assert.ok(!rowMatches(ledger, 0, stat(path)));
  setRow(ledger, 0, stat(path));
  writeFileSync(path, 'CONTENT');
  assert.ok(!rowMatches(ledger, 0, stat(path)));
});

test('a row that was cleared matches nothing', (context) => {
  const folder = temporaryFolder(context);
  const ledger = createLedger(index, 1);
  setRow(ledger, 0, stat(folder));
  assert.ok(rowMatches(ledger, 0, stat(folder)));
  clearRow(ledger, 0);
  assert.ok(!rowMatches(ledger, 0, stat(folder)));
});

test('a ledger that is absent, cut, changed anywhere, or of another index counts as none', (context) => {
  const path = join(temporaryFolder(context), 'ledger');
  assert.equal(readLedger(path, index, 2), undefined);
  writeLedger(path, createLedger(index, 2));
  assert.ok(readLedger(path, index, 2));
  assert.equal(readLedger(path, 'cd'.repeat(32) as Sha256, 2), undefined);
  assert.equal(readLedger(path, index, 3), undefined);
  const bytes = readFileSync(path);
  for (let position = 0; position < bytes.length; position += 1) {
    const changed = Buffer.from(bytes);
    changed[position] = bytes[position]! ^ 0x10;
    writeFileSync(path, changed);
    assert.equal(readLedger(path, index, 2), undefined, `byte ${position}`);
  }
  writeFileSync(path, bytes.subarray(0, -1));
  assert.equal(readLedger(path, index, 2), undefined);
});
