import { statSync } from 'node:fs';
import { type Language, say } from '../base/catalogue.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readFileIfThere } from '../os/if-there.ts';
import { configurationPath } from './configuration-path.ts';
import type { RsyncLayout } from './layout.ts';
import type { TreeProgress } from './trees.ts';

/** How far a tree is, in whole percent. */
export function percentOf({ done, total }: TreeProgress): number {
  return total === 0 ? 0 : Math.floor((100 * done) / total);
}

/**
 * The setting that names the message, while there is one: for an empty file clients print an empty line. It comes
 * after the operator's own `motd file`, which thus holds while no tree is being made.
 */
export function messageLine(layout: RsyncLayout): string[] {
  const size = statSync(layout.motd, { throwIfNoEntry: false })?.size ?? 0;
  return size > 0 ? [settingOf(layout)] : [];
}

/**
 * Keeps what the daemon says to everybody who connects: a sentence a tree that is being made, else nothing. The
 * configuration names the message only while there is one, see {@link messageLine}.
 */
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
    // Whoever connects in between finds either no message or the whole of it.
    if (text === '') nameMessage(layout, false);
    writeFileAtomic(layout.motd, text);
    if (text !== '') nameMessage(layout, true);
    written = text;
  };
}

/** Adds the setting to the configuration that the daemon reads now, or takes it away. */
function nameMessage(layout: RsyncLayout, isNamed: boolean): void {
  const setting = settingOf(layout);
  const before = readFileIfThere(layout.configuration)?.toString('utf8');
  if (before === undefined || before.includes(`\n${setting}\n`) === isNamed) return;
  const after = isNamed
    ? before.replace('\npid file = ', () => `\n${setting}\npid file = `)
    : before.replace(`\n${setting}\n`, '\n');
  writeFileAtomic(layout.configuration, after);
}

function settingOf(layout: RsyncLayout): string {
  return `motd file = ${configurationPath(layout.motd)}`;
}
