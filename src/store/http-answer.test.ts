import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { SatchelError } from '../base/errors.ts';
import { planBody, requestHeaders } from './http-answer.ts';
import type { ReadOptions } from './store.ts';

const plan = (status: number, headers: Record<string, string>, options: ReadOptions = {}) =>
  planBody({ status, headers }, { location: 'http://host/', name: 'packs/a', options });

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof SatchelError) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('the head of an answer', () => {
  test('to a whole read gives the length', () => {
    assert.deepEqual(plan(200, { 'content-length': '10' }), { size: 10, take: 10, hasMore: false });
  });

  test('to a part gives the length of the whole', () => {
    const headers = { 'content-range': 'bytes 3-5/10', 'content-length': '3' };
    assert.deepEqual(plan(206, headers, { offset: 3, length: 3 }), { size: 10, take: 3, hasMore: false });
    const rest = { 'content-range': 'bytes 3-9/10' };
    assert.deepEqual(plan(206, rest, { offset: 3 }), { size: 10, take: 7, hasMore: false });
  });

  test('that ignores the range is used only when the part is at the start', () => {
    const headers = { 'content-length': '10' };
    assert.deepEqual(plan(200, headers, { length: 4 }), { size: 10, take: 4, hasMore: true });
    assert.deepEqual(plan(200, headers, { length: 10 }), { size: 10, take: 10, hasMore: false });
    assert.equal(
      codeOf(() => plan(200, headers, { offset: 1 })),
      'store-no-ranges',
    );
    assert.equal(
      codeOf(() => plan(200, headers, { offset: 11 })),
      'store-range',
    );
    assert.equal(
      codeOf(() => plan(200, headers, { length: 11 })),
      'store-range',
    );
  });

  test('of another part than asked for is refused', () => {
    const options = { offset: 3, length: 3 };
    for (const range of [
      'bytes 2-4/10',
      'bytes 3-6/10',
      'bytes 3-4/10',
      'bytes 3-5/*',
      'bytes */10',
      '',
      '3-5/10',
      'bytes 5-3/10',
      'items 3-5/10',
    ])
      assert.equal(
        codeOf(() => plan(206, { 'content-range': range }, options)),
        'store-wrong-answer',
        range,
      );
    assert.equal(
      codeOf(() => plan(206, { 'content-range': 'bytes 3-5/10' })),
      'store-wrong-answer',
    );
    const long = { 'content-range': 'bytes 3-5/10', 'content-length': '4' };
    assert.equal(
      codeOf(() => plan(206, long, options)),
      'store-wrong-answer',
    );
  });

  test('of a file that is too small for the part says how small it is', () => {
    const options = { offset: 8, length: 5 };
    assert.equal(
      codeOf(() => plan(206, { 'content-range': 'bytes 8-9/10' }, options)),
      'store-range',
    );
    assert.equal(
      codeOf(() => plan(416, { 'content-range': 'bytes */5' }, options)),
      'store-range',
    );
    assert.deepEqual(plan(416, { 'content-range': 'bytes */8' }, { offset: 8 }), {
      size: 8,
      take: 0,
      hasMore: true,
    });
    assert.equal(
      codeOf(() => plan(416, { 'content-range': 'bytes */9' }, { offset: 8 })),
      'store-wrong-answer',
    );
    assert.equal(
      codeOf(() => plan(416, {}, { offset: 8 })),
      'store-wrong-answer',
    );
  });

  test('above the limit is refused, whole or in part', () => {
    assert.equal(
      codeOf(() => plan(200, { 'content-length': '11' }, { limit: 10 })),
      'store-too-long',
    );
    const part = { 'content-range': 'bytes 1-1/11' };
    assert.equal(
      codeOf(() => plan(206, part, { offset: 1, length: 1, limit: 10 })),
      'store-too-long',
    );
  });

  test('without a length is taken only for small files', () => {
    assert.deepEqual(plan(200, {}, { limit: 10 }), { size: undefined, take: undefined, hasMore: false });
    assert.equal(
      codeOf(() => plan(200, {})),
      'store-wrong-answer',
    );
    assert.equal(
      codeOf(() => plan(200, { 'content-length': '1e3' })),
      'store-wrong-answer',
    );
    assert.equal(
      codeOf(() => plan(200, { 'content-length': '10, 10' })),
      'store-wrong-answer',
    );
  });

  test('with an encoding is refused', () => {
    const headers = { 'content-length': '10', 'content-encoding': 'gzip' };
    assert.equal(
      codeOf(() => plan(200, headers)),
      'store-wrong-answer',
    );
    assert.equal(
      codeOf(() => plan(200, { ...headers, 'content-encoding': 'identity' })),
      'accepted',
    );
  });

  test('of every status is sorted by what helps', () => {
    const expected: [string, number[]][] = [
      ['store-not-found', [404, 410]],
      ['store-refused', [400, 401, 403, 405, 407, 451]],
      ['store-unreachable', [408, 425, 429, 500, 502, 503, 504, 599]],
      ['store-wrong-answer', [0, 100, 201, 204, 304, 300]],
    ];
    for (const [code, statuses] of expected)
      for (const status of statuses)
        assert.equal(
          codeOf(() => plan(status, {})),
          code,
          String(status),
        );
  });

  test('tells how long a busy server wants to be left alone', () => {
    const pause = (value: string) => {
      try {
        plan(503, { 'retry-after': value });
      } catch (error) {
        if (error instanceof SatchelError) return error.parameters.retryAfter;
      }
      return assert.fail();
    };
    assert.equal(pause('120'), 120);
    assert.equal(pause('Fri, 31 Dec 1999 23:59:59 GMT'), undefined);
  });

  test('whatever it holds gives a plan or a sentence', () => {
    const header = fc.oneof(
      fc.string(),
      fc.constantFrom('bytes 0-9/10', '10', '*/10', 'bytes 0-0/99999999999999999999'),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(200, 206, 416, 302),
        header,
        header,
        fc.nat(12),
        fc.nat(12),
        (status, range, length, offset, count) => {
          const headers = { 'content-range': range, 'content-length': length };
          codeOf(() => plan(status, headers, { offset, length: count + 1 }));
        },
      ),
    );
  });
});

test('a range is asked for only when a part is wanted', () => {
  assert.equal(requestHeaders({}).Range, undefined);
  assert.equal(requestHeaders({ offset: 5 }).Range, 'bytes=5-');
  assert.equal(requestHeaders({ length: 5 }).Range, 'bytes=0-4');
  assert.equal(requestHeaders({ offset: 5, length: 1 }).Range, 'bytes=5-5');
});
