import { SatchelError } from '../../base/errors.ts';
import { openCatalog } from '../../repository/catalog.ts';
import { isSite } from '../../site/layout.ts';
import { priceForSites } from '../../site/mirror-price.ts';
import { planWithNews } from '../../site/mirror-schedule.ts';
import { openDirectoryStore } from '../../store/directory.ts';
import { defineCommand } from '../command.ts';
import { mirrorPlanLines, sitePriceLines } from '../mirror-lines.ts';
import { flag, optionalArgument, value } from '../option-kinds.ts';
import { rate } from '../options.ts';
import { build, rsyncDir, siteRepo } from '../shared-options.ts';
import { atSite } from '../site-work.ts';

/**
 * `satchel site plan`: what mirroring would bring to this site; with a build, at the origin, what that build costs the
 * sites.
 */
export const sitePlanCommand = defineCommand({
  arguments: { build: optionalArgument('argument-site-plan-build', 'BUILD', build) },
  options: {
    repo: siteRepo,
    rsyncDir,
    rate: value('option-site-plan-rate', 'RATE', rate),
    deltasOnly: flag('option-deltas-only'),
  },
  async run(call) {
    const { repo, deltasOnly, rate } = call.options;
    const { build } = call.arguments;
    const { signal } = call;
    if (build !== undefined) {
      const catalog = await openCatalog(openDirectoryStore(repo), signal);
      return { kind: 'price' as const, rate: rate ?? null, ...(await priceForSites(catalog, build, signal)) };
    }
    if (!isSite(repo)) throw new SatchelError('site-plan-needs-build', { repository: repo });
    const plan = await atSite(call, { do: 'plan', deltasOnly }, ({ mirrorSite }) =>
      planWithNews(mirrorSite, { deltasOnly, signal }),
    );
    return { kind: 'plan' as const, ...plan };
  },
  show: (result, words) =>
    result.kind === 'plan'
      ? mirrorPlanLines(result, words)
      : sitePriceLines(result, result.rate ?? undefined, words),
});
