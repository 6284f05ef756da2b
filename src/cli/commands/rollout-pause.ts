import { pauseRollout } from '../../advice/rollout-pause.ts';
import { defineCommand } from '../command.ts';
import { argument, value } from '../option-kinds.ts';
import { openRepository } from '../repository-context.ts';
import { reason } from '../rollout-values.ts';
import { keyDir, repo, stream } from '../shared-options.ts';

/** `satchel rollout pause`: let a rollout stand still; who has taken the build keeps it. */
export const rolloutPauseCommand = defineCommand({
  arguments: { stream: argument('argument-stream', 'STREAM', stream) },
  options: { repo, keyDir, reason: value('option-rollout-reason', 'TEXT', reason) },
  async run(call) {
    const context = { ...openRepository(call), reporter: call.reporter };
    const { record, changed } = await pauseRollout(context, call.arguments.stream, call.options.reason);
    return {
      stream: record.stream,
      build: record.build.name,
      paused: record.rollout?.paused ?? null,
      changed,
    };
  },
  show: ({ stream, build, changed }, words) => [
    words.say(changed ? 'result-rollout-pause' : 'result-rollout-pause-already', { stream, build }),
  ],
});
