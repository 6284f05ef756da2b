import { lstatSync, mkdirSync } from 'node:fs';
import { displayOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import type { EntryList } from '../build/index-table.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { contentMayBeRight, type Damaged } from './damage.ts';
import { recordVersion, stageContents } from './install.ts';
import { readInstalled } from './installed.ts';
import { pristineTree } from './layout.ts';
import { fetchContents, fetchLists } from './lists.ts';
import { planRepair } from './repair-plan.ts';
import { restoreDamaged } from './repair-version.ts';
import type { Situation } from './situation.ts';
import { startSpending } from './spending.ts';
import type { UpdateOptions } from './update-options.ts';
import { verifyAgainst } from './verify.ts';

/**
 * Takes over a tree that boots or runs under the name of the wanted build and that nothing is recorded of, because
 * another program made it (satchel-lite): every file is read, what is not as published is repaired, and only then it
 * is recorded as installed. The paths that were repaired. Throws `build-name-reused` when the name is that of another
 * build, or when the running tree has other content.
 */
export async function adoptTree(options: UpdateOptions, { wanted, running }: Situation): Promise<string[]> {
  const { session, maximumBytes, reporter, signal, clock } = options;
  const { layout } = session;
  const { build } = wanted;
  const { name, index } = build;
  const tree = pristineTree(layout, name);
  const isThere = lstatSync(tree, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isThere || readInstalled(layout, name) !== undefined)
    throw new SatchelError('build-name-reused', { name });
  const spending = startSpending(session, { build: name, maximumBytes });
  const fetching = { ...options, ...session, wanted, spending };
  const { entries } = await fetchLists(fetching);
  const manifest = await fetchContents(fetching, entries);
  const verify = { layout, name, full: true, reporter, signal };
  const { damaged, unread } = await verifyAgainst(verify, entries, index.sha256);
  // What this user may not read is not known to be right.
  if (unread.length > 0) throw new SatchelError('build-name-reused', { name });
  if (name === running && hasOtherContent(tree, entries, damaged))
    throw new SatchelError('build-name-reused', { name });
  withSystemErrors('mkdir', layout.stage, () => mkdirSync(layout.stage, { recursive: true, mode: 0o700 }));
  if (damaged.length > 0)
    await restoreDamaged({ ...options, name }, { entries, index: index.sha256, damaged });
  recordVersion({ layout, build, contents: stageContents(layout, name, manifest), clock });
  return damaged.map(({ path }) => displayOf(path));
}

/** Where the time is wrong the content may be wrong too, which only the plan tells. */
function hasOtherContent(tree: string, entries: EntryList, damaged: readonly Damaged[]): boolean {
  if (damaged.some(({ reason }) => !contentMayBeRight(reason))) return true;
  return planRepair(tree, entries, damaged).fetch.length > 0;
}
