import { runRound } from '../../agent/round.ts';
import { agentOf } from '../agent-context.ts';
import { roundExitCode, roundLines, shownRound } from '../agent-lines.ts';
import { defineCommand } from '../command.ts';
import { flag } from '../option-kinds.ts';
import { root, source, timeout } from '../shared-options.ts';

/** `satchel agent once`: one round of the agent, for a timer or a person. */
export const agentOnceCommand = defineCommand({
  arguments: {},
  options: { root, source, timeout, now: flag('option-agent-now') },
  async run(call) {
    const round = await runRound(agentOf(call), { force: call.options.now });
    for (const { code, parameters } of round.failures) call.reporter.notice(code, parameters);
    return shownRound(round);
  },
  show: roundLines,
  exitCode: roundExitCode,
});
