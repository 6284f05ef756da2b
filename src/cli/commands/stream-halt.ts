import { haltStream } from '../../advice/halt.ts';
import { SatchelError } from '../../base/errors.ts';
import { longestReason } from '../../repository/records.ts';
import { defineCommand, type Parser } from '../command.ts';
import { argument, value } from '../option-kinds.ts';
import { text } from '../options.ts';
import { openRepository } from '../repository-context.ts';
import { keyDir, repo, stream } from '../shared-options.ts';

const reason: Parser<string> = (given, label) => {
  if (given.length > longestReason)
    throw new SatchelError('halt-reason-too-long', { option: label, most: longestReason });
  return text(given, label);
};

/** `satchel stream halt`: keep devices from updating along a stream. */
export const streamHaltCommand = defineCommand({
  arguments: { stream: argument('argument-stream', 'STREAM', stream) },
  options: { repo, keyDir, reason: value('option-halt-reason', 'TEXT', reason) },
  async run(call) {
    const context = { ...openRepository(call), reporter: call.reporter };
    const { record, changed } = await haltStream(context, call.arguments.stream, call.options.reason);
    return { stream: record.stream, build: record.build.name, halted: record.halted, changed };
  },
  show: ({ stream, changed }, words) => [
    words.say(changed ? 'result-stream-halted' : 'result-stream-halted-already', { stream }),
  ],
});
