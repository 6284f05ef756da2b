import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { isSatchelError } from '../base/errors.ts';
import type { Parser } from './command.ts';
import {
  count,
  date,
  keptDeltas,
  listenAddress,
  oneOf,
  rate,
  sha256,
  size,
  sourceUrl,
  text,
  trustAnchor,
  version,
} from './options.ts';

const hash = 'ab'.repeat(32);

/** Every word must be refused with exit code 2, and the sentence must quote it and name the option. */
function refuses(parse: Parser<unknown>, ...words: string[]): void {
  for (const word of words) {
    assert.throws(
      () => parse(word, '--some-option'),
      (error) =>
        isSatchelError(error) && error.exitCode === 2 && error.message.startsWith(`--some-option: "${word}`),
      `"${word}" was accepted`,
    );
  }
}

test('deltas are kept from 0 to 16 builds', () => {
  assert.equal(keptDeltas('0', '--deltas'), 0);
  assert.equal(keptDeltas('16', '--deltas'), 16);
  refuses(keptDeltas, '17', '-1', '3.5', 'all', '');
});

test('a size is bytes, with decimal or binary units and fractions', () => {
  const expected = {
    '0': 0,
    '1500': 1500,
    '12 B': 12,
    '200MB': 200e6,
    '200mb': 200e6,
    '3k': 3000,
    '1.5 GB': 1.5e9,
    '16GiB': 16 * 2 ** 30,
    ' 2TB ': 2e12,
  };
  for (const [word, bytes] of Object.entries(expected)) assert.equal(size(word, '--x'), bytes, word);
});

test('what is not a size is refused', () => {
  refuses(size, '', 'MB', '-5', '5XB', '1e9', '1,5GB', '0x10', 'toString', '99999999999999TB', '1.5');
});

test('a rate is bytes a second, and bits are eighths', () => {
  assert.equal(rate('500kB', '--x'), 500e3);
  assert.equal(rate('1.5MB/s', '--x'), 1.5e6);
  assert.equal(rate('2Mbit/s', '--x'), 250e3);
  assert.equal(rate('800bit', '--x'), 100);
  refuses(rate, '', '0', 'fast', '1bit', '2Mbit/h');
});

test('a date is seconds since 1970, UTC unless it says otherwise', () => {
  const noon = Date.UTC(2007, 10, 2, 12) / 1000;
  for (const word of [
    '2007-11-02T12:00:00Z',
    '2007-11-02 12:00:00',
    '2007-11-02T12:00',
    '2007-11-02T07:00:00-05:00',
    '20071102T120000Z',
    `@${noon}`,
  ])
    assert.equal(date(word, '--x'), noon, word);
  assert.equal(date('2007-11-02', '--x'), noon - 12 * 3600);
  assert.equal(date('@-1', '--x'), -1);
  assert.equal(date('2008-02-29', '--x'), Date.UTC(2008, 1, 29) / 1000);
});

test('a date that does not exist is refused', () => {
  refuses(
    date,
    '',
    'yesterday',
    '2007-02-29',
    '2007-13-01',
    '2007-11-31',
    '2007-1-2',
    '2007-11-02T25:00',
    '@x',
  );
});

test('an address to listen on is a port with or without a host', () => {
  assert.deepEqual(listenAddress('8400', '--x'), { host: '0.0.0.0', port: 8400 });
  assert.deepEqual(listenAddress(':8400', '--x'), { host: '0.0.0.0', port: 8400 });
  assert.deepEqual(listenAddress('127.0.0.1:0', '--x'), { host: '127.0.0.1', port: 0 });
  assert.deepEqual(listenAddress('schoolserver:80', '--x'), { host: 'schoolserver', port: 80 });
  assert.deepEqual(listenAddress('[::1]:8400', '--x'), { host: '::1', port: 8400 });
  assert.deepEqual(listenAddress('[fe80::1%eth0]:80', '--x'), { host: 'fe80::1%eth0', port: 80 });
  refuses(listenAddress, '', '65536', '::1:8400', 'host', 'host:', 'http://host:80', '[::1]', 'a b:80');
});

test('a hash is 64 hex digits of either case', () => {
  assert.equal(sha256(hash.toUpperCase(), '--x'), hash);
  refuses(sha256, '', hash.slice(1), `${hash}0`, hash.replace('a', 'g'));
});

test('trust is a hash or a file', () => {
  assert.deepEqual(trustAnchor(hash, '--x'), { kind: 'sha256', sha256: hash });
  const file = import.meta.filename;
  assert.deepEqual(trustAnchor(file, '--x'), { kind: 'file', path: file });
  refuses(trustAnchor, hash.slice(1), '/nowhere/root.json', import.meta.dirname);
});

test('a source is a URL, or a directory that exists', (t) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'satchel-source-'));
  t.after(() => rmSync(directory, { recursive: true }));
  assert.equal(sourceUrl('http://site:8400/', '--x'), 'http://site:8400');
  assert.equal(sourceUrl('https://example.org/a/b//', '--x'), 'https://example.org/a/b');
  assert.equal(sourceUrl('file:///media/stick', '--x'), 'file:///media/stick');
  assert.equal(sourceUrl(directory, '--x'), pathToFileURL(directory).href);
  refuses(sourceUrl, '', 'ftp://site', 'http://', `${directory}/none`, 'http://site/?a', 'http://site/#b');
});

test('counts, versions, choices and plain words are checked', () => {
  assert.equal(count('12', '--x'), 12);
  refuses(count, '', '0', '-1', '1.5', '12345678901234567890');
  assert.equal(version('1.2.0', '--x'), '1.2.0');
  refuses(version, '', '1.2', 'v1.2.0', '1.2.0-rc1');
  assert.equal(oneOf('full')('full', '--x'), 'full');
  refuses(oneOf('full', 'quick'), '', 'Full');
  refuses(text, '');
});
