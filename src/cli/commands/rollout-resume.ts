import { resumeRollout } from '../../advice/rollout-pause.ts';
import { defineCommand } from '../command.ts';
import { argument } from '../option-kinds.ts';
import { openRepository } from '../repository-context.ts';
import { keyDir, repo, stream } from '../shared-options.ts';

/** `satchel rollout resume`: let a rollout go on that was paused or halted. */
export const rolloutResumeCommand = defineCommand({
  arguments: { stream: argument('argument-stream', 'STREAM', stream) },
  options: { repo, keyDir },
  async run(call) {
    const context = { ...openRepository(call), reporter: call.reporter };
    const { record, changed } = await resumeRollout(context, call.arguments.stream);
    return { stream: record.stream, build: record.build.name, rollout: record.rollout!, changed };
  },
  show: ({ stream, build, changed }, words) => [
    words.say(changed ? 'result-rollout-resume' : 'result-rollout-not-paused', { stream, build }),
  ],
});
