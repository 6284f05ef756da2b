import { lstatSync } from 'node:fs';
import type { Clock } from '../base/clock.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { syncFilesystemInBackground } from '../os/system-calls.ts';
import type { KeyRing } from '../trust/keys.ts';
import type { RootMetadata } from '../trust/metadata.ts';
import { openStickTree, type StickTree } from './stick-files.ts';
import { answerHome, type BroughtHome, takeHome } from './stick-home.ts';
import { lockStick, readStickList } from './stick-manifest-file.ts';
import { removeTaken, takeDeviceReports } from './stick-reports.ts';
import type { StickProblem } from './stick-state.ts';

export type CollectOptions = {
  /** The directory where the stick is mounted. */
  readonly stick: string;
  readonly fleet: Pick<Fleet, 'storeReports'>;
  /** The root of this origin, and SHA-256 of its version 1. */
  readonly root: RootMetadata;
  readonly organisation: string;
  /** Keys to sign the answer to the sites with, where they are at hand. */
  readonly keys?: KeyRing | undefined;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
};

/** What a stick brought home. */
export type Collected = {
  readonly stick: string;
  /** What each site sent. */
  readonly sites: readonly (Omit<BroughtHome, 'files'> & {
    /** True when the stick tells the site that its reports have arrived. */
    readonly answered: boolean;
  })[];
  /** Reports that devices left on the stick themselves. */
  readonly devices: { readonly stored: number; readonly known: number };
  readonly problems: readonly StickProblem[];
};

/**
 * Stores what sites and devices have put on a stick, then marks it as taken: the files go, and an answer signed by the
 * origin takes their place, which tells the sites so. The same stick may be collected any number of times, and pulled out at
 * any moment: everything counts once. Throws `stick-not-a-directory`, `stick-not-prepared`,
 * `stick-of-another-organisation`, `stick-busy`, `stick-symlink`, and what the fleet throws.
 */
export async function collectStick(options: CollectOptions): Promise<Collected> {
  const { stick, fleet } = options;
  if (lstatSync(stick, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new SatchelError('stick-not-a-directory', { path: stick });
  const tree = openStickTree(stick);
  await requireOurs(tree, options);
  const problems: StickProblem[] = [];
  const brought = await takeHome(tree, fleet, problems);
  const devices = await takeDeviceReports(tree, fleet, problems);
  const answered = await markTaken(tree, options, { brought, devices: devices.files, problems });
  return {
    stick,
    sites: brought.map(({ site, stored, known }) => ({ site, stored, known, answered: answered.has(site) })),
    devices: { stored: devices.stored, known: devices.known },
    problems,
  };
}

/** A stick whose list is damaged may still bring reports, which prove themselves by nothing anyway. */
async function requireOurs(tree: StickTree, { stick, organisation }: CollectOptions): Promise<void> {
  if (!tree.isFolder('home') && !tree.isFolder('reports'))
    throw new SatchelError('stick-not-prepared', { path: stick });
  try {
    const theirs = (await readStickList(tree))?.manifest.organisation;
    if (theirs !== undefined && theirs !== organisation)
      throw new SatchelError('stick-of-another-organisation', { path: stick, theirs, ours: organisation });
  } catch (error) {
    if (!isSatchelError(error, 'stick-manifest-damaged', 'stick-newer')) throw error;
  }
}

type Stored = {
  readonly brought: Awaited<ReturnType<typeof takeHome>>;
  readonly devices: readonly string[];
  readonly problems: StickProblem[];
};

/** The sites that were answered. A stick that cannot be written to is a problem and no failure: everything is stored. */
async function markTaken(
  tree: StickTree,
  { stick, keys, root, clock }: CollectOptions,
  { brought, devices, problems }: Stored,
): Promise<ReadonlySet<string>> {
  const answered = new Set<string>();
  try {
    using _lock = lockStick(tree);
    for (const { site, ids, files } of brought) {
      if (keys && (await answerHome({ tree, site, ids, keys, root, clock }))) answered.add(site);
      removeTaken(tree, files);
    }
    removeTaken(tree, devices);
    await syncFilesystemInBackground(stick);
  } catch (error) {
    if (!isSatchelError(error, 'permission-denied', 'system-call-failed', 'disk-full')) throw error;
    problems.push({ code: 'stick-not-writable-origin', parameters: { path: stick, reason: error.message } });
  }
  return answered;
}
