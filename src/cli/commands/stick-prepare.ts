import { hash } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SatchelError } from '../../base/errors.ts';
import type { Sha256 } from '../../base/identifiers.ts';
import { formatBytes } from '../../base/units.ts';
import { openFleet } from '../../fleet/fleet.ts';
import { removeTree } from '../../os/remove-tree.ts';
import { withSystemErrors } from '../../os/system-error.ts';
import { isSiteName } from '../../site/settings.ts';
import type { GoneAttachment } from '../../site/stick-attach.ts';
import type { StickSite } from '../../site/stick-choice.ts';
import { mediumAt } from '../../site/stick-medium.ts';
import { prepareStick } from '../../site/stick-prepare.ts';
import { openSourceStore } from '../../store/open.ts';
import { defineCommand, type Parser, type Words } from '../command.ts';
import { argument, flag, repeated, restArguments, value } from '../option-kinds.ts';
import { localPath, size, sourceUrl, type TrustAnchor, trustAnchor } from '../options.ts';
import { openRepository } from '../repository-context.ts';
import { build, keyDir, stream, timeout } from '../shared-options.ts';

/** The name or the id of a site. */
const siteName: Parser<string> = (given) => {
  if (isSiteName(given)) return given;
  throw new SatchelError('site-name-not-allowed', { name: given.slice(0, 100) });
};

/** `satchel stick prepare`: put builds and what goes with them on a stick. */
export const stickPrepareCommand = defineCommand({
  arguments: {
    stick: argument('argument-stick', 'DIR', localPath),
    builds: restArguments('argument-stick-builds', 'BUILD', build),
  },
  options: {
    repo: value('option-stick-repo', 'DIR', localPath),
    source: value('option-stick-source', 'URL', sourceUrl),
    trust: value('option-stick-trust', 'FILE|SHA256', trustAnchor),
    trustOnFirstUse: flag('option-trust-on-first-use'),
    timeout,
    stream: repeated('option-stick-stream', 'STREAM', stream),
    deltasOnly: flag('option-stick-deltas-only'),
    noGroups: flag('option-stick-no-groups'),
    site: repeated('option-stick-site', 'NAME', siteName),
    leases: value('option-stick-leases', 'FILE', localPath),
    delegations: value('option-stick-delegations', 'FILE', localPath),
    activities: value('option-stick-activities', 'DIR', localPath),
    split: value('option-stick-split', 'SIZE', size),
    keyDir,
  },
  async run(call) {
    const { options } = call;
    const { stick, builds } = call.arguments;
    const { clock, reporter, signal } = call;
    const repo = options.repo ?? (options.source === undefined ? call.environment.SATCHEL_REPO : undefined);
    if ((repo === undefined) === (options.source === undefined))
      throw new SatchelError('stick-source-needed');
    if (options.trust !== undefined && options.trustOnFirstUse)
      throw new SatchelError('options-conflict', { first: '--trust', second: '--trust-on-first-use' });
    const mustBeKnown = options.source !== undefined && !options.trustOnFirstUse;
    const here = repo === undefined ? undefined : openRepository({ ...call, options: { ...options, repo } });
    const source = here?.store ?? (await openSourceStore(options.source!, { patience: options.timeout }));
    const scratch = mkdtempSync(join(tmpdir(), 'satchel-stick-'));
    try {
      const sites = await sitesKnown(repo, options.site, clock);
      const prepared = await prepareStick({
        ...{ stick, source, scratch, clock, reporter, signal },
        trust: hashOf(options.trust) ?? (mustBeKnown ? 'stick' : undefined),
        wish: {
          ...{ builds, sites, streams: options.stream, deltasOnly: options.deltasOnly },
          withoutGroups: options.noGroups,
        },
        attachments: options,
        keys: here?.keys,
        medium: options.split === undefined ? undefined : mediumAt(stick, options.split),
      });
      return { ...prepared, trustOnFirstUse: options.trustOnFirstUse };
    } finally {
      await source.close();
      removeTree(scratch);
    }
  },
  show: (result, words) => [
    ...[...result.builds, ...result.bundles].map(({ name, files, bytes }) =>
      words.say('result-stick-build', { name, files, bytes: formatBytes(bytes) }),
    ),
    words.say('result-stick-prepare', {
      stick: result.stick,
      copied: formatBytes(result.copied),
      kept: formatBytes(result.kept),
      removed: result.removed,
    }),
    ...(result.gone.length > 0
      ? [
          words.say('result-stick-gone', {
            names: result.gone.map((gone) => goneName(gone, words)).join(', '),
          }),
        ]
      : []),
    ...(result.trustOnFirstUse ? [words.say('result-stick-compare', { sha256: result.organisation })] : []),
    result.signed
      ? words.say('result-stick-signed', { expires: result.expires })
      : words.say('result-stick-unsigned'),
    words.say('result-stick-may-go'),
  ],
});

function goneName(gone: GoneAttachment, words: Words): string {
  if (gone.kind === 'activity') return words.say('stick-gone-activity', { name: gone.name });
  if (gone.site === undefined) return words.say(`stick-gone-${gone.kind}-all`);
  return words.say(`stick-gone-${gone.kind}`, { site: gone.site });
}

function hashOf(trust: TrustAnchor | undefined): Sha256 | undefined {
  if (trust?.kind !== 'file') return trust?.sha256;
  return hash(
    'sha256',
    withSystemErrors('read', trust.path, () => readFileSync(trust.path)),
  ) as Sha256;
}

/**
 * What the fleet database knows of the sites that the stick goes to, by their names or ids. Throws
 * `stick-site-not-known` when it knows sites and not this one: a slip of the finger would address leases to nobody.
 */
async function sitesKnown(
  repo: string | undefined,
  names: readonly string[],
  clock: () => number,
): Promise<StickSite[]> {
  if (repo === undefined || names.length === 0) return names.map((name) => ({ name }));
  const fleet = await openFleet(repo, { clock });
  try {
    const known = await fleet.sites();
    const sites: StickSite[] = [];
    for (const name of names) {
      const found = known.find((site) => site.name === name || site.id === name);
      if (found === undefined && known.length > 0)
        throw new SatchelError('stick-site-not-known', {
          name,
          known: known.map((site) => site.name ?? site.id).join(', '),
        });
      const devices = found ? await fleet.devices({ site: found.id, limit: 1_000_000 }) : [];
      const runs = devices.flatMap(({ running }) => (running === null ? [] : [running]));
      const holds = found?.builds?.flatMap((held) => (held.complete ? [held.build] : []));
      sites.push({
        name,
        holds: holds && new Set(holds),
        // One device of which nothing is known may run anything.
        runs: devices.length > 0 && runs.length === devices.length ? new Set(runs) : undefined,
      });
    }
    return sites;
  } finally {
    await fleet.close();
  }
}
