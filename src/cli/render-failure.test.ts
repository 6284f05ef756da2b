import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { SatchelError } from '../base/errors.ts';
import { describeFailure, failureObject, failureText } from './render-failure.ts';

const context = { doing: 'publish', language: 'en', environment: {} } as const;

test('an error is one line that says where, and one that says what to do', () => {
  const failure = describeFailure(
    new SatchelError('disk-full', { path: '/srv' }, { doing: 'publish a' }),
    context,
  );
  assert.match(
    failureText(failure),
    /^satchel: publish a: The disk that holds \/srv is full\.\n {2}Free some .*\n$/,
  );
  assert.equal(failure.exitCode, 1);
});

test('the sentence is in the language of the reader', () => {
  const failure = describeFailure(new SatchelError('disk-full', { path: '/srv' }), {
    ...context,
    language: 'es',
  });
  assert.match(failureText(failure), /^satchel: publish: El disco que contiene \/srv está lleno\.\n/);
});

test('the object for scripts has the code, the sentence, the hint and the parameters', () => {
  const failure = describeFailure(new SatchelError('name-not-allowed', { name: '../x' }), context);
  assert.deepEqual(failureObject(failure), {
    error: {
      code: 'name-not-allowed',
      message: 'The name "../x" is not allowed.',
      hint: failure.hint,
      doing: 'publish',
      parameters: { name: '../x' },
    },
  });
});

test('a system error that nobody caught is a sentence too', () => {
  let caught: unknown;
  try {
    readFileSync('/does/not/exist');
  } catch (error) {
    caught = error;
  }
  const failure = describeFailure(caught, context);
  assert.equal(failure.code, 'system-call-failed');
  assert.match(failure.message, /"open" on \/does\/not\/exist: .*ENOENT/);
});

test('a network error names the address', async () => {
  const first = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => first.once('listening', resolve));
  const address = first.address();
  assert.ok(typeof address === 'object' && address !== null);
  const second = createServer().listen(address.port, '127.0.0.1');
  const error = await new Promise((resolve) => second.once('error', resolve));
  first.close();
  assert.match(
    describeFailure(error, context).message,
    new RegExp(`"listen" on 127\\.0\\.0\\.1:${address.port}`),
  );
});

test('a bug of ours is one sentence, and shows its stack only on request', () => {
  const bug = new TypeError('x is not a function\nsecond line', { cause: new Error('underneath') });
  const failure = describeFailure(bug, context);
  assert.equal(failure.code, 'internal-error');
  assert.equal(failureText(failure).split('\n').length, 3);
  assert.match(failure.message, /a bug in Satchel \(TypeError: x is not a function\)/);
  const debug = describeFailure(bug, { ...context, environment: { SATCHEL_DEBUG: '1' } });
  assert.match(failureText(debug), /render-failure\.test\.ts[\s\S]*cause: Error: underneath/);
});

test('an aborted call is "cancelled" only when we were asked to stop', () => {
  const abort = new DOMException('This operation was aborted', 'AbortError');
  assert.equal(describeFailure(abort, { ...context, signal: AbortSignal.abort() }).code, 'cancelled');
  assert.equal(describeFailure(abort, context).code, 'internal-error');
});
