/** The command line inside the test's own process, for what needs no process of its own: starting one takes time. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { systemClock } from '../../src/base/clock.ts';
import { runProgram } from '../../src/cli/program.ts';

/** How a command ended. */
export type CommandEnd = {
  readonly code: number;
  /** The object on standard output; an empty one when there was none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests ask for the fields that the command promises
  readonly json: any;
  /** The sentences on standard error. */
  readonly said: string;
};

/** Runs one command with `--json`. */
export async function runCommand(...words: readonly string[]): Promise<CommandEnd> {
  let printed = '';
  let said = '';
  const { exitCode } = await runProgram({
    words: [...words, '--json'],
    // Deltas are made by processes of their own that outlive a test: only their tests ask for them.
    environment: { SATCHEL_LANG: 'en', SATCHEL_DELTAS: '0' },
    input: Readable.from([]),
    print: async (text) => {
      printed += text;
    },
    errors: {
      write: (text: string) => {
        said += text;
        return true;
      },
      isTTY: false,
    },
    width: 100,
    signal: new AbortController().signal,
    clock: systemClock,
  });
  return { code: exitCode, json: printed === '' ? {} : JSON.parse(printed), said };
}

/** The same for a command that has to succeed; its object. */
// biome-ignore lint/suspicious/noExplicitAny: tests ask for the fields that the command promises
export async function must(...words: readonly string[]): Promise<any> {
  const { code, json, said } = await runCommand(...words);
  if (code !== 0) throw new Error(`satchel ${words.join(' ')} ended with ${code}: ${said}`);
  return json;
}

/** Fails unless a command that failed said so as it should: a sentence with a code, and nothing of the program's inside. */
export function assertSentence({ code, json, said }: CommandEnd): void {
  assert.ok([1, 2, 3, 4].includes(code), `ended with ${code}: ${said}`);
  assert.equal(typeof json.error?.code, 'string', said);
  assert.notEqual(json.error.code, 'internal-error', said);
  assert.doesNotMatch(said, /\n\s+at |node:internal/);
  assert.match(said, /^satchel: .+\.\n/m);
}
