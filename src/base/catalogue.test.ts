import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { messages, say } from './catalogue.ts';

const places = (wording: { text: string; hint?: string }) =>
  [...`${wording.text} ${wording.hint ?? ''}`.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

test('every sentence names the same parameters in English and in Spanish', () => {
  for (const [code, message] of Object.entries(messages)) {
    assert.deepEqual(places(message.es), places(message.en), code);
    assert.equal(
      message.es.hint === undefined,
      message.en.hint === undefined,
      `${code}: a hint in one language only`,
    );
  }
});

test('codes are lower-case words joined by hyphens', () => {
  for (const code of Object.keys(messages)) assert.match(code, /^[a-z0-9]+(-[a-z0-9]+)*$/);
});

test('a parameter is filled in, and one that is missing stays visible', () => {
  assert.equal(say('name-not-allowed', { name: '../x' }, 'en').text, 'The name "../x" is not allowed.');
  assert.match(say('name-not-allowed', {}, 'es').text, /\{name\}/);
});

test('every code stands in one part of the catalogue, and every part is in it', async () => {
  const directory = join(import.meta.dirname, 'catalogue');
  const found = new Map<string, object>();
  for (const file of readdirSync(directory)) {
    const parts: Record<string, Record<string, object>> = await import(join(directory, file));
    for (const [code, message] of Object.values(parts).flatMap((part) => Object.entries(part))) {
      // A part that is made of smaller ones holds the very same sentences.
      assert.equal(found.get(code) ?? message, message, `${code} stands in two parts, one of them ${file}`);
      found.set(code, message);
    }
  }
  assert.deepEqual([...found.keys()].sort(), Object.keys(messages).sort());
});

test('a parameter turns nothing and hides nothing, and letters that need joining are joined', () => {
  const shown = (name: string) => /"(.*)"/.exec(say('name-not-allowed', { name }, 'en').text)?.[1];
  assert.equal(shown('a\u202eb\u001b[2J'), 'a\\u{202e}b\\x1b[2J');
  assert.equal(shown('pay\u200cpal \u200d1'), 'pay\\u{200c}pal \\u{200d}1');
  for (const name of ['بازی\u200cها', 'क्\u200dष', 'ക്\u200d']) assert.equal(shown(name), name);
});
