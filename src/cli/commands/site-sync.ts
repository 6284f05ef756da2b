import { isLinkCode, runMirror } from '../../site/mirror-run.ts';
import { defineCommand } from '../command.ts';
import { mirrorResultLines } from '../mirror-lines.ts';
import { flag } from '../option-kinds.ts';
import { rsyncDir, siteRepo } from '../shared-options.ts';
import { atSite } from '../site-work.ts';

/** `satchel site sync`: fetch what the followed streams lack, within the hours and the limits of the site. */
export const siteSyncCommand = defineCommand({
  arguments: {},
  options: { repo: siteRepo, rsyncDir, now: flag('option-sync-now'), deltasOnly: flag('option-deltas-only') },
  run(call) {
    const { now, deltasOnly } = call.options;
    const { signal, reporter } = call;
    return atSite(call, { do: 'sync', now, deltasOnly }, async (site) => {
      await site.metadata.refresh({ signal });
      return runMirror(site.mirrorSite, { now, deltasOnly, reporter, signal });
    });
  },
  show: mirrorResultLines,
  exitCode({ builds, stopped, unknown }) {
    if (builds.some(({ result }) => result === 'failed')) return 1;
    if (stopped !== null && isLinkCode(stopped.code)) return stopped.code === 'site-month-spent' ? 4 : 1;
    if (builds.some(({ result }) => result === 'refused')) return 4;
    return unknown.length > 0 ? 3 : 0;
  },
});
