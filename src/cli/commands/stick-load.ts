import { SatchelError } from '../../base/errors.ts';
import { formatBytes } from '../../base/units.ts';
import { isSite } from '../../site/layout.ts';
import type { Loaded } from '../../site/stick-load.ts';
import { mountStick, ownerOf, withRightsOf } from '../../site/stick-mount.ts';
import { isLoss } from '../../site/stick-state.ts';
import { defineCommand, type Words } from '../command.ts';
import { optionalArgument, value } from '../option-kinds.ts';
import { localPath } from '../options.ts';
import { keyDir, rsyncDir, siteRepo } from '../shared-options.ts';
import { type LoadedAtOrigin, loadAtOrigin, loadAtSite, type StickPlace } from '../stick-context.ts';
import { collectedLines, endLines, problemLines, xobuildsLines } from '../stick-lines.ts';

type Result = ({ readonly place: 'site' } & Loaded) | ({ readonly place: 'origin' } & LoadedAtOrigin);

/** `satchel stick load`: take what a stick brings to a site, or to the origin. */
export const stickLoadCommand = defineCommand({
  arguments: { stick: optionalArgument('argument-stick', 'DIR', localPath) },
  options: {
    device: value('option-stick-device', 'DEVICE', localPath),
    repo: siteRepo,
    rsyncDir,
    keyDir,
  },
  async run(call): Promise<Result> {
    const { repo, device } = call.options;
    const { stick } = call.arguments;
    if ((stick === undefined) === (device === undefined)) throw new SatchelError('stick-directory-or-device');
    const take = async (place: StickPlace): Promise<Result> =>
      isSite(repo)
        ? { place: 'site', ...(await loadAtSite(call, place)) }
        : { place: 'origin', ...(await loadAtOrigin(call, place)) };
    if (device === undefined) return take({ stick: stick! });
    const owner = ownerOf(repo);
    const { directory, label, release } = await mountStick(device, owner);
    try {
      return await withRightsOf(owner, (asRoot) =>
        take({ stick: directory, device, label, release: () => asRoot(release) }),
      );
    } finally {
      await release();
    }
  },
  show: (result, words) =>
    result.place === 'site'
      ? siteLines(result, words)
      : [
          ...(result.collected === null ? [] : collectedLines(result.collected, words)),
          ...xobuildsLines(result.xobuilds, words),
          ...problemLines(result.problems, words),
          ...endLines(result.problems, words),
        ],
  exitCode: ({ problems }) => (problems.length > 0 ? 1 : 0),
});

function siteLines(result: Loaded, words: Words): string[] {
  const { builds, attachments, reports, home, xobuilds, xsActivities, problems, copied, news } = result;
  // Of one that was refused the problem says it.
  const isTold = ({ name, copied }: Loaded['builds'][number]) =>
    copied > 0 || !problems.some(({ parameters }) => parameters.build === name);
  return [
    ...builds.filter(isTold).map(({ name, complete, copied }) =>
      words.say(complete ? 'result-stick-taken' : 'result-stick-taken-part', {
        name,
        copied: formatBytes(copied),
      }),
    ),
    ...(attachments.length > 0
      ? [words.say('result-stick-attachments', { names: attachments.join(', ') })]
      : []),
    ...(reports.stored + reports.known > 0 ? [words.say('result-stick-reports', reports)] : []),
    ...xobuildsLines(xobuilds, words),
    ...(xsActivities === null || xsActivities.files.length === 0
      ? []
      : [
          words.say('result-stick-xs-activities', {
            directory: xsActivities.directory,
            count: xsActivities.files.length,
          }),
        ]),
    ...(copied === 0 && !news && attachments.length === 0 && !problems.some(isLoss)
      ? [words.say('result-stick-nothing')]
      : []),
    ...(home === null ? [] : [words.say('result-stick-home', home)]),
    ...problemLines(problems, words),
    ...endLines(problems, words),
  ];
}
