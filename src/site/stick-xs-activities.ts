import { lstatSync, rmSync, utimesSync } from 'node:fs';
import { basename, join } from 'node:path';
import { localBundles } from '../activities/local-bundles.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { SiteLayout } from './layout.ts';
import { type TakenXobuilds, takeXobuilds, type XobuildsOptions, type XsFolder } from './stick-xobuilds.ts';

/** Where the old school servers looked for activities on a stick. */
export const xsActivities: XsFolder = 'xs-activity-server';

/**
 * Copies what the manifest of `xs-activity-server/` names to the activities of a site, for its own page, as
 * `takeXobuilds` does. What is no sound bundle is a problem and goes again; of each activity the four newest by their
 * times on the stick stay.
 */
export async function takeXsActivities(
  options: Omit<XobuildsOptions, 'directory' | 'folder'> & {
    readonly layout: Pick<SiteLayout, 'activities'>;
  },
): Promise<TakenXobuilds> {
  const { layout, stick, problems, signal } = options;
  const directory = join(layout.activities, xsActivities);
  const taken = await takeXobuilds({ ...options, directory, folder: xsActivities });
  for (const name of taken.files) keepTime(join(stick, xsActivities, name), join(directory, name));
  const { older, refused } = await localBundles(directory, { signal })();
  for (const { path, reason } of refused) {
    const file = `${xsActivities}/${basename(path)}`;
    problems.push({ code: 'activities-local-refused', parameters: { file, reason } });
  }
  const gone = new Set([...older, ...refused].map(({ path }) => basename(path)));
  for (const name of gone) withSystemErrors('unlink', directory, () => rmSync(join(directory, name)));
  return { ...taken, files: taken.files.filter((name) => !gone.has(name)) };
}

/** The time of a file on the stick tells which is newer; that of the copy says only when the stick was plugged in. */
function keepTime(from: string, to: string): void {
  const found = lstatSync(from, { throwIfNoEntry: false });
  if (found?.isFile()) withSystemErrors('utimes', to, () => utimesSync(to, found.mtime, found.mtime));
}
