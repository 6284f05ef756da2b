import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { when } from '../../test/doubles/when.ts';
import { isSatchelError } from '../base/errors.ts';
import { silentReporter } from '../base/progress.ts';
import { emptyDevice } from './device.fixture.ts';
import { type CheckKind, checkHealth, failureLines } from './health.ts';

function device(context: TestContext) {
  const layout = emptyDevice(context);
  const add = (kind: CheckKind, name: string, script: string, mode = 0o755) => {
    const folder = join(layout.root, 'etc/satchel/check', `${kind}.d`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), script, { mode });
  };
  const check = (options: { seconds?: number; signal?: AbortSignal } = {}) =>
    checkHealth({ layout, reporter: silentReporter, ...options });
  return { layout, add, check };
}

const sh = (text: string) => `#!/bin/sh\n${text}\n`;

test('a version without checks is in good health', async (context) => {
  assert.deepEqual(await device(context).check(), { isWell: true, results: [] });
});

test('required checks come first, each kind in the order of the names, and only programs are run', async (context) => {
  const { layout, add, check } = device(context);
  const log = join(layout.root, 'log');
  const note = (word: string) => sh(`echo ${word} >> ${log}`);
  add('wanted', '05-a', note('wanted'));
  add('required', '20-b', note('second'));
  add('required', '10-a', note('first'));
  add('required', '10-a~', note('backup'));
  add('required', '.hidden', note('hidden'));
  add('required', '15-a.dpkg-old', note('old'));
  add('required', 'README', 'not a program', 0o644);
  const { isWell, results } = await check();
  assert.equal(isWell, true);
  assert.deepEqual(
    results.map(({ name, outcome }) => [name, outcome]),
    [
      ['10-a', 'passed'],
      ['20-b', 'passed'],
      ['05-a', 'passed'],
    ],
  );
  assert.equal(readFileSync(log, 'utf8'), 'first\nsecond\nwanted\n');
});

test('what a required check says is kept, the end of it, and the version is ill', async (context) => {
  const { add, check } = device(context);
  add(
    'required',
    '10-long',
    sh('i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i + 1)); done; echo last >&2; exit 7'),
  );
  const { isWell, results } = await check();
  assert.equal(isWell, false);
  const [result] = results;
  assert.deepEqual([result?.outcome, result?.code], ['failed', 7]);
  assert.equal(result?.output.endsWith('last\n'), true);
  assert.equal(Buffer.byteLength(result?.output ?? '') <= 4096, true);
  assert.equal(failureLines(results)[0], 'satchel: check required.d/10-long: 7');
});

test('a wanted check that fails leaves the version in good health', async (context) => {
  const { add, check } = device(context);
  add('wanted', '10-x', sh('exit 1'));
  const { isWell, results } = await check();
  assert.deepEqual([isWell, results[0]?.outcome], [true, 'failed']);
});

test('a program that cannot be started has failed', async (context) => {
  const { add, check } = device(context);
  add('required', '10-x', '#!/no/such/interpreter\n');
  const { isWell, results } = await check();
  assert.equal(isWell, false);
  assert.match(String(results[0]?.code), /ENOENT/);
});

test('one that takes too long is ended with all that it has started', async (context) => {
  const { layout, add, check } = device(context);
  const child = join(layout.root, 'child');
  add('required', '10-slow', sh(`sleep 1000 & echo $! > ${child}; echo waiting; wait`));
  const { isWell, results } = await check({ seconds: 1 });
  assert.deepEqual([isWell, results[0]?.outcome, results[0]?.output], [false, 'late', 'waiting\n']);
  await when(() => isGone(Number(readFileSync(child, 'utf8'))));
});

test('one that leaves its group behind with the pipe open does not hold the device up', async (context) => {
  const { layout, add, check } = device(context);
  const child = join(layout.root, 'child');
  add(
    'required',
    '10-x',
    sh(
      `setsid sh -c 'echo $$ > ${child}.new; mv ${child}.new ${child}; exec sleep 1000' & while [ ! -e ${child} ]; do :; done; echo done`,
    ),
  );
  const { isWell, results } = await check();
  process.kill(Number(readFileSync(child, 'utf8')));
  assert.deepEqual([isWell, results[0]?.output], [true, 'done\n']);
});

test('Ctrl-C ends the check that runs', async (context) => {
  const { layout, add, check } = device(context);
  const started = join(layout.root, 'started');
  add('required', '10-x', sh(`echo $$ > ${started}.new; mv ${started}.new ${started}; exec sleep 1000`));
  const stop = new AbortController();
  const running = check({ signal: stop.signal });
  await when(() => existsSync(started));
  stop.abort();
  await assert.rejects(running, (error) => isSatchelError(error, 'cancelled'));
  await when(() => isGone(Number(readFileSync(started, 'utf8'))));
});

/** Dead, or dead and not yet waited for by whoever took it over. */
function isGone(process: number): boolean {
  try {
    return / [ZX] /.test(readFileSync(`/proc/${process}/stat`, 'utf8'));
  } catch {
    return true;
  }
}
