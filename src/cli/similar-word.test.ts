import assert from 'node:assert/strict';
import { test } from 'node:test';
import { similarWord } from './similar-word.ts';

const commands = ['publish', 'update', 'verify', 'list', 'device init'];

test('a slip of the finger finds the word that was meant', () => {
  assert.equal(similarWord('publis', commands), 'publish');
  assert.equal(similarWord('udpate', commands), 'update');
  assert.equal(similarWord('lst', commands), 'list');
  assert.equal(similarWord('--steam', ['--stream', '--name']), '--stream');
});

test('a word unlike all others finds none', () => {
  assert.equal(similarWord('frobnicate', commands), undefined);
  assert.equal(similarWord('x', commands), undefined);
  assert.equal(similarWord('', commands), undefined);
  assert.equal(similarWord('anything', []), undefined);
});
