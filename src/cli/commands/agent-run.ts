import { runAgent } from '../../agent/daemon.ts';
import { requireDevice } from '../../device/layout.ts';
import { agentOf } from '../agent-context.ts';
import { defineCommand } from '../command.ts';
import { root, source, timeout } from '../shared-options.ts';

/** `satchel agent`, `satchel agent run`: looks after a device until it is stopped. */
export const agentRunCommand = defineCommand({
  arguments: {},
  options: { root, source, timeout },
  async run(call, emit: (result: { readonly root: string }) => Promise<void>) {
    const agent = agentOf(call);
    requireDevice(agent.layout);
    await emit({ root: agent.layout.root });
    const { reporter } = call;
    /** A link that is away for days would fill the log. */
    let said = '';
    await runAgent(agent, {
      onRound({ asked, failures }) {
        const codes = failures.map(({ code }) => code).join(' ');
        if (codes !== said) for (const { code, parameters } of failures) reporter.notice(code, parameters);
        if (asked || codes !== '') said = codes;
      },
      onFailure: ({ code, parameters }) => reporter.notice(code, parameters),
    });
    return undefined;
  },
  show: (result, words) => [words.say('result-agent-running', result)],
});
