import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isSatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { Serial } from '../lease/laptop.ts';
import { parseUpdatesFile } from './updates-cfg.ts';
import { chooseUpdate, type LaptopSeen } from './updates-cfg-choose.ts';

const hashes = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(64) as Sha256);
const [a = '', b = '', c = ''] = hashes;
const parse = (text: string) => parseUpdatesFile(Buffer.from(text), 'updates.cfg');
const now = Date.UTC(2026, 0, 15);
const laptop: LaptopSeen = { serial: 'SHC12900018' as Serial, stream: 'stable', vhash: a };
const chosen = (text: string, seen: Partial<LaptopSeen> = {}) =>
  chooseUpdate(parse(text), { ...laptop, ...seen }, now)?.name;

const three = `[${a}]\nname = one\n[${b}]\nname = two\n[${c}]\nname = three\n`;

describe('updates.cfg', () => {
  test('the sample of Paraguay is read', () => {
    const text = `[${a}]\nname = py802-1\npriority = normal\nupdate_path = rsync://schoolserver/build-py802-1\n`;
    const [entry] = parse(text);
    assert.deepEqual(entry, {
      ...{ hash: a, line: 1, name: 'py802-1', priority: 'normal' },
      updatePath: 'rsync://schoolserver/build-py802-1',
    });
  });

  test('remarks, other line ends, capitals, indented lines and colons are read as they are meant', () => {
    const text = `\uFEFF# ours\r\n[ ${a.toUpperCase()} ] ; the first\r\n  Name: py-1\r\n\r\n;x\r\n[${b}]\r\n\tname=py-2\r\nfrom =\r\n   ${a}\r\n   ${c}\r\nPERCENT = 2.5 %\r\n`;
    const [first, second] = parse(text);
    assert.deepEqual([first?.name, second?.name, second?.share], ['py-1', 'py-2', 250]);
    assert.deepEqual([...(second?.from ?? [])], [a, c]);
  });

  test('an empty file says nothing', () => {
    assert.deepEqual(parse('\n# later\n'), []);
  });

  const wrong: Readonly<Record<string, readonly [string, string, number]>> = {
    'a name in brackets': ['[py802-1]\nname = x\n', 'updates-cfg-header', 1],
    'a hash that is one digit short': [`[${a.slice(1)}]\nname = x\n`, 'updates-cfg-header', 1],
    'a bracket that is not closed': [`\n[${a}\nname = x\n`, 'updates-cfg-header', 2],
    'a setting before any heading': [`name = x\n[${a}]\n`, 'updates-cfg-orphan', 1],
    'a line that is nothing': [`[${a}]\nname py802\n`, 'updates-cfg-line', 2],
    'a setting that nobody knows': [`[${a}]\nname = x\nprioriti = high\n`, 'updates-cfg-unknown', 3],
    'a setting that every object has': [`[${a}]\nname = x\nconstructor = high\n`, 'updates-cfg-unknown', 3],
    'two times the same setting': [`[${a}]\nname = x\nname = y\n`, 'updates-cfg-twice', 3],
    'two times the same hash': [`[${a}]\nname = x\n[${a}]\nname = y\n`, 'updates-cfg-twice', 3],
    'two times the same name': [`[${a}]\nname = x\n[${b}]\npercent = 1\nname = x\n`, 'updates-cfg-twice', 5],
    'no name': [`[${a}]\npriority = high\n`, 'updates-cfg-incomplete', 1],
    'an empty name': [`[${a}]\nname =\n`, 'updates-cfg-value', 2],
    'a name in quotation marks': [`[${a}]\nname = "x"\n`, 'updates-cfg-value', 2],
    'a priority that nobody knows': [`[${a}]\nname = x\npriority = urgent\n`, 'updates-cfg-value', 3],
    'more than all': [`[${a}]\nname = x\npercent = 101\n`, 'updates-cfg-value', 3],
    'less than none': [`[${a}]\nname = x\npercent = -1\n`, 'updates-cfg-value', 3],
    'a percent that is a word': [`[${a}]\nname = x\npercent = ten\n`, 'updates-cfg-value', 3],
    'a day that does not exist': [`[${a}]\nname = x\nnot_before = 2026-02-30\n`, 'updates-cfg-value', 3],
    'a day the other way round': [`[${a}]\nname = x\nnot_before = 31/01/2026\n`, 'updates-cfg-value', 3],
    'a path with a space': [`[${a}]\nname = x\nupdate_path = rsync://a/ b\n`, 'updates-cfg-value', 3],
    'serial numbers with a dash': [`[${a}]\nname = x\nserials = SHC-1\n`, 'updates-cfg-value', 3],
    'a list that ends before it begins': [`[${a}]\nname = x\nfrom =\n`, 'updates-cfg-value', 3],
    'a hash of a list that was cut': [
      `[${a}]\nname = x\n[${b}]\nname = y\nfrom = ${a.slice(2)}\n`,
      'updates-cfg-value',
      5,
    ],
    'an answer that is neither yes nor no': [
      `[${a}]\nname = x\noffer_unknown = maybe\n`,
      'updates-cfg-value',
      3,
    ],
    'a condition without its sign, below a list': [
      `[${a}]\nname = x\nserials = SHC*\n  percent 10\n`,
      'updates-cfg-line',
      4,
    ],
    // Has to be said at once: a server has nothing else to do meanwhile than read this file.
    'half a million spaces': [`[${a}]\nname = x\nb${' '.repeat(500_000)}c\n`, 'updates-cfg-line', 3],
    'an entry from itself': [`[${a}]\nname = x\nfrom = ${a}\n`, 'updates-cfg-from-newer', 3],
    'an entry from a newer one': [
      `[${a}]\nname = x\nfrom = ${b}\n[${b}]\nname = y\n`,
      'updates-cfg-from-newer',
      3,
    ],
  };
  for (const [what, [text, code, line]] of Object.entries(wrong))
    test(`${what} is said with its line`, () => {
      assert.throws(
        () => parse(text),
        (error) => isSatchelError(error) && error.code === code && error.parameters.line === line,
      );
    });

  test('what is no text is said with its line', () => {
    const latin = Buffer.from(`[${a}]\nname = x\n# a\xf1o\n`, 'latin1');
    assert.throws(() => parseUpdatesFile(latin, 'f'), {
      code: 'updates-cfg-not-text',
      parameters: { path: 'f', line: 3 },
    });
    const notepad = Buffer.from(`[${a}]\nname = x\n`, 'utf16le');
    assert.throws(() => parseUpdatesFile(notepad, 'f'), { code: 'updates-cfg-not-text' });
    assert.throws(() => parseUpdatesFile(Buffer.alloc(2 ** 21), 'f'), { code: 'updates-cfg-too-large' });
  });

  test('no text at all makes the reader fail otherwise than with a sentence', () => {
    const pieces = fc.constantFrom(
      `[${a}]`,
      `[${b}]`,
      'name = x',
      'name = y',
      ' ',
      '[',
      'from =',
      ` ${a}`,
      '=',
      '#',
      'percent: 5',
    );
    const text = fc.array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 30 })), { maxLength: 12 });
    fc.assert(
      fc.property(
        text.map((lines) => lines.join('\n')),
        (given) => {
          try {
            for (const { name, hash } of parse(given)) assert.ok(name !== '' && hash.length === 64);
          } catch (error) {
            assert.ok(isSatchelError(error) && error.code.startsWith('updates-cfg-'));
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('the update that a laptop is advised to take', () => {
  test('is the newest below what it runs', () => {
    assert.equal(chosen(three), 'three');
    assert.equal(chosen(three, { vhash: b }), 'three');
    assert.equal(chosen(three, { vhash: c }), undefined);
  });

  test('is none for what is not in the file, unless an entry is for such', () => {
    const unknown = { vhash: 'e'.repeat(64) };
    assert.equal(chosen(three, unknown), undefined);
    assert.equal(chosen(three, { vhash: undefined }), undefined);
    const open = three.replace('name = two', 'name = two\noffer_unknown = yes');
    assert.equal(chosen(open, unknown), 'two');
    assert.equal(chosen(open, { vhash: undefined }), 'two');
    assert.equal(chosen(open), 'three');
    const named = three.replace('name = three', `name = three\nfrom = ${unknown.vhash}`);
    assert.equal(chosen(named, unknown), 'three');
    assert.equal(chosen(named), 'two');
  });

  const conditions: Readonly<Record<string, readonly [string, Partial<LaptopSeen>, boolean]>> = {
    'its stream': ['stream = stable, testing', {}, true],
    'another stream': ['stream = testing', {}, false],
    'its model': ['model = XO-4, XO-1*', { model: 'XO-1.5' }, true],
    'another model': ['model = XO-4', { model: 'XO-1.5' }, false],
    'a model, of one that did not tell': ['model = XO-4', {}, false],
    'its serial number': ['serials = shc129*', {}, true],
    'other serial numbers': ['serials = SHC1290001? SHC2*', { serial: 'SHC12900028' as Serial }, false],
    'a time that has come': ['not_before = 2026-01-15', {}, true],
    'a time that has not come': ['not_before = 20260115T000001Z', {}, false],
    everybody: ['percent = 100', {}, true],
    nobody: ['percent = 0', {}, false],
    'the stream none': ['stream = none', { stream: 'none' }, false],
  };
  for (const [what, [setting, seen, isOffered]] of Object.entries(conditions))
    test(`where it is for ${what}`, () => {
      const text = `[${a}]\nname = one\n[${b}]\nname = two\n${setting}\n`;
      assert.equal(chosen(text, seen), isOffered ? 'two' : undefined);
    });

  test('reaches about as many as the percentage says, and stays with them as it grows', () => {
    const file = (percent: number) => parse(`[${a}]\nname = one\n[${b}]\nname = two\npercent = ${percent}\n`);
    const [few, more] = [file(10), file(40)];
    const counts = [0, 0];
    for (let number = 0; number < 5000; number += 1) {
      const serial = `SHC${number.toString(16).toUpperCase().padStart(8, '0')}` as Serial;
      const [early, late] = [few, more].map(
        (given) => chooseUpdate(given, { ...laptop, serial }, now) !== undefined,
      );
      if (early) assert.equal(late, true);
      counts[0]! += Number(early);
      counts[1]! += Number(late);
    }
    assert.ok(Math.abs(counts[0]! - 500) < 100 && Math.abs(counts[1]! - 2000) < 150, String(counts));
  });
});
