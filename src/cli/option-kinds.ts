import type { MessageCode } from '../base/catalogue.ts';
import { SatchelError } from '../base/errors.ts';
import type { ArgumentDefinition, OptionDefinition, Parser } from './command.ts';

/** What every option may have beside its summary, placeholder and parser. */
export type OptionForm = Pick<OptionDefinition<unknown>, 'short'>;

/** What an option with one value may have. */
export type OptionExtras = OptionForm & Pick<OptionDefinition<unknown>, 'environment'>;

/** `--name`: true when it is given. */
export function flag(summary: MessageCode, form: OptionForm = {}): OptionDefinition<boolean> {
  return { summary, ...form, read: (words) => words.length > 0 };
}

/** `--name VALUE`; the last one counts. */
export function value<Value>(
  summary: MessageCode,
  placeholder: string,
  parse: Parser<Value>,
  extras: OptionExtras = {},
): OptionDefinition<Value | undefined> {
  return {
    summary,
    placeholder,
    ...extras,
    read: (words, label) => {
      const last = words.at(-1);
      return last === undefined ? undefined : parse(last, label);
    },
  };
}

/** `--name VALUE` that must be given, or stand in the environment. Throws `option-needed`. */
export function required<Value>(
  summary: MessageCode,
  placeholder: string,
  parse: Parser<Value>,
  extras: OptionExtras = {},
): OptionDefinition<Value> {
  return {
    summary,
    placeholder,
    ...extras,
    read: (words, label) => {
      const last = words.at(-1);
      if (last !== undefined) return parse(last, label);
      const option = `${label} ${placeholder}`;
      if (extras.environment === undefined) throw new SatchelError('option-needed', { option });
      throw new SatchelError('option-or-variable-needed', { option, variable: extras.environment });
    },
  };
}

/** `--name VALUE` any number of times. */
export function repeated<Value>(
  summary: MessageCode,
  placeholder: string,
  parse: Parser<Value>,
  form: OptionForm = {},
): OptionDefinition<readonly Value[]> {
  return { summary, placeholder, ...form, read: (words, label) => words.map((word) => parse(word, label)) };
}

/** An argument that must be given. Throws `argument-needed`. */
export function argument<Value>(
  summary: MessageCode,
  placeholder: string,
  parse: Parser<Value>,
): ArgumentDefinition<Value> {
  return {
    summary,
    placeholder,
    optional: false,
    rest: false,
    read: ([word], label) => {
      if (word === undefined) throw new SatchelError('argument-needed', { argument: label });
      return parse(word, label);
    },
  };
}

/** An argument that may be left out. */
export function optionalArgument<Value>(
  summary: MessageCode,
  placeholder: string,
  parse: Parser<Value>,
): ArgumentDefinition<Value | undefined> {
  return {
    summary,
    placeholder,
    optional: true,
    rest: false,
    read: ([word], label) => (word === undefined ? undefined : parse(word, label)),
  };
}

/** All words that are left, none too. */
export function restArguments<Value>(
  summary: MessageCode,
  placeholder: string,
  parse: Parser<Value>,
): ArgumentDefinition<readonly Value[]> {
  return {
    summary,
    placeholder,
    optional: true,
    rest: true,
    read: (words, label) => words.map((word) => parse(word, label)),
  };
}

/** The same, one at least. Throws `argument-needed`. */
export function someArguments<Value>(
  ...given: Parameters<typeof restArguments<Value>>
): ArgumentDefinition<readonly Value[]> {
  const rest = restArguments(...given);
  const read = (words: readonly string[], label: string) => {
    if (words.length === 0) throw new SatchelError('argument-needed', { argument: label });
    return rest.read(words, label);
  };
  return { ...rest, optional: false, read };
}
