import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemErrorCode } from './errors.ts';

test('errors that Node.js has no name for have their name of Linux', () => {
  const error = (code: unknown) => Object.assign(new Error('x'), { code });
  assert.equal(systemErrorCode(error('Unknown system error -117')), 'EUCLEAN');
  assert.equal(systemErrorCode(error('Unknown system error -74')), 'EBADMSG');
  assert.equal(systemErrorCode(error('ENOENT')), 'ENOENT');
  assert.equal(systemErrorCode(error('Unknown system error -9999')), 'Unknown system error -9999');
  assert.equal(systemErrorCode(error(5)), undefined);
});
