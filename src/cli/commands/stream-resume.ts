import { resumeStream } from '../../advice/halt.ts';
import { defineCommand } from '../command.ts';
import { argument } from '../option-kinds.ts';
import { openRepository } from '../repository-context.ts';
import { keyDir, repo, stream } from '../shared-options.ts';

/** `satchel stream resume`: let devices update along a stream again. */
export const streamResumeCommand = defineCommand({
  arguments: { stream: argument('argument-stream', 'STREAM', stream) },
  options: { repo, keyDir },
  async run(call) {
    const context = { ...openRepository(call), reporter: call.reporter };
    const { record, changed } = await resumeStream(context, call.arguments.stream);
    return { stream: record.stream, build: record.build.name, changed };
  },
  show: ({ stream, build, changed }, words) => [
    words.say(changed ? 'result-stream-resumed' : 'result-stream-not-halted', { stream, build }),
  ],
});
