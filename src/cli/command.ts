import type { Language, MessageCode, MessageParameters } from '../base/catalogue.ts';
import type { Clock } from '../base/clock.ts';
import type { Reporter } from '../base/progress.ts';

/** Turns the words of one option or argument into its value; `label` (`--name`, `SOURCE`) is for messages. */
export type Parser<Value> = (text: string, label: string) => Value;

/** One option of a command. Make it with `flag`, `value`, `required` or `repeated` of `option-kinds.ts`. */
export type OptionDefinition<Value> = {
  /** What it does, from the catalogue. */
  readonly summary: MessageCode;
  /** The word for its value in the help; absent for a flag. */
  readonly placeholder?: string;
  /** The environment variable that stands in for it. */
  readonly environment?: string;
  /** One letter or digit that means the same after a single hyphen (`f`: `-f`); never `h`, which asks for help. */
  readonly short?: string;
  /** The value of the words given: none when the option is absent, several when it is repeated. */
  read(words: readonly string[], label: string): Value;
};

/** One argument of a command. Make it with `argument`, `optionalArgument` or `restArguments`. */
export type ArgumentDefinition<Value> = {
  readonly summary: MessageCode;
  readonly placeholder: string;
  readonly optional: boolean;
  /** True when it takes every word that is left. */
  readonly rest: boolean;
  read(words: readonly string[], label: string): Value;
};

/** Options by name in camel case: `maxBytes` is `--max-bytes`. */
export type OptionSet = Readonly<Record<string, OptionDefinition<unknown>>>;

/** Arguments in their order. */
export type ArgumentSet = Readonly<Record<string, ArgumentDefinition<unknown>>>;

/** The values that a command receives for its definitions. */
export type ValuesOf<Definitions extends OptionSet | ArgumentSet> = {
  readonly [Name in keyof Definitions]: ReturnType<Definitions[Name]['read']>;
};

/** Says things to people in their language. */
export type Words = {
  readonly language: Language;
  /** The sentence of a code. */
  say(code: MessageCode, parameters?: MessageParameters): string;
};

/** What a command is called with. */
export type Call<Options extends OptionSet, Arguments extends ArgumentSet> = {
  readonly options: ValuesOf<Options>;
  readonly arguments: ValuesOf<Arguments>;
  /** Aborted by Ctrl-C or SIGTERM: stop cleanly and throw `cancelled` (or simply return, if that is the normal end). */
  readonly signal: AbortSignal;
  /** Progress and notices for the terminal. */
  readonly reporter: Reporter;
  readonly environment: NodeJS.ProcessEnv;
  readonly clock: Clock;
  /** Standard input, for commands that read it. */
  readonly input: AsyncIterable<Uint8Array>;
};

/**
 * One command: what it takes, what it does, and how its result looks to people. `run` returns data and prints
 * nothing; the frame prints it, as one JSON object with `--json` and through `show` without.
 */
export type CommandDefinition<Options extends OptionSet, Arguments extends ArgumentSet, Result> = {
  readonly options: Options;
  readonly arguments: Arguments;
  /** Throws SatchelError. A command that keeps running calls `emit` once it is ready and returns nothing. */
  run(call: Call<Options, Arguments>, emit: (result: Result) => Promise<void>): Promise<Result | undefined>;
  /** The result as lines for people, on standard output; without it, or without lines, nothing is printed. */
  show?(result: Result, words: Words): readonly string[];
  /** The exit code that a result means, where it is not always 0 (damage found, for example). */
  exitCode?(result: Result): number;
};

/** A command whose types the frame does not need to know. */
export type Command = CommandDefinition<OptionSet, ArgumentSet, unknown>;

/** Checks a definition's types and forgets them. */
export function defineCommand<Options extends OptionSet, Arguments extends ArgumentSet, Result>(
  definition: CommandDefinition<Options, Arguments, Result>,
): Command {
  return definition;
}

/** One line of the table: loaded only when it is called, so that starting costs the same however many there are. */
export type CommandEntry = {
  /** The part of the general help that lists it. */
  readonly section: 'origin' | 'site' | 'device' | 'any';
  readonly summary: MessageCode;
  load(): Promise<Command>;
};
