import { type Language, say } from '../base/catalogue.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import type { RsyncLayout } from './layout.ts';
import type { TreeProgress } from './trees.ts';

/** How far a tree is, in whole percent. */
export function percentOf({ done, total }: TreeProgress): number {
  return total === 0 ? 0 : Math.floor((100 * done) / total);
}

/** Keeps what the daemon says to everybody who connects: a sentence a tree that is being made, else nothing. */
export function messageOfTheDay(
  layout: RsyncLayout,
  language: Language,
): (making: readonly TreeProgress[]) => void {
  let written: string | undefined;
  return (making) => {
    const text = making
      .filter(({ total }) => total > 0)
      .map((tree) => say('rsync-motd-making', { name: tree.name, percent: percentOf(tree) }, language).text)
      .map((line) => `${line}\n`)
      .join('');
    if (text === written) return;
    writeFileAtomic(layout.motd, text);
    written = text;
  };
}
