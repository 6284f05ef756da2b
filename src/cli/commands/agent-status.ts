import { systemUptime } from '../../agent/moment.ts';
import { agentStatus } from '../../agent/status.ts';
import { deviceLayout } from '../../device/layout.ts';
import { statusLines } from '../agent-lines.ts';
import { defineCommand } from '../command.ts';
import { root } from '../shared-options.ts';

/** `satchel agent status`: what the agent knows; asks nobody. */
export const agentStatusCommand = defineCommand({
  arguments: {},
  options: { root },
  run: async ({ options, clock }) =>
    agentStatus(deviceLayout(options.root), { clock, uptime: systemUptime() }),
  show: statusLines,
});
