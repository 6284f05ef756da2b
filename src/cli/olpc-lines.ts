import type { BuildName } from '../base/identifiers.ts';
import { formatBytes, formatSeconds } from '../base/units.ts';
import type { UpdateResult } from '../device/update.ts';
import type { PathChange } from '../rsync/changed-paths.ts';
import type { RsyncChangelog } from '../rsync/client-changelog.ts';
import type { ClientUpdateResult } from '../rsync/client-options.ts';
import type { Words } from './command.ts';
import { isStaying, stayingLines } from './staying-lines.ts';

/** What `olpc-update` answers. */
export type OlpcResult =
  | { readonly satchel: string }
  | {
      readonly server: string;
      readonly builds: readonly { readonly name: BuildName; readonly comment: string }[];
    }
  | ({ readonly server: string; readonly build: BuildName } & RsyncChangelog)
  | ((ClientUpdateResult | UpdateResult) & { readonly rebooting: boolean });

const marks = { added: '+', changed: '*', removed: '-' } as const;

/** The answer for people. */
export function olpcLines(result: OlpcResult, words: Words): string[] {
  if ('satchel' in result) return [`olpc-update (satchel) ${result.satchel}`];
  if ('builds' in result)
    return result.builds.map(({ name, comment }) => (comment === '' ? name : `${name}  ${comment}`));
  if ('plan' in result) return updateLines(result, words);
  const { text, changes = [], from } = result;
  if (text !== undefined) return [text.trimEnd()];
  return [
    ...changes.map(changeLine),
    words.say('result-olpc-changes', { build: result.build, from: from ?? '—', count: changes.length }),
  ];
}

type Updated = (ClientUpdateResult | (UpdateResult & Pick<ClientUpdateResult, 'changes'>)) & {
  readonly rebooting: boolean;
};

function updateLines(result: Updated, words: Words): string[] {
  const { build, plan, rebootNeeded, changes = [], rebooting } = result;
  if ('stream' in result && isStaying(result)) return stayingLines(result, words);
  if (plan === 'none') return [words.say('result-check-current', { build }), ...damageLines(result, words)];
  const checked = 'checkedBy' in result && result.checkedBy === 'comparison';
  return [
    words.say('result-olpc-update', {
      build,
      bytes: formatBytes(result.bytesReceived),
      seconds: formatSeconds(result.seconds),
    }),
    ...(checked
      ? [
          words.say(result.manifest === 'none' ? 'result-olpc-no-manifest' : 'result-olpc-compared', {
            source: result.source,
          }),
        ]
      : []),
    ...changes.map(changeLine),
    ...damageLines(result, words),
    ...(rebooting ? [words.say('result-olpc-reboot')] : rebootNeeded ? [words.say('result-reboot')] : []),
  ];
}

function changeLine({ kind, path }: PathChange): string {
  return `${marks[kind]} ${path}`;
}

/** What was damaged: in the version before, or in the build itself, which was on the device and is right again. */
function damageLines({ build, from, plan, damaged = [] }: Updated, words: Words): string[] {
  const isHealed = plan === 'switch' || plan === 'none';
  return damaged.map((path) =>
    isHealed
      ? words.say('result-olpc-healed', { build, path })
      : words.say('result-olpc-damaged', { build: from ?? build, path }),
  );
}
