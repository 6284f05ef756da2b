import { lstatSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { isSatchelError, messageOf } from '../base/errors.ts';
import { listIfThere } from '../os/if-there.ts';
import type { BundleKind } from '../repository/bundle-record.ts';
import { compareBundleVersions } from '../repository/bundle-version.ts';
import type { BundleDetails } from '../repository/group-record.ts';
import { describeToPeople } from './bundle-details.ts';
import { bundleFile, type PageBundle } from './group-page.ts';
import { readBundle } from './read-bundle.ts';

/** A bundle that somebody has put into a folder: nobody has signed it. */
export type LocalBundle = {
  /** Where it lies. */
  readonly path: string;
  /** What it is called where it is handed out: `org.laptop.WebActivity-157.xo`. */
  readonly file: string;
  readonly kind: BundleKind;
  readonly details: BundleDetails;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
};

/** What lies in a folder of bundles. */
export type LocalBundles = {
  /** Of each activity the four that came last, the newest first. */
  readonly bundles: readonly LocalBundle[];
  /** Those that came before these. */
  readonly older: readonly LocalBundle[];
  readonly refused: readonly { readonly path: string; readonly reason: string }[];
};

/** So many of each activity are handed out, as the old school servers did. */
const kept = 4;

/** Folders below each other that are looked into. */
const deepest = 8;

type Known = { readonly state: string; readonly found: LocalBundle | string };

/** Reads a folder of bundles, which need not be there; a file that has not changed is read once in its life. */
export function localBundles(
  folder: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): () => Promise<LocalBundles> {
  let known = new Map<string, Known>();
  return async () => {
    const next = new Map<string, Known>();
    for (const { path, stat } of bundleFilesIn(folder, 0)) {
      const state = `${stat.ino}:${stat.size}:${stat.mtimeMs}`;
      const before = known.get(path);
      next.set(path, before?.state === state ? before : { state, found: await look(path, stat, signal) });
    }
    known = next;
    return sorted(next);
  };
}

function* bundleFilesIn(folder: string, depth: number): Generator<{ path: string; stat: Stats }> {
  for (const name of listIfThere(folder).sort()) {
    if (name.startsWith('.')) continue;
    const path = join(folder, name);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory() && depth < deepest) yield* bundleFilesIn(path, depth + 1);
    else if (stat?.isFile() && /\.xol?$/.test(name)) yield { path, stat };
  }
}

/** Why it is refused, as a sentence, where it is. */
async function look(
  path: string,
  stat: Stats,
  signal: AbortSignal | undefined,
): Promise<LocalBundle | string> {
  try {
    const { info, icon } = await readBundle(path, { add: () => undefined }, { signal });
    const details = describeToPeople(info, icon);
    const { size: bytes, mtimeMs: modified } = stat;
    return { path, file: bundleFile(info), kind: info.kind, details, bytes, modified };
  } catch (error) {
    if (isSatchelError(error, 'cancelled')) throw error;
    // Anybody may have put it there: whatever it does, the others are offered.
    return messageOf(error);
  }
}

function sorted(known: ReadonlyMap<string, Known>): LocalBundles {
  const found = [...known.values()].flatMap((each) => (typeof each.found === 'string' ? [] : [each.found]));
  const byId = Map.groupBy(
    found.sort((one, other) => other.modified - one.modified || (one.path < other.path ? -1 : 1)),
    ({ details }) => details.id,
  );
  const bundles: LocalBundle[] = [];
  const older: LocalBundle[] = [];
  for (const ofOne of byId.values()) {
    // Of two with the same version the one that came last counts.
    const distinct = ofOne.filter(
      ({ file }, place) => ofOne.findIndex((other) => other.file === file) === place,
    );
    const last = distinct.slice(0, kept);
    bundles.push(
      ...last.sort((one, other) => compareBundleVersions(other.details.version, one.details.version)),
    );
    older.push(...ofOne.filter((each) => !last.includes(each)));
  }
  const refused = [...known].flatMap(([path, each]) =>
    typeof each.found === 'string' ? [{ path, reason: each.found }] : [],
  );
  return { bundles, older, refused };
}

/** What the page of a place lists: each activity once, in its newest version. */
export function localPageBundles({ bundles }: LocalBundles): PageBundle[] {
  const newest = new Map<string, LocalBundle>();
  for (const bundle of bundles) if (!newest.has(bundle.details.id)) newest.set(bundle.details.id, bundle);
  return [...newest.values()]
    .sort((one, other) => (one.details.id < other.details.id ? -1 : 1))
    .map(({ details, file, bytes }) => ({ ...details, file, bytes, optional: false }));
}
