import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isSatchelError } from '../base/errors.ts';
import { makeDictionaryFrame, readDictionaryFrame } from './dictionary-frame.ts';

const refuses = (attempt: () => unknown) =>
  assert.throws(attempt, (error) => isSatchelError(error, 'delta-damaged'));

const base = Buffer.concat(Array.from({ length: 64 }, (_, n) => hash('sha256', `${n}`, 'buffer')));
const target = Buffer.concat([base.subarray(100), Buffer.from('new'), base.subarray(0, 500)]);

describe('a frame with a dictionary', () => {
  test('comes out as it went in', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(bytes, bytes, (one, other) => {
        const whole = Buffer.concat([other, one, other]);
        const frame = makeDictionaryFrame(one, whole)!;
        assert.ok(readDictionaryFrame(one, frame, whole.length).equals(whole));
      }),
    );
  });

  test('holds hardly more than what is new', () => {
    assert.ok(makeDictionaryFrame(base, target)!.length < 100);
  });

  test('is not made of old content that looks like a trained dictionary, or of none', () => {
    const mark = Buffer.from([0x37, 0xa4, 0x30, 0xec]);
    assert.equal(makeDictionaryFrame(Buffer.concat([mark, base]), target), undefined);
    assert.equal(makeDictionaryFrame(Buffer.alloc(0), target), undefined);
    const frame = makeDictionaryFrame(base, target)!;
    refuses(() => readDictionaryFrame(Buffer.concat([mark, base]), frame, target.length));
    refuses(() => readDictionaryFrame(Buffer.alloc(0), frame, target.length));
  });

  test('is refused when it is damaged, of another length, or followed by more', () => {
    const frame = makeDictionaryFrame(base, target)!;
    refuses(() => readDictionaryFrame(base, frame.subarray(0, -1), target.length));
    refuses(() => readDictionaryFrame(base, Buffer.concat([frame, Buffer.of(0)]), target.length));
    refuses(() => readDictionaryFrame(base, frame, target.length + 1));
    refuses(() => readDictionaryFrame(base.subarray(0, 9), frame, target.length));
  });
});
