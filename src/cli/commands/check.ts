import { check } from '../../device/check.ts';
import { chooseWanted } from '../../device/session.ts';
import { defineCommand } from '../command.ts';
import { withSession } from '../device-context.ts';
import { reportAfterwards } from '../report-afterwards.ts';
import { buildWanted, root, source, streamChoice, timeout } from '../shared-options.ts';
import { detourLines, isStaying, stayingLines } from '../staying-lines.ts';

/** `satchel check`: ask what this device should run. */
export const checkCommand = defineCommand({
  arguments: { build: buildWanted },
  options: { root, source, timeout, stream: streamChoice },
  run: (call) =>
    withSession(call, (session) =>
      reportAfterwards(session, call, () =>
        check({
          session,
          choice: chooseWanted(session.layout, { build: call.arguments.build, stream: call.options.stream }),
          signal: call.signal,
        }),
      ),
    ),
  show: (result, words) => {
    if (isStaying(result)) return stayingLines(result, words);
    const { build, from, available } = result;
    if (!available) return [words.say('result-check-current', { build })];
    if (from === null) return [words.say('result-check-first', { build })];
    return [words.say('result-check-available', { build, from }), ...detourLines(result, words)];
  },
});
