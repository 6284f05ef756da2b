import { createHash } from 'node:crypto';
import { lstatSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { everySite, isManifestName, type StickFile } from '../store/stick-manifest.ts';
import { readLocal } from './stick-files.ts';

/** What a stick carries beside builds. It is taken only from a signed stick. */
export type StickAttachments = {
  /** A file of leases for the named sites, or for every site. */
  readonly leases?: string | undefined;
  /** A file of delegations for them. */
  readonly delegations?: string | undefined;
  /** A folder of activities for every site. */
  readonly activities?: string | undefined;
};

/** A file of this machine that is to go on a stick. */
export type Attachment = StickFile & { readonly path: string };

/** The kinds of attachments for sites, by the first part of their names. */
export const siteAttachments = ['leases', 'delegations'] as const;

/**
 * Lists what is to be attached, each file with its hash. The names of those for sites carry the hash, so that the old one
 * and the new one can lie beside each other. Throws `stick-attachment-name`, and what reading them throws.
 */
export async function listAttachments(
  given: StickAttachments,
  sites: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Attachment[]> {
  const found: Attachment[] = [];
  for (const kind of siteAttachments) {
    const path = given[kind];
    if (path === undefined) continue;
    const content = await contentOf(path, signal);
    for (const site of sites.length === 0 ? [everySite] : sites)
      found.push({ name: `sites/${site}/${kind}-${content.sha256}`, path, ...content });
  }
  if (given.activities !== undefined)
    for (const path of filesBelow(given.activities)) {
      const name = `activities/${path.slice(given.activities.length + 1)}`;
      if (!isManifestName(name)) throw new SatchelError('stick-attachment-name', { name: basename(path) });
      found.push({ name, path, ...(await contentOf(path, signal)) });
    }
  return found;
}

async function contentOf(path: string, signal: AbortSignal | undefined) {
  const sum = createHash('sha256');
  let length = 0;
  for await (const piece of readLocal(path, signal)) {
    sum.update(piece);
    length += piece.length;
  }
  return { length, sha256: sum.digest('hex') as Sha256 };
}

function filesBelow(folder: string): string[] {
  return withSystemErrors('readdir', folder, () =>
    readdirSync(folder)
      .sort()
      .flatMap((name) => {
        const path = join(folder, name);
        const found = lstatSync(path);
        if (found.isDirectory()) return filesBelow(path);
        return found.isFile() ? [path] : [];
      }),
  );
}
