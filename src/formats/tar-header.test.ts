import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { headerFormat, headerName, headerNumber, isHeader, isZeroBlock, numberAt } from './tar-header.ts';

const number = (field: string) => numberAt(Buffer.from(field, 'latin1'), 0, field.length);

test('octal numbers are read between spaces and zero bytes, as any tar has written them', () => {
  assert.equal(number('0000644\0'), 0o644);
  assert.equal(number('   644 \0'), 0o644);
  assert.equal(number('644     '), 0o644);
  assert.equal(number('77777777'), 0o77777777);
  assert.equal(number('644\0abc\0'), 0o644);
  assert.equal(number('        '), 0);
  assert.equal(number('\0\0\0\0\0\0\0\0'), 0);
});

test('base-256 numbers are read, negative ones too', () => {
  assert.equal(number('\x80\0\0\0\0\0\0\x05'), 5);
  assert.equal(number('\x80\0\0\x01\0\0\0\0'), 2 ** 32);
  assert.equal(number('\xff\xff\xff\xff\xff\xff\xff\xfe'), -2);
});

test('what is no number is told from zero', () => {
  for (const field of [
    '000064a\0',
    '9999999\0',
    '-1\0',
    '12 3\0',
    '\x001234\0',
    '\xc0\0\0\0',
    '0x12',
    '\x81\0\0\x01',
  ]) {
    assert.equal(number(field), undefined, JSON.stringify(field));
  }
  assert.equal(number('\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff'), undefined);
});

test('any number of octal digits or of base 256 reads back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0o77777777777 }), fc.maxSafeInteger(), (octal, binary) => {
      assert.equal(number(`${octal.toString(8).padStart(11, '0')}\0`), octal);
      const field = Buffer.alloc(12);
      field.writeBigInt64BE(BigInt(binary), 4);
      field.fill(binary < 0 ? 0xff : 0, 1, 4);
      field[0] = binary < 0 ? 0xff : 0x80;
      assert.equal(numberAt(field, 0, 12), binary);
    }),
  );
});

/** A header whose checksum is that of unsigned or of signed bytes. */
function header(name: Buffer, isSigned: boolean): Buffer {
  const block = Buffer.alloc(512);
  name.copy(block);
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + (isSigned && byte > 127 ? byte - 256 : byte), 0);
  block.write(`${sum.toString(8)}\0 `, 148, 'latin1');
  return block;
}

test('checksums count, of unsigned bytes and of signed ones', () => {
  const name = Buffer.from('caf\xe9 \xff', 'latin1');
  assert.equal(isHeader(header(name, false)), true);
  assert.equal(isHeader(header(name, true)), true);
  const wrong = header(name, false);
  wrong[0]! += 1;
  assert.equal(isHeader(wrong), false);
});

test('a block of zeros is no header', () => {
  assert.equal(isHeader(Buffer.alloc(512)), false);
  assert.equal(isZeroBlock(Buffer.alloc(512)), true);
  assert.equal(isZeroBlock(Buffer.alloc(512, '\0'.repeat(511).concat('x'))), false);
});

test('the prefix is part of the name in ustar, shorter in star, and something else in old GNU headers', () => {
  const block = Buffer.alloc(512);
  block.write('name', 0);
  block.write('p'.repeat(155), 345);
  assert.equal(headerName(block, 'v7'), 'name');
  assert.equal(headerName(block, 'gnu'), 'name');
  assert.equal(headerName(block, 'ustar'), `${'p'.repeat(155)}/name`);
  block.write('tar\0', 508);
  assert.equal(headerName(block, 'ustar'), `${'p'.repeat(131)}/name`);
});

test('the format is known by its magic', () => {
  const block = Buffer.alloc(512);
  assert.equal(headerFormat(block), 'v7');
  block.write('ustar\x0000', 257);
  assert.equal(headerFormat(block), 'ustar');
  block.write('ustar  \0', 257);
  assert.equal(headerFormat(block), 'gnu');
  block.write('0001234\0', 108);
  assert.equal(headerNumber(block, 'uid'), 0o1234);
});
