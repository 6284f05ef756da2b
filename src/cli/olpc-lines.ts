import type { BuildName } from '../base/identifiers.ts';
import { formatBytes, formatSeconds } from '../base/units.ts';
import type { UpdateResult } from '../device/update.ts';
import type { RsyncChangelog } from '../rsync/client-changelog.ts';
import type { ClientUpdateResult } from '../rsync/client-options.ts';
import type { Words } from './command.ts';

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
    ...changes.map(({ kind, path }) => `${marks[kind]} ${path}`),
    words.say('result-olpc-changes', { build: result.build, from: from ?? '—', count: changes.length }),
  ];
}

function updateLines(
  result: (ClientUpdateResult | UpdateResult) & { readonly rebooting: boolean },
  words: Words,
): string[] {
  const { build, plan, bytesReceived, requests, seconds, rebootNeeded, damaged = [], rebooting } = result;
  if (plan === 'none') return [words.say('result-check-current', { build })];
  const done = { build, bytes: formatBytes(bytesReceived), requests, seconds: formatSeconds(seconds) };
  const checked = 'checkedBy' in result && result.checkedBy === 'comparison';
  return [
    words.say('result-update', done),
    ...(checked ? [words.say('result-olpc-compared', { source: result.source })] : []),
    ...('changedPaths' in result ? (result.changedPaths ?? []).map((path) => `* ${path}`) : []),
    ...damaged.map((path) => words.say('result-damaged', { path })),
    ...(rebooting ? [words.say('result-olpc-reboot')] : rebootNeeded ? [words.say('result-reboot')] : []),
  ];
}
