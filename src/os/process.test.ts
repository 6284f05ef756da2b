import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findProgram, type ProcessOutcome, runFilter } from './process.ts';

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

/** Never gives a second piece; `state.closed` when it was told to stop. */
async function* endless(state: { closed: boolean }): AsyncGenerator<Uint8Array> {
  try {
    for (;;) yield Buffer.alloc(65_536, 'x');
  } finally {
    state.closed = true;
  }
}

const hanging: AsyncIterable<Uint8Array> = {
  [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}), return: () => new Promise(() => {}) }),
};

const shell = (script: string, input: AsyncIterable<Uint8Array>, signal?: AbortSignal) => {
  const outcomes: ProcessOutcome[] = [];
  const output = runFilter({
    program: '/bin/sh',
    arguments: ['-c', script],
    input,
    signal,
    judge(outcome) {
      outcomes.push(outcome);
      return outcome.exitCode === 0 ? undefined : new Error('judged');
    },
  });
  return { output, outcomes };
};

async function collect(source: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts).toString();
}

test('what goes in comes out transformed', async () => {
  assert.equal(await collect(shell('tr a-z A-Z', pieces('ab', 'cd')).output), 'ABCD');
});

test('more than any pipe holds goes through unchanged', async () => {
  const text = 'x'.repeat(1_000_000);
  assert.equal((await collect(shell('cat', pieces(text, text, text)).output)).length, 3_000_000);
});

test('a failure is judged with exit code and standard error, in the C locale', async () => {
  const { output, outcomes } = shell('cat >/dev/null; echo "$LC_ALL broke" >&2; exit 3', pieces('a'));
  await assert.rejects(collect(output), /judged/);
  assert.deepEqual(outcomes, [{ exitCode: 3, signal: null, standardError: 'C broke\n' }]);
});

test('a flood on standard error neither blocks nor fills memory', async () => {
  const { output, outcomes } = shell('head -c 1000000 /dev/zero >&2; exit 1', pieces('a'));
  await assert.rejects(collect(output), /judged/);
  assert.equal(outcomes[0]?.standardError.length, 4096);
});

test('a process that does not read its input to the end does not hang, and the input is told', async () => {
  const state = { closed: false };
  assert.equal(await collect(shell('head -c 3', endless(state)).output), 'xxx');
  assert.equal(state.closed, true);
});

test('a process that fails while its input hangs still ends', async () => {
  await assert.rejects(collect(shell('exit 1', hanging).output), /judged/);
});

test('a signal that ended the process is told', async () => {
  const { output, outcomes } = shell('kill -TERM $$', pieces());
  await assert.rejects(collect(output), /judged/);
  assert.equal(outcomes[0]?.signal, 'SIGTERM');
});

test('an error of the input comes out as it is, and the process is gone', async () => {
  const failing = (async function* () {
    yield Buffer.from('a');
    throw new Error('input broke');
  })();
  await assert.rejects(collect(shell('cat', failing).output), /input broke/);
});

test('stopping early kills the process and waits until it is gone', async () => {
  const state = { closed: false };
  let pid = 0;
  for await (const part of shell('echo $$; exec cat', endless(state)).output) {
    pid = Number(Buffer.from(part).toString().split('\n')[0]);
    break;
  }
  assert.equal(existsSync(`/proc/${pid}`), false);
  assert.equal(state.closed, true);
});

test('an aborted signal kills the process and throws "cancelled"', async () => {
  const abort = new AbortController();
  const { output, outcomes } = shell('echo $$; exec sleep 1000', hanging, abort.signal);
  const iterator = output[Symbol.asyncIterator]();
  const pid = Number(Buffer.from((await iterator.next()).value!).toString());
  abort.abort();
  await assert.rejects(iterator.next(), { code: 'cancelled' });
  assert.equal(existsSync(`/proc/${pid}`), false);
  assert.deepEqual(outcomes, []);
});

test('a signal that was aborted before starts nothing', async () => {
  await assert.rejects(collect(shell('echo started', pieces(), AbortSignal.abort()).output), {
    code: 'cancelled',
  });
});

test('a program that cannot be started is judged like one that failed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'satchel-process-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(`${folder}/broken`, '#!/no/such/interpreter\n', { mode: 0o755 });
  const judge = ({ exitCode, standardError }: ProcessOutcome) => new Error(`${exitCode}: ${standardError}`);
  for (const program of [`${folder}/missing`, `${folder}/broken`]) {
    const output = runFilter({ program, arguments: [], input: pieces('a'), judge });
    await assert.rejects(collect(output), /null: spawn .*E/);
  }
});

test('programs are found on the search path, the first name first', () => {
  assert.match(findProgram('no-such-program', 'sh') ?? '', /\/sh$/);
  assert.equal(findProgram('no-such-program'), undefined);
});
