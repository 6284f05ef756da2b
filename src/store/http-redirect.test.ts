import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { redirectTarget } from './http-redirect.ts';

const wanted = { location: 'http://a/', name: 'x', options: {} };
const follow = (from: string, target: string | undefined, hops = 0) =>
  redirectTarget(new URL(from), { target, hops, wanted }).href;
const refused = (error: unknown) => isSatchelError(error, 'store-wrong-answer');

test('a relative, another host and a better protocol are followed', () => {
  assert.equal(follow('http://a/b/c', '../d'), 'http://a/d');
  assert.equal(follow('http://a/b', 'http://other/x'), 'http://other/x');
  assert.equal(follow('http://a/b', 'https://a/b'), 'https://a/b');
  assert.equal(follow('https://a/b', '//cdn/b'), 'https://cdn/b');
});

test('a worse protocol, a strange one, nothing, and a sixth redirect are refused', () => {
  assert.throws(() => follow('https://a/b', 'http://a/b'), refused);
  assert.throws(() => follow('http://a/b', 'file:///etc/passwd'), refused);
  assert.throws(() => follow('http://a/b', undefined), refused);
  assert.throws(() => follow('http://a/b', 'http://['), refused);
  assert.equal(follow('http://a/b', '/c', 4), 'http://a/c');
  assert.throws(() => follow('http://a/b', '/c', 5), refused);
});

test('a password is not sent to another host', () => {
  assert.equal(follow('http://me:secret@a/b', '/c'), 'http://me:secret@a/c');
  assert.equal(follow('http://me:secret@a/b', 'http://other/c'), 'http://other/c');
});
