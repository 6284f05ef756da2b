import { goBack } from '../../advice/rollout-back.ts';
import { defineCommand } from '../command.ts';
import { argument, optionalArgument, value } from '../option-kinds.ts';
import { openRepository } from '../repository-context.ts';
import { reason } from '../rollout-values.ts';
import { build, keyDir, repo, stream } from '../shared-options.ts';
import { requestLines, writeRequest } from '../signing-request.ts';

/** `satchel rollout back`: lead the devices of a stream back to an earlier build. */
export const rolloutBackCommand = defineCommand({
  arguments: {
    stream: argument('argument-stream', 'STREAM', stream),
    build: optionalArgument('argument-rollout-back', 'BUILD', build),
  },
  options: { repo, keyDir, reason: value('option-rollout-reason', 'TEXT', reason) },
  async run(call) {
    const context = { ...openRepository(call), reporter: call.reporter };
    const wanted = { ...call.arguments, reason: call.options.reason ?? '' };
    const { signingRequest, ...went } = await goBack(context, wanted);
    const toSign = writeRequest(call.options.repo, signingRequest);
    return { ...went, ...(toSign === undefined ? {} : { toSign }) };
  },
  show: ({ stream, from, to, toSign }, words) => [
    words.say(toSign === undefined ? 'result-rollout-back' : 'result-rollout-back-waits', {
      stream,
      from,
      build: to,
    }),
    ...requestLines(toSign, words),
  ],
});
