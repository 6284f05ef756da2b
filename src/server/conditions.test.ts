import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeConditions } from './conditions.ts';

const etag = '"abc"';

test('without conditions the answer is sent', () => {
  assert.equal(judgeConditions({}, etag), 'send');
});

test('If-None-Match compares weakly and takes lists and the star', () => {
  for (const list of [etag, `W/${etag}`, `"x", ${etag}`, '*', ' * ']) {
    assert.equal(judgeConditions({ 'if-none-match': list }, etag), 'not-modified', list);
  }
  for (const list of ['"x"', 'abc', '', '"abc', '"a,b"']) {
    assert.equal(judgeConditions({ 'if-none-match': list }, etag), 'send', list);
  }
});

test('If-Match compares strongly and comes first', () => {
  assert.equal(judgeConditions({ 'if-match': etag, 'if-none-match': etag }, etag), 'not-modified');
  assert.equal(judgeConditions({ 'if-match': '*' }, etag), 'send');
  for (const list of ['"x"', `W/${etag}`]) {
    assert.equal(
      judgeConditions({ 'if-match': list, 'if-none-match': etag }, etag),
      'precondition-failed',
      list,
    );
  }
});

test('If-Range keeps the part only for exactly this file', () => {
  assert.equal(judgeConditions({ 'if-range': etag }, etag), 'send');
  for (const validator of ['"x"', `W/${etag}`, 'Fri, 20 Nov 2026 11:00:00 GMT', '']) {
    assert.equal(judgeConditions({ 'if-range': validator }, etag), 'range-ignored', validator);
  }
});
