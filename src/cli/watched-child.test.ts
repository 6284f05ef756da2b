import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { when } from '../../test/doubles/when.ts';
import { runWatched } from './watched-child.ts';

const never = new AbortController().signal;
const environment = process.env;
const run = (script: string, { idle = 60_000, grace = 60_000, signal = never } = {}) =>
  runWatched(['sh', '-c', script], { environment, signal, patience: { idle, grace } });

test('a process that ends by itself is waited for, with what it said', async () => {
  const ended = await run('echo answer; echo first >&2; echo last >&2; exit 3');
  assert.deepEqual(ended, { code: 3, output: 'answer\n', complaint: 'last', isStuck: false });
});

test('a program that is not there is told', async () => {
  const patience = { idle: 1000, grace: 1000 };
  const ended = await runWatched(['/no/such/program'], { environment, signal: never, patience });
  assert.deepEqual([ended.code, ended.isStuck], [null, false]);
  assert.match(ended.complaint, /ENOENT/);
});

test('one that somebody has stopped is ended, although it cannot hear', { timeout: 30_000 }, async () => {
  const { code, isStuck } = await run('kill -STOP $$', { idle: 200, grace: 200 });
  assert.deepEqual([code, isStuck], [null, true]);
});

test('one that works on, however slowly, is left alone', { timeout: 30_000 }, async () => {
  const { output, isStuck } = await run('for i in 1 2 3 4 5 6 7 8; do sleep 0.3; echo $i; done', {
    idle: 2000,
  });
  assert.deepEqual([output.split('\n').length, isStuck], [9, false]);
});

test('asked to end it may do so at a safe place; one that will not is killed', {
  timeout: 30_000,
}, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'satchel-watched-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const stop = new AbortController();
  const [heard, unheard] = [join(folder, 'heard'), join(folder, 'unheard')];
  const loop = 'while :; do sleep 0.05; done';
  const obedient = run(`trap "echo safe; exit 0" TERM; : > ${heard}; ${loop}`, { signal: stop.signal });
  const deaf = run(`trap "" TERM; : > ${unheard}; ${loop}`, { signal: stop.signal, grace: 200 });
  await when(() => existsSync(heard) && existsSync(unheard));
  stop.abort();
  assert.deepEqual([(await obedient).code, (await obedient).output], [0, 'safe\n']);
  assert.deepEqual([(await deaf).code, (await deaf).complaint], [null, 'SIGKILL']);
});
