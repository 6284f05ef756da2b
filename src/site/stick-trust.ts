import { hash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { silentReporter } from '../base/progress.ts';
import { removeTree } from '../os/remove-tree.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { openDirectoryStore } from '../store/directory.ts';
import { openStickStore } from '../store/stick.ts';
import type { ReadableStore } from '../store/store.ts';
import { openTrustClient } from '../trust/client.ts';
import type { RootMetadata } from '../trust/metadata.ts';
import { metadataFile } from '../trust/names.ts';
import { placePolicy } from '../trust/policy.ts';
import { readIfThere } from '../trust/read-if-there.ts';
import { defaultLimits } from '../trust/roles.ts';
import type { SiteLayout } from './layout.ts';
import type { SignedSource } from './stick-build.ts';
import { rootFrom } from './stick-sign.ts';
import type { StickProblem } from './stick-state.ts';

/** What a site may believe of a stick. */
export type StickTrust = SignedSource & {
  /** The repository on the stick alone. */
  readonly stick: ReadableStore;
  readonly root: RootMetadata;
  /** The time to judge by: the clock, or what was signed if that is later. */
  readonly now: number;
  /** True when the metadata of the stick is good and not older than what the site has. */
  readonly isCurrent: boolean;
  readonly problems: readonly StickProblem[];
  close(): Promise<void>;
};

/**
 * Checks the metadata of a stick with what a site trusts, on a copy, so that the site itself stays as it is until the
 * content has been copied. A stick that is older, or whose metadata is not good, may still bring files that the site's
 * own metadata leads to. Throws `stick-site-not-trusting`, `stick-of-another-organisation`, `root-expired`,
 * `role-expired`.
 */
export async function openStickTrust(options: {
  readonly layout: SiteLayout;
  readonly directory: string;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}): Promise<StickTrust> {
  const { layout, directory, clock, signal } = options;
  const stick = openStickStore(directory);
  const site = openDirectoryStore(layout.repository);
  const scratch = join(layout.directory, 'stick-trust');
  const copyTrust = () => {
    removeTree(scratch);
    withSystemErrors('mkdir', scratch, () => {
      mkdirSync(scratch, { recursive: true, mode: 0o700 });
      if (existsSync(layout.trust)) cpSync(layout.trust, scratch, { recursive: true });
    });
  };
  const open = (store: ReadableStore) => {
    copyTrust();
    // What is wrong is told once, by whoever takes the metadata in.
    return openTrustClient({
      directory: scratch,
      store,
      clock,
      reporter: silentReporter,
      policy: placePolicy,
    });
  };
  const store = siteBeforeStick(site, stick);
  let client = open(store);
  if (client.root() === undefined)
    throw new SatchelError('stick-site-not-trusting', { repository: layout.repository });
  const problems: StickProblem[] = [];
  let isCurrent = true;
  try {
    await client.refresh({ signal });
  } catch (error) {
    if (!isSatchelError(error) || error.code === 'cancelled') throw error;
    isCurrent = false;
    await requireSameOrganisation({ site, stick, error });
    problems.push(
      error.code === 'metadata-rolled-back'
        ? { code: 'stick-older', parameters: { path: directory } }
        : { code: error.code, parameters: error.parameters },
    );
    client = open(store);
  }
  // Of a site that has never seen any metadata nothing is known, so nothing can be taken.
  if (client.targetPaths('builds').length === 0 && !isCurrent) {
    const [problem] = problems;
    if (problem !== undefined) throw new SatchelError(problem.code, problem.parameters);
  }
  return {
    client,
    store,
    stick,
    signal,
    root: rootFrom(client.root()!.bytes, directory),
    now: client.floor.now(),
    isCurrent,
    problems,
    async close() {
      await Promise.all([stick.close(), site.close()]);
      removeTree(scratch);
    },
  };
}

/** Metadata comes from the stick, for it is what is to be judged; everything else from wherever it is. */
function siteBeforeStick(site: ReadableStore, stick: ReadableStore): ReadableStore {
  return {
    location: stick.location,
    async read(name, options) {
      if (name.startsWith('metadata/')) return stick.read(name, options);
      try {
        return await site.read(name, options);
      } catch (error) {
        if (!isSatchelError(error, 'store-not-found')) throw error;
        return stick.read(name, options);
      }
    },
    close: async () => {},
  };
}

/** A stick with another first root is no damaged stick but somebody else's. */
async function requireSameOrganisation({
  site,
  stick,
  error,
}: {
  readonly site: ReadableStore;
  readonly stick: ReadableStore;
  readonly error: SatchelError;
}): Promise<void> {
  const [ours, theirs] = await Promise.all([firstRoot(site), firstRoot(stick)]);
  if (ours === undefined || theirs === undefined || ours === theirs) return;
  const path = stick.location;
  throw new SatchelError('stick-of-another-organisation', { path, theirs, ours }, { cause: error });
}

async function firstRoot(store: ReadableStore): Promise<string | undefined> {
  const bytes = await readIfThere(store, metadataFile('root', 1), { limit: defaultLimits.root });
  return bytes && hash('sha256', bytes);
}
