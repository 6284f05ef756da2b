import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addPaxRecords, noRecords, paxRecord, paxTime } from './tar-pax.ts';

function parse(text: string) {
  const records = noRecords();
  addPaxRecords(records, Buffer.from(text, 'latin1'), 512);
  return records;
}

test('lengths count bytes, and values may hold line feeds, equals signs and zero bytes', () => {
  const { values } = parse('31 path=a\n12 path=b=c\nd\xc3\xa9\0\xffefg\n6 a=b\n');
  assert.deepEqual(
    [...values],
    [
      ['path', 'a\n12 path=b=c\nd\xc3\xa9\0\xffefg'],
      ['a', 'b'],
    ],
  );
});

test('a later record replaces an earlier one, and an empty value is kept as empty', () => {
  assert.deepEqual(
    [...parse('6 a=b\n6 a=c\n5 d=\n').values],
    [
      ['a', 'c'],
      ['d', ''],
    ],
  );
});

test('repeated sparse records keep their order', () => {
  const text = ['0', '10', '20', '5'].map((value, index) =>
    paxRecord(index % 2 ? 'GNU.sparse.numbytes' : 'GNU.sparse.offset', value).toString(),
  );
  assert.deepEqual(parse(text.join('')).sparse, [0, 10, 20, 5]);
  assert.throws(() => parse(text[1]!), { code: 'archive-extension-invalid' });
  assert.throws(() => parse(text[0]! + text[0]!), { code: 'archive-extension-invalid' });
});

for (const text of [
  '6 a=b',
  '7 a=b\n',
  '5 a=b\n',
  '100 a=b\n',
  '0 a=b\n',
  'a=b\n',
  '6a=bc\n',
  '-6 a=b\n',
  '5 ab\n',
  '6 =bc\n',
  '6 a=b\n\0\0',
  '99999999999999999999 a=b\n',
  '\n',
]) {
  test(`${JSON.stringify(text)} is no extended header`, () => {
    assert.throws(() => parse(text), { code: 'archive-extension-invalid', parameters: { position: 512 } });
  });
}

test('any record reads back, whatever its length does to its own number', () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-zA-Z.]{1,20}$/),
      fc.uint8Array({ maxLength: 1100 }),
      (keyword, value) => {
        const text = Buffer.from(value).toString('latin1');
        const record = paxRecord(keyword, text);
        assert.equal(Number.parseInt(record.toString(), 10), record.length);
        assert.equal(parse(record.toString('latin1')).values.get(keyword), text);
      },
    ),
  );
  for (let length = 0; length < 1100; length += 1) {
    const record = paxRecord('k', 'v'.repeat(length));
    assert.equal(Number.parseInt(record.toString(), 10), record.length);
  }
});

test('times are seconds and nanoseconds that count forward', () => {
  assert.deepEqual(paxTime('1.5'), [1, 500_000_000]);
  assert.deepEqual(paxTime('1'), [1, 0]);
  assert.deepEqual(paxTime('1.'), [1, 0]);
  assert.deepEqual(paxTime('0.000000001'), [0, 1]);
  assert.deepEqual(paxTime('-1'), [-1, 0]);
  assert.deepEqual(paxTime('-0.25'), [-1, 750_000_000]);
  assert.deepEqual(paxTime('-1.5'), [-2, 500_000_000]);
  assert.deepEqual(paxTime('-0'), [0, 0]);
});

test('what is finer than a nanosecond is rounded down', () => {
  assert.deepEqual(paxTime('1.9999999999'), [1, 999_999_999]);
  assert.deepEqual(paxTime('-1.0000000001'), [-2, 999_999_999]);
  assert.deepEqual(paxTime('-1.0000000000'), [-1, 0]);
});

test('what is no time is told', () => {
  for (const text of ['', '.', '.5', '+1', '1e3', '1,5', ' 1', '--1', '99999999999999999']) {
    assert.equal(paxTime(text), undefined, text);
  }
});
