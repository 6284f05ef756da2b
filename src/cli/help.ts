import { Argument, Command as CommanderCommand, Option } from 'commander';
import type { MessageCode } from '../base/catalogue.ts';
import type { Command, Words } from './command.ts';
import { commonOptions, optionForm } from './command-line.ts';
import { commandTable } from './command-table.ts';

/** The help of the whole program, or of the commands that share a first word. */
export function generalHelp(words: Words, width: number, group?: string): string {
  const program = frame('satchel', words, width).description(words.say('help-about'));
  const form = [group, words.say('help-word-command'), '…'].filter(Boolean).join(' ');
  program.usage(form);
  for (const [name, entry] of Object.entries(commandTable)) {
    if (group !== undefined && !name.startsWith(`${group} `)) continue;
    const section: MessageCode = `help-section-${entry.section}`;
    program.addCommand(
      new CommanderCommand(name).summary(words.say(entry.summary)).helpGroup(words.say(section)),
    );
  }
  if (group !== undefined) return program.helpInformation();
  return `${program.helpInformation()}\n${words.say('help-more')}\n${fold(words.say('help-exit-codes'), width)}\n`;
}

/** The help of one command. */
export function commandHelp(name: string, command: Command, words: Words, width: number): string {
  const summary = commandTable[name]?.summary;
  const shown = frame(`satchel ${name}`, words, width).description(
    summary ? asSentence(words.say(summary)) : '',
  );
  const operands: string[] = [];
  for (const definition of Object.values(command.arguments)) {
    const word = `${definition.placeholder}${definition.rest ? '...' : ''}`;
    operands.push(definition.optional ? `[${word}]` : word);
    shown.addArgument(
      new Argument(definition.optional ? `[${word}]` : `<${word}>`, words.say(definition.summary)),
    );
  }
  shown.usage([`[${words.say('help-word-options')}]`, ...operands].join(' '));
  for (const [key, definition] of Object.entries({ ...command.options, ...commonOptions })) {
    const variable = definition.environment;
    const stored = variable === undefined ? '' : ` (${words.say('help-environment', { variable })})`;
    shown.addOption(new Option(optionForm(key, definition), `${words.say(definition.summary)}${stored}`));
  }
  shown.addOption(new Option('-h, --help', words.say('option-help')));
  return shown.helpInformation();
}

/** A commander command that only knows how to lay out help, in the reader's language. */
function frame(name: string, words: Words, width: number): CommanderCommand {
  const titles: Readonly<Record<string, MessageCode>> = {
    'Usage:': 'help-usage',
    'Arguments:': 'help-arguments',
    'Options:': 'help-options',
    'Commands:': 'help-commands',
  };
  return new CommanderCommand(name)
    .helpOption(false)
    .helpCommand(false)
    .configureOutput({ getOutHelpWidth: () => width, getOutHasColors: () => false })
    .configureHelp({
      styleTitle: (title) => (titles[title] === undefined ? title : words.say(titles[title])),
      subcommandTerm: (command) => command.name(),
      optionTerm: (option) => option.flags.replace(/[<>]/g, ''),
    });
}

function fold(sentence: string, width: number): string {
  const lines = [''];
  for (const word of sentence.split(' ')) {
    const line = lines.at(-1)!;
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length < width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}

function asSentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}
