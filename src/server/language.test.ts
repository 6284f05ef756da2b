import assert from 'node:assert/strict';
import { test } from 'node:test';
import { languageOfReader, prefersJson } from './language.ts';

test('the language of ours that weighs most is taken, English when there is none', () => {
  for (const [header, language] of [
    [undefined, 'en'],
    ['', 'en'],
    ['es', 'es'],
    ['es-UY,es;q=0.9,en;q=0.8', 'es'],
    ['en-GB,es;q=0.9', 'en'],
    ['en;q=0.3, es;q=0.4', 'es'],
    ['de,fr;q=0.9', 'en'],
    ['qu, es-PE;q=0.8, *;q=0.1', 'es'],
    ['es;q=0', 'en'],
    ['es;q=nonsense', 'en'],
    ['*', 'en'],
  ] as const) {
    assert.equal(languageOfReader(header), language, header);
  }
});

test('JSON is given to those who ask for it by name', () => {
  assert.equal(prefersJson('application/json'), true);
  assert.equal(prefersJson('text/html;q=0.5, application/json'), true);
  assert.equal(prefersJson('text/html,application/xhtml+xml,*/*;q=0.8'), false);
  assert.equal(prefersJson('*/*'), false);
  assert.equal(prefersJson(undefined), false);
});
