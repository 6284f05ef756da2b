import { readSiteStatus } from '../../site/join-status.ts';
import { defineCommand } from '../command.ts';
import { siteRepo } from '../shared-options.ts';
import { siteStatusLines } from '../site-lines.ts';

/** `satchel site status`: how a site stands, from what lies on its disk; nobody is asked. */
export const siteStatusCommand = defineCommand({
  arguments: {},
  options: { repo: siteRepo },
  run: ({ options, clock }) => readSiteStatus(options.repo, clock),
  show: siteStatusLines,
});
