import { askAdvice } from '../../device/ask-advice.ts';
import { defineCommand } from '../command.ts';
import { withSession } from '../device-context.ts';
import { root, source, streamChoice, timeout } from '../shared-options.ts';

/** `satchel device advice`: what the source says that this device is to run. It changes nothing. */
export const deviceAdviceCommand = defineCommand({
  arguments: {},
  options: { root, source, timeout, stream: streamChoice },
  run: (call) =>
    withSession(call, async (session) => {
      const { clock, signal } = call;
      const advised = await askAdvice(session, { clock, stream: call.options.stream, signal });
      return { ...advised, ...session.counters() };
    }),
  show: ({ decision, lease, stolen }, words) => [
    ...(decision === undefined
      ? []
      : [
          decision.decision === 'take'
            ? words.say('result-advice-take', { build: decision.build, because: decision.because })
            : words.say('result-advice-stay', { because: decision.because }),
        ]),
    ...(lease === undefined ? [] : [words.say('result-advice-lease')]),
    ...(stolen ? [words.say('result-advice-stolen')] : []),
  ],
});
