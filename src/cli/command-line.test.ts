import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { defineCommand } from './command.ts';
import { readCommandLine } from './command-line.ts';
import {
  argument,
  flag,
  optionalArgument,
  repeated,
  required,
  restArguments,
  value,
} from './option-kinds.ts';
import { size, text } from './options.ts';

const command = defineCommand({
  arguments: {
    source: argument('argument-publish-source', 'SOURCE', text),
    build: optionalArgument('argument-build', 'BUILD', text),
  },
  options: {
    repo: required('option-repo', 'DIR', text, { environment: 'SATCHEL_REPO' }),
    stream: repeated('option-stream-publish', 'STREAM', text),
    maxBytes: value('option-max-bytes', 'SIZE', size),
    dryRun: flag('option-dry-run-update'),
  },
  async run() {
    return {};
  },
});

const read = (words: string[], environment: NodeJS.ProcessEnv = { SATCHEL_REPO: '/repo' }) =>
  readCommandLine('publish', command, words, environment);

/** The code of the error that these words end in. */
function refusal(words: string[], environment?: NodeJS.ProcessEnv) {
  try {
    read(words, environment);
  } catch (error) {
    if (isSatchelError(error) && error.exitCode === 2) return { code: error.code, ...error.parameters };
    throw error;
  }
  return undefined;
}

test('options and arguments may stand in any order and both spellings', () => {
  assert.deepEqual(read(['--stream', 'a', 'tree.tar', '--max-bytes=2kB', '-q', '--stream=b', 'py1']), {
    options: { repo: '/repo', stream: ['a', 'b'], maxBytes: 2000, dryRun: false, json: false, quiet: true },
    arguments: { source: 'tree.tar', build: 'py1' },
  });
});

test('a hyphen alone is an argument, and so is everything after two', () => {
  assert.equal(read(['-']).arguments.source, '-');
  assert.equal(read(['--', '--odd-name.tar']).arguments.source, '--odd-name.tar');
});

test('an option wins over the environment, and an empty variable counts as absent', () => {
  assert.equal(read(['x', '--repo', '/other']).options.repo, '/other');
  assert.equal(refusal(['x'], { SATCHEL_REPO: '' })?.code, 'option-or-variable-needed');
});

test('a value may start with a hyphen after "="', () => {
  assert.deepEqual(read(['x', '--stream=-odd']).options.stream, ['-odd']);
});

test('an unknown option is refused, with the one that was probably meant', () => {
  assert.deepEqual(refusal(['x', '--steam', 'a']), {
    code: 'option-unknown-similar',
    option: '--steam',
    similar: '--stream',
  });
  assert.deepEqual(refusal(['x', '--frobnicate']), {
    code: 'option-unknown',
    option: '--frobnicate',
    command: 'publish',
  });
  assert.equal(refusal(['x', '-z'])?.code, 'option-unknown');
  assert.equal(refusal(['x', '--dry-run=yes'])?.code, 'option-unknown-similar');
});

test('a missing value, argument or option is named', () => {
  assert.deepEqual(refusal(['x', '--max-bytes']), {
    code: 'option-without-value',
    option: '--max-bytes <SIZE>',
    command: 'publish',
  });
  assert.deepEqual(refusal([]), { code: 'argument-needed', argument: 'SOURCE' });
  assert.deepEqual(refusal(['x'], {}), {
    code: 'option-or-variable-needed',
    option: '--repo DIR',
    variable: 'SATCHEL_REPO',
  });
});

test('a word too many is refused', () => {
  assert.deepEqual(refusal(['x', 'y', 'z']), {
    code: 'argument-unexpected',
    argument: 'z',
    command: 'publish',
  });
});

test('a short option means what its long form means, also several in one word', () => {
  const short = defineCommand({
    arguments: { build: optionalArgument('argument-build', 'BUILD', text) },
    options: {
      force: flag('option-dry-run-update', { short: 'f' }),
      reboot: flag('option-dry-run-update', { short: 'r' }),
      server: value('option-source', 'SERVER', text, { short: 's' }),
      stream: repeated('option-stream-publish', 'STREAM', text, { short: 'S' }),
    },
    async run() {
      return {};
    },
  });
  const readShort = (...words: string[]) => readCommandLine('short', short, words, {});
  assert.deepEqual(readShort('-rf', '-s', 'host', 'py1', '-S', 'a', '-Sb', '--stream=c').options, {
    force: true,
    reboot: true,
    server: 'host',
    stream: ['a', 'b', 'c'],
    json: false,
    quiet: false,
  });
  assert.equal(readShort('py1', '-f').arguments.build, 'py1');
  assert.throws(() => readShort('-s'), {
    code: 'option-without-value',
    parameters: { option: '--server <SERVER>', command: 'short' },
  });
  assert.throws(() => readShort('-fz'), { code: 'option-unknown' });
});

test('arguments may take all words that are left', () => {
  const many = defineCommand({
    arguments: { builds: restArguments('argument-build', 'BUILD', text) },
    options: {},
    async run() {
      return {};
    },
  });
  assert.deepEqual(readCommandLine('many', many, ['a', 'b', 'c'], {}).arguments.builds, ['a', 'b', 'c']);
  assert.deepEqual(readCommandLine('many', many, [], {}).arguments.builds, []);
});
