import { say } from '../base/catalogue.ts';
import { shortHashes } from '../base/short-hashes.ts';
import type { Collected } from '../site/stick-collect.ts';
import { isLoss, type StickProblem } from '../site/stick-state.ts';
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

/** What a person should know about a stick, each thing once, with what can be done about it. */
export function problemLines(problems: readonly StickProblem[], { language }: Words): string[] {
  const hints = new Map<string, string[]>();
  for (const { code, parameters } of problems) {
    const { text, hint = '' } = say(code, shortHashes(parameters), language);
    const texts = hints.get(hint) ?? [];
    if (!texts.includes(text)) texts.push(text);
    hints.set(hint, texts);
  }
  return [...hints].flatMap(([hint, texts]) => (hint === '' ? texts : [...texts, `  ${hint}`]));
}

/** How loading a stick ends: whether everything was taken, and that the stick may go. */
export function endLines(problems: readonly StickProblem[], words: Words): string[] {
  return [words.say(problems.some(isLoss) ? 'result-stick-load-part' : 'result-stick-load-done')];
}
