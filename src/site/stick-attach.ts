import { lstatSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { everySite, isManifestName, type StickFile } from '../store/stick-manifest.ts';
import { sumOf } from './stick-read.ts';

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
 * and the new one can lie beside each other. Throws `stick-attachment-name`, `stick-attachment-absent`,
 * `stick-attachment-kind`, and what reading them throws.
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
  if (given.activities !== undefined) {
    requireKind(given.activities, 'directory');
    for (const path of filesBelow(given.activities)) {
      const name = `activities/${path.slice(given.activities.length + 1)}`;
      if (!isManifestName(name)) throw new SatchelError('stick-attachment-name', { name: basename(path) });
      found.push({ name, path, ...(await contentOf(path, signal)) });
    }
  }
  return found;
}

async function contentOf(path: string, signal: AbortSignal | undefined) {
  requireKind(path, 'file');
  const { length, sum } = await sumOf([path], { signal });
  return { length, sha256: sum as Sha256 };
}

function requireKind(path: string, kind: 'file' | 'directory'): void {
  const found = withSystemErrors('lstat', path, () => lstatSync(path, { throwIfNoEntry: false }));
  if (found === undefined) throw new SatchelError('stick-attachment-absent', { path });
  if (kind === 'file' ? !found.isFile() : !found.isDirectory())
    throw new SatchelError('stick-attachment-kind', { path });
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

/** Something that a stick carried for sites, and carries no longer; `site` is undefined when it was for every site. */
export type GoneAttachment =
  | { readonly kind: (typeof siteAttachments)[number]; readonly site?: string }
  | { readonly kind: 'activity'; readonly name: string };

/** What of the former files of a stick has no successor among the present ones, each thing once. */
export function goneAttachments(
  former: readonly string[],
  present: ReadonlySet<string>,
): readonly GoneAttachment[] {
  const kindOf = (name: string) => /^sites\/([^/]+)\/(leases|delegations)-/.exec(name);
  const stay = new Set([...present].map((name) => kindOf(name)?.[0]));
  const gone = new Map<string, GoneAttachment>();
  for (const name of former) {
    const found = kindOf(name);
    if (found !== null && !stay.has(found[0])) {
      const [key, site = '', kind] = found;
      gone.set(key, {
        kind: kind === 'leases' ? 'leases' : 'delegations',
        ...(site !== everySite && { site }),
      });
    }
    if (name.startsWith('activities/') && !present.has(name))
      gone.set(name, { kind: 'activity', name: name.slice('activities/'.length) });
  }
  return [...gone.values()];
}
