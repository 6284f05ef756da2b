import { check } from '../../device/check.ts';
import { chooseWanted } from '../../device/session.ts';
import { defineCommand } from '../command.ts';
import { withSession } from '../device-context.ts';
import { buildWanted, root, source, streamChoice, timeout } from '../shared-options.ts';

/** `satchel check`: ask what this device should run. */
export const checkCommand = defineCommand({
  arguments: { build: buildWanted },
  options: { root, source, timeout, stream: streamChoice },
  run: (call) =>
    withSession(call, (session) =>
      check({
        session,
        choice: chooseWanted(session.layout, { build: call.arguments.build, stream: call.options.stream }),
        signal: call.signal,
      }),
    ),
  show: ({ build, from, available }, words) => {
    if (!available) return [words.say('result-check-current', { build })];
    if (from === null) return [words.say('result-check-first', { build })];
    return [words.say('result-check-available', { build, from })];
  },
});
