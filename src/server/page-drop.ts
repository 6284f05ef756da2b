import { type Language, say } from '../base/catalogue.ts';
import { type DropProblem, type DropProblems, problemSentence } from '../rsync/drop-problems.ts';
import { type Html, html } from './html.ts';

/** What the drop directory waits for and what is wrong with it, one sentence a line; nothing when all is well. */
export function dropSection({ problems, waiting }: DropProblems, language: Language): Html {
  if (problems.length + waiting.length === 0) return html``;
  const word = (code: 'page-drop' | 'page-drop-explained') => say(code, {}, language).text;
  const line = (problem: DropProblem, style: string) =>
    html`<li class="${style}">${problemSentence(problem, language)}</li>
`;
  return html`<h2>${word('page-drop')}</h2><p>${word('page-drop-explained')}</p><ul>
${[...problems.map((problem) => line(problem, 'bad')), ...waiting.map((problem) => line(problem, 'soft'))]}</ul>`;
}
