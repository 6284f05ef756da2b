import { startableStream, startRollout } from '../../advice/rollout-start.ts';
import { defineCommand } from '../command.ts';
import { argument, optionalArgument, required } from '../option-kinds.ts';
import { openRepository } from '../repository-context.ts';
import { prepareRollouts } from '../rollout-context.ts';
import { rolloutLines, sayPlanNotes } from '../rollout-lines.ts';
import { rolloutOptions } from '../rollout-options.ts';
import { steps } from '../rollout-values.ts';
import { build, keyDir, repo, stream } from '../shared-options.ts';

/** `satchel rollout start`: lead the devices of a stream to a build step by step. */
export const rolloutStartCommand = defineCommand({
  arguments: {
    stream: argument('argument-stream', 'STREAM', stream),
    build: optionalArgument('argument-rollout-build', 'BUILD', build),
  },
  options: { repo, keyDir, steps: required('option-rollout-steps', 'STEPS', steps), ...rolloutOptions },
  async run(call) {
    const context = { ...openRepository(call), reporter: call.reporter };
    const { stream, build } = call.arguments;
    // What does not exist leaves no plan behind.
    await startableStream(context, { stream, build });
    const prepared = await prepareRollouts(call, { steps: call.options.steps, streams: [stream] });
    const { plan, rules } = prepared.get(stream)!;
    const { record } = await startRollout(context, { stream, build, rollout: rules });
    sayPlanNotes(plan, record, call.reporter);
    return { stream, build: record.build.name, halted: record.halted ?? null, rollout: record.rollout! };
  },
  show: ({ stream, build, rollout }, words) => [
    words.say('result-rollout-started', { stream, build, began: rollout.began }),
    ...rolloutLines(rollout, Date.parse(rollout.began), words),
  ],
});
