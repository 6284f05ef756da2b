import { type Language, languageFromEnvironment, say } from '../base/catalogue.ts';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import { programVersion } from '../base/version.ts';
import type { Call, Command, CommandEntry, Words } from './command.ts';
import { commandTable, groupSummaries } from './command-table.ts';
import { describeFailure, failureObject, failureText } from './render-failure.ts';
import { createProgressRenderer, type LineOutput } from './render-progress.ts';
import { similarWord } from './similar-word.ts';

/** What the program runs in; main.ts passes the process, tests pass their own. */
export type ProgramHost = {
  /** The words after the program's name. */
  readonly words: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly input: AsyncIterable<Uint8Array>;
  /** Writes to standard output and waits until it is out; a reader that has gone is no error. */
  readonly print: (text: string) => Promise<void>;
  readonly errors: LineOutput;
  /** Width of the terminal for help. */
  readonly width: number;
  /** Aborted when the person or the system asks to stop. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** The commands that there are; the table of the program unless said otherwise. */
  readonly commands?: Readonly<Record<string, CommandEntry>>;
};

/** How a run ended. */
export type ProgramEnd = {
  readonly exitCode: number;
  /** True when it stopped because it was asked to, before it was done. */
  readonly cancelled: boolean;
};

/** A command that was found in the first words of a call, and the words that are its own. */
type Found = { readonly name: string; readonly entry: CommandEntry; readonly rest: readonly string[] };

/** Runs one command line from its words to its exit code. Throws nothing. */
export async function runProgram(host: ProgramHost): Promise<ProgramEnd> {
  const { words, environment, signal } = host;
  const language = languageFromEnvironment(environment);
  const commands = host.commands ?? commandTable;
  const found = findCommand(words, commands);
  let doing = found?.name ?? '';
  const begin = (what: string) => {
    doing = what;
  };
  try {
    const exitCode = await (found === undefined
      ? runWithoutCommand(host, wordsIn(language))
      : runCommand(host, found, wordsIn(language), begin));
    return { exitCode, cancelled: false };
  } catch (error) {
    const failure = describeFailure(error, { doing, language, environment, signal });
    host.errors.write(failureText(failure));
    if (wantsJson(words)) await host.print(`${JSON.stringify(failureObject(failure))}\n`);
    return { exitCode: failure.exitCode, cancelled: failure.code === 'cancelled' };
  }
}

/** Says things in one language. */
export function wordsIn(language: Language): Words {
  return { language, say: (code, parameters = {}) => say(code, parameters, language).text };
}

/** True when the call asks for one JSON object, also where its other words are wrong. */
export function wantsJson(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  return (end < 0 ? words : words.slice(0, end)).includes('--json');
}

/** Options may stand before the command when they take no value: `satchel --json list`. */
function findCommand(
  words: readonly string[],
  commands: Readonly<Record<string, CommandEntry>>,
): Found | undefined {
  const first = words.findIndex((word) => !word.startsWith('-'));
  if (first < 0) return undefined;
  const before = words.slice(0, first);
  const [one = '', two = '', three = ''] = words.slice(first);
  for (const [name, length] of [
    [`${one} ${two} ${three}`, 3],
    [`${one} ${two}`, 2],
    [one, 1],
  ] as const) {
    if (Object.hasOwn(commands, name))
      return { name, entry: commands[name]!, rest: [...before, ...words.slice(first + length)] };
  }
  return undefined;
}

async function runCommand(
  host: ProgramHost,
  { name, entry, rest }: Found,
  words: Words,
  begin: (doing: string) => void,
): Promise<number> {
  const [command, { readCommandLine }] = await Promise.all([entry.load(), import('./command-line.ts')]);
  if (wantsHelp(rest)) return printCommandHelp(host, name, command, words);
  const line = readCommandLine(name, command, rest, host.environment);
  begin(withArguments(name, line.arguments));
  const loudness = line.options.quiet ? 'silent' : line.options.json ? 'notices' : 'all';
  const renderer = createProgressRenderer(host.errors, words, host.clock, loudness);
  const ticking = setInterval(() => renderer.tick(), 1000).unref();
  const call = {
    ...line,
    signal: host.signal,
    reporter: renderer,
    environment: host.environment,
    clock: host.clock,
    input: host.input,
  } as Call<Command['options'], Command['arguments']>;
  let exitCode = 0;
  let printed = false;
  const emit = async (result: unknown) => {
    if (printed) throw new Error(`${name} emitted a second result`);
    printed = true;
    renderer.close();
    exitCode = command.exitCode?.(result) ?? 0;
    await printResult(host, command, result, line.options.json === true, words);
  };
  try {
    const result = await command.run(call, emit);
    if (result !== undefined || !printed) await emit(result ?? {});
    return exitCode;
  } finally {
    clearInterval(ticking);
    renderer.close();
  }
}

/** What a call works on, for its failures: `publish P-tree.tar.xz`. */
function withArguments(name: string, given: Readonly<Record<string, unknown>>): string {
  const named = Object.values(given)
    .flat()
    .filter((value) => typeof value === 'string');
  return [name, ...named].join(' ').slice(0, 200);
}

async function printResult(
  host: ProgramHost,
  command: Command,
  result: unknown,
  json: boolean,
  words: Words,
) {
  if (json) return host.print(`${JSON.stringify(result)}\n`);
  const lines = command.show?.(result, words) ?? [];
  if (lines.length > 0) await host.print(`${lines.join('\n')}\n`);
}

async function printCommandHelp(host: ProgramHost, name: string, command: Command, words: Words) {
  const { commandHelp } = await import('./help.ts');
  await host.print(commandHelp(name, command, words, host.width));
  return 0;
}

/** `--version`, `help`, and calls whose command is missing or unknown. */
async function runWithoutCommand(host: ProgramHost, words: Words): Promise<number> {
  const named = host.words.filter((word) => !word.startsWith('-'));
  const [first] = named;
  if (first === undefined && host.words.some((word) => word === '--version' || word === '-V')) {
    await host.print(
      wantsJson(host.words)
        ? `${JSON.stringify({ satchel: programVersion })}\n`
        : `satchel ${programVersion}\n`,
    );
    return 0;
  }
  if (first === 'help') return explain(host, named.slice(1), words);
  if (first === undefined && wantsHelp(host.words)) return explain(host, [], words);
  if (first !== undefined && Object.hasOwn(groupSummaries, first)) {
    const group = groupOf(named) ?? first;
    if (wantsHelp(host.words)) return explain(host, group.split(' '), words);
    if (group.includes(' ')) throw new SatchelError('command-incomplete', { command: group });
    if (named.length > 1) throw unknownCommand(named.slice(0, 2).join(' '));
    throw new SatchelError('command-incomplete', { command: first });
  }
  if (first === undefined) throw new SatchelError('command-needed');
  throw unknownCommand(first);
}

/** `help`, `help update`, `help device`, `help device init`. */
async function explain(host: ProgramHost, named: readonly string[], words: Words): Promise<number> {
  const { generalHelp } = await import('./help.ts');
  if (named.length === 0) {
    await host.print(generalHelp(words, host.width));
    return 0;
  }
  const found = findCommand(named, host.commands ?? commandTable);
  if (found !== undefined) return printCommandHelp(host, found.name, await found.entry.load(), words);
  const group = groupOf(named);
  if (group !== named.join(' ')) throw unknownCommand(named.join(' '));
  await host.print(generalHelp(words, host.width, group));
  return 0;
}

/** The group that these words begin with: `site token`, else `site`. */
function groupOf([one = '', two = '']: readonly string[]): string | undefined {
  return [`${one} ${two}`, one].find((name) => Object.hasOwn(groupSummaries, name));
}

function wantsHelp(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  return (end < 0 ? words : words.slice(0, end)).some((word) => word === '--help' || word === '-h');
}

function unknownCommand(written: string): SatchelError {
  const command = written.slice(0, 100);
  const similar = similarWord(command, [
    ...Object.keys(commandTable),
    ...Object.keys(groupSummaries),
    'help',
  ]);
  return similar === undefined
    ? new SatchelError('command-unknown', { command })
    : new SatchelError('command-unknown-similar', { command, similar });
}
