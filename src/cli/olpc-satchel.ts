import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { readInstalled, readInstalledIndex } from '../device/installed.ts';
import { fetchLists } from '../device/lists.ts';
import { lockDevice } from '../device/lock.ts';
import { repairVersion } from '../device/repair-version.ts';
import { chooseWanted, type DeviceSession, openSession } from '../device/session.ts';
import { situationOf } from '../device/situation.ts';
import { type UpdateResult, update } from '../device/update.ts';
import { findWanted } from '../device/wanted.ts';
import { isNote } from '../repository/layout.ts';
import { type BuildRecord, parseBuildRecord } from '../repository/records.ts';
import { changedPaths, type PathChange } from '../rsync/changed-paths.ts';
import type { RsyncChangelog } from '../rsync/client-changelog.ts';
import { type OlpcCall, rootOf } from './olpc-call.ts';
import { reportAfterwards } from './report-afterwards.ts';

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
): Promise<UpdateResult & { readonly changes?: readonly PathChange[] }> {
  return withRepository(call, source, (session) =>
    reportAfterwards(session, call, () => updateIn(session, call, build)),
  );
}

async function updateIn(
  session: DeviceSession,
  call: OlpcCall,
  build: BuildName | undefined,
): Promise<UpdateResult & { readonly changes?: readonly PathChange[] }> {
  const { clock, reporter, signal } = call;
  const choice = chooseWanted(session.layout, { build });
  const wanted = await findWanted({ ...session, signal }, choice);
  const { current, isCurrent } = situationOf(session.layout, wanted);
  const before = current === undefined ? undefined : readInstalled(session.layout, current)?.sequence;
  const isNamed = build !== undefined;
  if (isNamed && !call.options.force && before !== undefined && before > wanted.build.sequence)
    throw new SatchelError('olpc-older', { build: wanted.build.name, current: current ?? '' });
  const repaired =
    isCurrent && call.options.force ? await repairCurrent(session, wanted.build.name, call) : [];
  if (call.options.hints !== undefined) reporter.notice('hints-not-needed');
  const updated = await update({ session, choice, clock, reporter, signal });
  const result = repaired.length === 0 ? updated : { ...updated, damaged: repaired };
  return call.options.verbose ? { ...result, changes: changesOf(session, result) } : result;
}

/** The paths in which the new version differs from the one before; all are told by their indexes. */
function changesOf({ layout }: DeviceSession, { build, from }: UpdateResult): PathChange[] {
  if (from === null || readInstalled(layout, from) === undefined) return [];
  return changedPaths(readInstalledIndex(layout, from), readInstalledIndex(layout, build));
}

/** The paths that were damaged, and are right again. */
async function repairCurrent(
  session: DeviceSession,
  name: BuildName,
  { reporter, signal }: OlpcCall,
): Promise<string[]> {
  using _lock = lockDevice(session.layout);
  const { damaged } = await repairVersion({ session, name, reporter, signal });
  return damaged.map(({ path }) => path);
}

/** The builds of a repository, the newest first. */
export function listRepository(call: OlpcCall, source: string): Promise<BuildRecord[]> {
  return withRepository(call, source, async ({ client }) => {
    const records: BuildRecord[] = [];
    for (const path of client.targetPaths('builds').filter((each) => !isNote(each)))
      records.push(parseBuildRecord(await client.target(path, { signal: call.signal }), path));
    return records.sort((one, other) => other.sequence - one.sequence);
  });
}

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
    return { from: current, changes: changedPaths(readInstalledIndex(session.layout, current), entries) };
  });
}
