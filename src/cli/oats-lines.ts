import { oatsFieldKinds } from '../advice/oats-names.ts';
import type { OatsSettings } from '../advice/oats-settings.ts';
import type { MessageCode, MessageParameters } from '../base/catalogue.ts';
import type { Words } from './command.ts';

/** How laptops are answered at a place, for `oats set` and `oats status`. */
export type ShownOats = OatsSettings & {
  readonly repository: string;
  readonly isSite: boolean;
  readonly keyId?: string;
  readonly entries?: readonly { readonly hash: string; readonly name: string; readonly priority: string }[];
  readonly problem?: { readonly code: MessageCode; readonly parameters: MessageParameters };
};

/** What people read of it. */
export function oatsLines(shown: ShownOats, words: Words): string[] {
  const { key, keyId, through, isSite, updates, stream, updatePath, hashcash, names } = shown;
  const { entries, problem } = shown;
  const renamed = oatsFieldKinds
    .filter((kind) => names[kind].join() !== kind)
    .map((kind) => `${kind}=${names[kind].join(',')}`);
  return [
    keyId === undefined
      ? words.say('result-oats-key', { key })
      : words.say('result-oats-key-id', { key, keyId: keyId.slice(0, 16) }),
    through !== undefined
      ? words.say('result-oats-through', { path: through })
      : words.say(isSite ? 'result-oats-through-held' : 'result-oats-direct'),
    updates === undefined
      ? words.say('result-oats-streams', { stream })
      : words.say('result-oats-updates', { path: updates, stream }),
    ...(entries ?? []).map(({ hash, name, priority }) =>
      words.say('result-oats-entry', { hash: hash.slice(0, 12), name, priority }),
    ),
    ...(problem === undefined
      ? []
      : [words.say('result-oats-problem'), words.say(problem.code, problem.parameters)]),
    words.say('result-oats-path', { template: updatePath }),
    ...(hashcash === 0 ? [] : [words.say('result-oats-hashcash', { bits: hashcash })]),
    ...(renamed.length === 0 ? [] : [words.say('result-oats-names', { names: renamed.join(' ') })]),
  ];
}
