import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SatchelError } from '../base/errors.ts';
import { programVersion } from '../base/version.ts';
import { type Command, type CommandEntry, defineCommand } from './command.ts';
import { commandTable } from './command-table.ts';
import { flag } from './option-kinds.ts';
import { runProgram } from './program.ts';

type RunOptions = { environment?: NodeJS.ProcessEnv; signal?: AbortSignal; command?: Command };

/** Runs one command line in this process and returns all that it left behind. */
async function run(line: string, options: RunOptions = {}) {
  let output = '';
  let errors = '';
  const entry: CommandEntry = {
    section: 'any',
    summary: 'help-version',
    load: async () => options.command ?? assert.fail('no command'),
  };
  const end = await runProgram({
    words: line.split(' ').filter((word) => word !== ''),
    environment: options.environment ?? {},
    input: (async function* () {})(),
    print: async (text) => {
      output += text;
    },
    errors: {
      write(text) {
        errors += text;
      },
    },
    width: 100,
    signal: options.signal ?? new AbortController().signal,
    clock: () => 0,
    ...(options.command === undefined ? {} : { commands: { act: entry } }),
  });
  return { ...end, output, errors };
}

/** A command that returns its result, or does what `action` does. */
function acting(action: () => Promise<{ builds: number } | undefined>): Command {
  return defineCommand({
    arguments: {},
    options: { damaged: flag('option-full') },
    async run({ reporter }) {
      reporter.notice('disk-full', { path: '/srv' });
      reporter.progress({ step: 'read', done: 3, total: 3, unit: 'files' });
      return action();
    },
    show: (result: { builds: number }) => [`${result.builds} builds`],
    exitCode: (result) => (result.builds === 0 ? 1 : 0),
  });
}

test('a result is lines for people on standard output, and progress goes to standard error', async () => {
  const end = await run('act', { command: acting(async () => ({ builds: 2 })) });
  assert.equal(end.output, '2 builds\n');
  assert.match(end.errors, /The disk that holds \/srv is full[\s\S]*read {2}3 files/);
  assert.equal(end.exitCode, 0);
});

test('with --json standard output is exactly one object, and progress is silent', async () => {
  const end = await run('act --json', { command: acting(async () => ({ builds: 2 })) });
  assert.equal(end.output, '{"builds":2}\n');
  assert.doesNotMatch(end.errors, /read/);
});

test('with --quiet nothing but the result is printed', async () => {
  const end = await run('act -q', { command: acting(async () => ({ builds: 2 })) });
  assert.deepEqual([end.output, end.errors], ['2 builds\n', '']);
});

test('options without a value may stand before the command', async () => {
  const end = await run('--json act', { command: acting(async () => ({ builds: 1 })) });
  assert.equal(end.output, '{"builds":1}\n');
});

test('a result may mean another exit code', async () => {
  assert.equal((await run('act', { command: acting(async () => ({ builds: 0 })) })).exitCode, 1);
});

test('a command that keeps running says its result once, when it is ready', async () => {
  const command = defineCommand({
    arguments: {},
    options: {},
    async run(_call, emit: (result: { url: string }) => Promise<void>) {
      await emit({ url: 'http://127.0.0.1:8400' });
      return undefined;
    },
  });
  assert.equal((await run('act --json', { command })).output, '{"url":"http://127.0.0.1:8400"}\n');
});

test('a failure with --json is one object on standard output and a sentence on standard error', async () => {
  const command = acting(async () => {
    throw new SatchelError('permission-denied', { path: '/srv' });
  });
  const end = await run('act --json', { command });
  assert.equal(JSON.parse(end.output).error.code, 'permission-denied');
  assert.match(end.errors, /satchel: act: No permission for \/srv\.\n {2}Run as/);
  assert.equal(end.exitCode, 1);
});

test('a bug ends with exit code 1 and no stack', async () => {
  const command = acting(async () => {
    throw new RangeError('boom');
  });
  const end = await run('act', { command });
  assert.match(end.errors, /This is a bug in Satchel \(RangeError: boom\)/);
  assert.doesNotMatch(end.errors, / at /);
  assert.equal(end.exitCode, 1);
});

test('a command stopped on request is told from one that failed', async () => {
  const signal = AbortSignal.abort();
  const stopped = await run('act', {
    signal,
    command: acting(async () => signal.throwIfAborted() ?? undefined),
  });
  assert.equal(stopped.cancelled, true);
  assert.match(stopped.errors, /Stopped on request/);
});

test('calls whose words are off end with exit code 2 and a sentence', async () => {
  const expected: Record<string, RegExp> = {
    '': /A command is missing/,
    frobnicate: /no command "frobnicate"/,
    publis: /Did you mean "publish"/,
    device: /"device" needs one more word/,
    'device ini': /no command "device ini"[\s\S]*Did you mean "device init"/,
    'help frobnicate': /no command "frobnicate"/,
    list: /--repo DIR is missing/,
    'list --repo /r extra': /"extra" is one too many/,
    'update --root /r --max-bytes much': /--max-bytes: "much" is not a size/,
    'update --root /r ../escape': /"..\/escape" is not allowed/,
    constructor: /no command "constructor"/,
    '--frobnicate': /A command is missing/,
  };
  for (const [line, sentence] of Object.entries(expected)) {
    const end = await run(line);
    assert.equal(end.exitCode, 2, line);
    assert.match(end.errors, sentence, line);
    assert.equal(end.output, '', line);
    const json = await run(`${line} --json`);
    assert.equal(typeof JSON.parse(json.output).error.code, 'string', line);
  }
});

test('the version is printed without a command, too', async () => {
  assert.equal((await run('--version')).output, `satchel ${programVersion}\n`);
  assert.deepEqual(JSON.parse((await run('--version --json')).output), { satchel: programVersion });
  assert.equal(JSON.parse((await run('version --json')).output).satchel, programVersion);
});

test('every command explains itself in both languages within the width of the terminal', async () => {
  for (const language of ['en', 'es']) {
    const environment = { SATCHEL_LANG: language };
    const general = await run('help', { environment });
    for (const name of Object.keys(commandTable)) {
      assert.ok(general.output.includes(`  ${name} `), name);
      const { output, exitCode } = await run(`${name} --help`, { environment });
      assert.equal(exitCode, 0);
      assert.match(output, language === 'en' ? /^Usage: satchel / : /^Uso: satchel /);
      assert.doesNotMatch(output, language === 'en' ? /Opciones/ : /Options|Arguments|Usage/);
      for (const line of output.split('\n')) assert.ok(line.length <= 100, `${name}: ${line}`);
      assert.equal((await run(`help ${name}`, { environment })).output, output);
    }
  }
});

test('--help works beside words that are wrong', async () => {
  assert.equal((await run('publish --frobnicate --help')).exitCode, 0);
  assert.equal((await run('--help')).exitCode, 0);
  assert.match((await run('device --help')).output, /device init/);
});
