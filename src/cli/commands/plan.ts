import { planUpdate } from '../../device/plan-update.ts';
import { chooseWanted } from '../../device/session.ts';
import { defineCommand } from '../command.ts';
import { withSession } from '../device-context.ts';
import { planLines } from '../plan-lines.ts';
import { buildWanted, maxBytes, root, source, streamChoice, timeout } from '../shared-options.ts';

/** `satchel plan`: what an update would fetch and need, without fetching content. */
export const planCommand = defineCommand({
  arguments: { build: buildWanted },
  options: { root, source, timeout, stream: streamChoice, maxBytes },
  run: (call) =>
    withSession(call, (session) =>
      planUpdate({
        session,
        choice: chooseWanted(session.layout, { build: call.arguments.build, stream: call.options.stream }),
        clock: call.clock,
        maximumBytes: call.options.maxBytes,
        reporter: call.reporter,
        signal: call.signal,
      }),
    ),
  show: planLines,
});
