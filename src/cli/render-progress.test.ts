import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wordsIn } from './program.ts';
import { createProgressRenderer, type Loudness } from './render-progress.ts';

function setUp(options: { terminal?: boolean; loudness?: Loudness; columns?: number } = {}) {
  const output = {
    text: '',
    isTTY: options.terminal ?? false,
    columns: options.columns ?? 80,
    write(text: string) {
      output.text += text;
    },
  };
  const time = { now: 0 };
  const renderer = createProgressRenderer(output, wordsIn('en'), () => time.now, options.loudness ?? 'all');
  return { output, time, renderer };
}

test('a step on a terminal is one line with percent, amount, rate and time left', () => {
  const { output, time, renderer } = setUp({ terminal: true });
  renderer.progress({ step: 'fetch', done: 0, total: 10e6, unit: 'bytes' });
  time.now = 2000;
  renderer.progress({ step: 'fetch', done: 4e6, total: 10e6, unit: 'bytes' });
  assert.equal(
    output.text.split('\r').at(-1),
    'fetch  40 %  4.00 MB of 10.0 MB  2.00 MB/s  3.00 s left\x1b[K',
  );
  assert.ok(!output.text.includes('\n'));
});

test('the rate of a resumed step does not count what was there before', () => {
  const { output, time, renderer } = setUp({ terminal: true });
  renderer.progress({ step: 'fetch', done: 8e6, total: 10e6, unit: 'bytes' });
  time.now = 1000;
  renderer.progress({ step: 'fetch', done: 9e6, total: 10e6, unit: 'bytes' });
  assert.match(output.text, /90 % {2}9\.00 MB of 10\.0 MB {2}1\.00 MB\/s {2}1\.00 s left/);
});

test('a terminal is drawn at most ten times a second', () => {
  const { output, renderer } = setUp({ terminal: true });
  for (let done = 0; done < 1000; done += 1)
    renderer.progress({ step: 'read', done, total: 1000, unit: 'entries' });
  assert.equal(output.text.split('\r').length, 2);
});

test('the line never grows beyond the terminal', () => {
  const { output, renderer } = setUp({ terminal: true, columns: 20 });
  renderer.progress({ step: 'fetch', done: 1, total: 10e9, unit: 'bytes' });
  assert.equal(output.text.replace(/\r|\x1b\[K/g, '').length, 19);
});

test('a step that ends leaves one line with what it took', () => {
  const { output, time, renderer } = setUp();
  renderer.progress({ step: 'stage', done: 0, total: 3000, unit: 'files' });
  time.now = 12_000;
  renderer.progress({ step: 'stage', done: 3000, total: 3000, unit: 'files' });
  renderer.close();
  assert.equal(output.text, 'stage  3000 files in 12 s\n');
});

test('where there is no terminal, a long step gets a line every few seconds', () => {
  const { output, time, renderer } = setUp();
  for (; time.now <= 11_000; time.now += 100)
    renderer.progress({ step: 'fetch', done: time.now * 1000, total: 20e6, unit: 'bytes' });
  assert.equal(output.text.split('\n').length - 1, 2);
  assert.doesNotMatch(output.text, /\r|\x1b/);
});

test('two steps that run at once share the line', () => {
  const { output, time, renderer } = setUp({ terminal: true });
  renderer.progress({ step: 'fetch', done: 1, total: 4, unit: 'files' });
  time.now = 200;
  renderer.progress({ step: 'stage', done: 1, total: 2, unit: 'files' });
  assert.match(output.text, /fetch {2}25 % {2}1 of 4 files · stage {2}50 % {2}1 of 2 files/);
});

test('a step that runs once a file leaves one line, not hundreds', () => {
  const { output, renderer } = setUp();
  for (let file = 0; file < 100; file += 1)
    renderer.progress({ step: 'store', done: 10, total: 10, unit: 'bytes' });
  assert.equal(output.text, 'store  10 B in 0.00 s\n');
});

test('a notice is printed once, and the line of progress comes back below it', () => {
  const { output, renderer } = setUp({ terminal: true });
  renderer.progress({ step: 'fetch', done: 1, total: 4, unit: 'files' });
  renderer.notice('cancelled');
  renderer.notice('cancelled');
  const [, after = ''] = output.text.split('Stopped on request.\n');
  assert.equal(output.text.split('Stopped on request.').length, 2);
  assert.match(after, /fetch {2}25 %/);
});

test('with --json only notices are shown, with --quiet nothing', () => {
  for (const [loudness, expected] of [
    ['notices', /^Stopped on request\.\n {2}\S[^\n]*\n$/],
    ['silent', /^$/],
  ] as const) {
    const { output, renderer } = setUp({ terminal: true, loudness });
    renderer.progress({ step: 'fetch', done: 4, total: 4, unit: 'files' });
    renderer.notice('cancelled');
    renderer.close();
    assert.match(output.text, expected);
  }
});

test('a step without an amount tells its time alone, and is over when the next begins', () => {
  const { output, time, renderer } = setUp();
  renderer.progress({ step: 'check', done: 0, unit: 'entries' });
  time.now = 3000;
  renderer.progress({ step: 'read', done: 0, unit: 'bytes' });
  renderer.progress({ step: 'read', done: 5e6, unit: 'bytes' });
  time.now = 4000;
  renderer.progress({ step: 'sign', done: 0, unit: 'entries' });
  time.now = 9000;
  renderer.close();
  assert.equal(output.text, 'check  3.00 s\nread  5.00 MB in 1.00 s\nsign  5.00 s\n');
});
