import { defineCommand } from '../command.ts';
import { withFleet } from '../fleet-context.ts';
import { argument } from '../option-kinds.ts';
import { text } from '../options.ts';
import { siteRepo } from '../shared-options.ts';

/** `satchel site token revoke`: end a permission, and what a site got by it. */
export const siteTokenRevokeCommand = defineCommand({
  arguments: { token: argument('argument-token', 'ID', text) },
  options: { repo: siteRepo },
  run: (call) => withFleet(call, (fleet) => fleet.revokeToken(call.arguments.token)),
  show: ({ id, site }, words) =>
    site === null
      ? [words.say('result-token-revoke', { id })]
      : [words.say('result-token-revoke-site', { id, name: site.name })],
});
