import { displayOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { compareIndexes } from '../build/compare.ts';
import { readInstalled, readInstalledIndex } from '../device/installed.ts';
import { fetchLists } from '../device/lists.ts';
import { lockDevice } from '../device/lock.ts';
import { repairVersion } from '../device/repair-version.ts';
import { chooseWanted, type DeviceSession, openSession } from '../device/session.ts';
import { situationOf } from '../device/situation.ts';
import { type UpdateResult, update } from '../device/update.ts';
import { findWanted } from '../device/wanted.ts';
import { type BuildRecord, parseBuildRecord } from '../repository/records.ts';
import type { RsyncChangelog } from '../rsync/client-changelog.ts';
import { type OlpcCall, rootOf } from './olpc-call.ts';

/** Opens the device at this repository, runs `action`, and closes the connections whatever happens. */
async function withRepository<Result>(
  { options, clock, reporter, signal }: OlpcCall,
  source: string,
  action: (session: DeviceSession) => Promise<Result>,
): Promise<Result> {
  const root = rootOf(options);
  const session = await openSession({ root, source, patience: options.timeout, clock, reporter, signal });
  try {
    return await action(session);
  } finally {
    await session.close();
  }
}

/**
 * Updates to a build of a repository, or to what the device's stream names. With `-f` a build that boots already is
 * repaired, and an older one than that is taken. Throws `olpc-older`, and what an update throws.
 */
export function updateFromRepository(
  call: OlpcCall,
  source: string,
  build: BuildName | undefined,
): Promise<UpdateResult & { readonly changedPaths?: readonly string[] }> {
  const { clock, reporter, signal } = call;
  return withRepository(call, source, async (session) => {
    const choice = chooseWanted(session.layout, { build });
    const wanted = await findWanted({ ...session, signal }, choice);
    const { current, isCurrent } = situationOf(session.layout, wanted);
    const before = current === undefined ? undefined : readInstalled(session.layout, current)?.sequence;
    if (!call.options.force && before !== undefined && before > wanted.build.sequence)
      throw new SatchelError('olpc-older', { build: wanted.build.name, current: current ?? '' });
    if (isCurrent && call.options.force) await repairCurrent(session, wanted.build.name, call);
    if (call.options.hints !== undefined) reporter.notice('hints-not-needed');
    const result = await update({ session, choice, clock, reporter, signal });
    return call.options.verbose ? { ...result, changedPaths: changedPaths(session, result) } : result;
  });
}

/** The paths in which the new version differs from the one before; all are told by their indexes. */
function changedPaths({ layout }: DeviceSession, { build, from }: UpdateResult): string[] {
  if (from === null || readInstalled(layout, from) === undefined) return [];
  const { changes } = compareIndexes(readInstalledIndex(layout, from), readInstalledIndex(layout, build));
  return changes.map(({ path }) => (path === '' ? '.' : displayOf(path)));
}

async function repairCurrent(session: DeviceSession, name: BuildName, call: OlpcCall): Promise<void> {
  using _lock = lockDevice(session.layout);
  await repairVersion({ session, name, reporter: call.reporter, signal: call.signal });
}

/** The builds of a repository, the newest first. */
export function listRepository(call: OlpcCall, source: string): Promise<BuildRecord[]> {
  return withRepository(call, source, async ({ client }) => {
    const records: BuildRecord[] = [];
    for (const path of client.targetPaths('builds'))
      records.push(parseBuildRecord(await client.target(path, { signal: call.signal }), path));
    return records.sort((one, other) => other.sequence - one.sequence);
  });
}

const kinds = {
  added: 'added',
  removed: 'removed',
  content: 'changed',
  metadata: 'changed',
  type: 'changed',
} as const;

/**
 * What a build of a repository brings: its notes, else the paths in which it differs from the version that boots.
 * Throws `build-not-found`, and what fetching its lists throws.
 */
export function changelogInRepository(
  call: OlpcCall,
  source: string,
  name: BuildName,
): Promise<RsyncChangelog> {
  const { reporter, signal } = call;
  return withRepository(call, source, async (session) => {
    const wanted = await findWanted({ ...session, signal }, { build: name });
    if (wanted.build.notes !== '') return { text: wanted.build.notes };
    const { current } = situationOf(session.layout, wanted);
    if (current === undefined || readInstalled(session.layout, current) === undefined) return { changes: [] };
    const { entries } = await fetchLists({ ...session, wanted, reporter, signal });
    const { changes } = compareIndexes(readInstalledIndex(session.layout, current), entries);
    return {
      from: current,
      changes: changes.map(({ kind, path }) => ({
        kind: kinds[kind],
        path: path === '' ? '.' : displayOf(path),
      })),
    };
  });
}
