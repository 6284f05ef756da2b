import { defineCommand } from '../command.ts';
import { withFleet } from '../fleet-context.ts';
import { argument, flag } from '../option-kinds.ts';
import { text } from '../options.ts';
import { siteRepo } from '../shared-options.ts';

/** `satchel fleet token revoke`: end a permission for devices, and those that enrolled with it if they are to end. */
export const fleetTokenRevokeCommand = defineCommand({
  arguments: { token: argument('argument-enrol-token', 'ID', text) },
  options: { repo: siteRepo, withDevices: flag('option-token-with-devices') },
  run: (call) => {
    const { withDevices } = call.options;
    return withFleet(call, (fleet) => fleet.enrolment.revokeToken(call.arguments.token, { withDevices }));
  },
  show: ({ id }, words) => [words.say('result-enrol-token-revoked', { id })],
});
