import { Command as CommanderCommand, CommanderError, Option } from 'commander';
import { SatchelError } from '../base/errors.ts';
import type { ArgumentSet, Command, OptionDefinition, OptionSet } from './command.ts';
import { flag } from './option-kinds.ts';
import { similarWord } from './similar-word.ts';

/** Options that every command has. */
export const commonOptions = {
  json: flag('option-json'),
  quiet: flag('option-quiet', { short: 'q' }),
} as const satisfies OptionSet;

/** The values of one call. */
export type CommandLine = {
  readonly options: Readonly<Record<string, unknown>>;
  readonly arguments: Readonly<Record<string, unknown>>;
};

/** `maxBytes` as people write it: `--max-bytes`. */
export function optionWord(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** How an option is written, with the word for its value: `-f, --force`, `--repo <DIR>`. */
export function optionForm(name: string, { short, placeholder }: OptionDefinition<unknown>): string {
  const letter = short === undefined ? '' : `-${short}, `;
  const word = placeholder === undefined ? '' : ` <${placeholder}>`;
  return `${letter}${optionWord(name)}${word}`;
}

/**
 * Reads the words after a command's name. Throws errors with exit code 2: `option-unknown`,
 * `option-without-value`, `option-needed`, `argument-needed`, `argument-unexpected`, and what the parsers throw.
 */
export function readCommandLine(
  name: string,
  command: Command,
  words: readonly string[],
  environment: NodeJS.ProcessEnv,
): CommandLine {
  const definitions: OptionSet = { ...command.options, ...commonOptions };
  const given = splitWords(name, definitions, words);
  const options: Record<string, unknown> = {};
  for (const [key, definition] of Object.entries(definitions)) {
    const stored = definition.environment === undefined ? undefined : environment[definition.environment];
    const own = given.options.get(key);
    options[key] = definition.read(own ?? (stored ? [stored] : []), optionWord(key));
  }
  return { options, arguments: readArguments(name, command.arguments, given.operands) };
}

function readArguments(name: string, definitions: ArgumentSet, operands: readonly string[]) {
  const values: Record<string, unknown> = {};
  let next = 0;
  for (const [key, definition] of Object.entries(definitions)) {
    const end = definition.rest ? operands.length : next + 1;
    values[key] = definition.read(operands.slice(next, end), definition.placeholder);
    next = Math.max(next, end);
  }
  const extra = operands[next];
  if (extra !== undefined)
    throw new SatchelError('argument-unexpected', { argument: extra.slice(0, 200), command: name });
  return values;
}

/** What was written for each option, and the words that belong to none. */
function splitWords(name: string, definitions: OptionSet, words: readonly string[]) {
  const parser = new CommanderCommand(name)
    .helpOption(false)
    .argument('[words...]')
    .showSuggestionAfterError(false)
    .exitOverride()
    .configureOutput({ writeOut() {}, writeErr() {} })
    .action(() => {});
  for (const [key, definition] of Object.entries(definitions)) {
    const option = new Option(optionForm(key, definition));
    // For commander `--no-x` takes back `--x`; here it is a word like any other.
    option.negate = false;
    if (definition.placeholder !== undefined)
      option.argParser((word: string, before: string[] | undefined) => [...(before ?? []), word]);
    parser.addOption(option);
  }
  try {
    parser.parse([...words], { from: 'user' });
  } catch (error) {
    throw usageError(error, name, definitions);
  }
  const options = new Map(
    Object.entries(parser.opts<Record<string, string[] | boolean>>()).map(([key, words]) => [
      key,
      Array.isArray(words) ? words : [''],
    ]),
  );
  return { options, operands: parser.args };
}

/** Commander says what it met only inside its English sentence, between quotation marks. */
function usageError(error: unknown, name: string, definitions: OptionSet): unknown {
  if (!(error instanceof CommanderError)) return error;
  const met = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  if (error.code === 'commander.optionMissingArgument')
    return new SatchelError('option-without-value', { option: met.replace(/^-\w, /, ''), command: name });
  if (error.code !== 'commander.unknownOption') return error;
  const written = met.replace(/=.*$/s, '');
  const similar = similarWord(written, Object.keys(definitions).map(optionWord));
  return similar === undefined
    ? new SatchelError('option-unknown', { option: met.slice(0, 200), command: name })
    : new SatchelError('option-unknown-similar', { option: met.slice(0, 200), similar });
}
