import type { Collected } from '../site/stick-collect.ts';
import type { StickProblem } from '../site/stick-state.ts';
import type { TakenXobuilds } from '../site/stick-xobuilds.ts';
import type { Words } from './command.ts';

/** What came home on a stick, as lines. */
export function collectedLines({ sites, devices }: Collected, words: Words): string[] {
  const count = devices.stored + devices.known;
  if (sites.length + count === 0) return [words.say('result-stick-nothing')];
  return [
    ...sites.map(({ site, stored, known }) => words.say('result-stick-site', { site, stored, known })),
    ...(count > 0 ? [words.say('result-stick-reports', devices)] : []),
  ];
}

/** Builds of the old kind that a stick brought. */
export function xobuildsLines(xobuilds: TakenXobuilds | null, words: Words): string[] {
  if (xobuilds === null || xobuilds.files.length === 0) return [];
  const { directory, files } = xobuilds;
  return [words.say('result-stick-xobuilds', { directory, count: files.length })];
}

/** What a person should know about a stick. */
export function problemLines(problems: readonly StickProblem[], words: Words): string[] {
  return problems.map(({ code, parameters }) => words.say(code, parameters));
}
