import { runRound } from '../../agent/round.ts';
import { agentOf } from '../agent-context.ts';
import { roundExitCode, roundLines, shownRound } from '../agent-lines.ts';
import { defineCommand } from '../command.ts';
import { flag, value } from '../option-kinds.ts';
import { localPath, patience } from '../options.ts';

/**
 * `satchel olpc-update-query`, also installed under that name: what the laptops' timer starts. It does what
 * `satchel agent once` does, on this machine unless told otherwise.
 */
export const olpcUpdateQueryCommand = defineCommand({
  arguments: {},
  options: {
    root: value('option-olpc-root', 'DIR', localPath, { environment: 'SATCHEL_ROOT' }),
    timeout: value('option-olpc-timeout', 'TIME', patience, { environment: 'SATCHEL_TIMEOUT' }),
    now: flag('option-agent-now'),
  },
  async run(call) {
    const { root = '/', timeout, now } = call.options;
    const round = await runRound(agentOf({ ...call, options: { root, timeout } }), { force: now });
    for (const { code, parameters } of round.failures) call.reporter.notice(code, parameters);
    return shownRound(round);
  },
  show: roundLines,
  exitCode: roundExitCode,
});
