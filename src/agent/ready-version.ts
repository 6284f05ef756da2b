import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildName, isBuildName } from '../base/identifiers.ts';
import { readInstalled } from '../device/installed.ts';
import { recordEnd } from '../device/journal.ts';
import type { DeviceLayout } from '../device/layout.ts';
import { lockDevice } from '../device/lock.ts';
import { openBootPointer } from '../device/open-boot-pointer.ts';
import { discardVersion, purgeVersions } from '../device/purge.ts';
import { switchVersion } from '../device/switch-version.ts';
import { collectTrash } from '../device/trash.ts';
import { endTrialBefore } from '../device/trial-update.ts';
import { verifyTree } from '../device/verify.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { listIfThere } from '../os/if-there.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { Agent } from './agent.ts';
import type { AgentState } from './state.ts';

/** A version that is complete on the device and waits for its switch. */
export type ReadyVersion = NonNullable<AgentState['ready']>;

/** What stands in a mark of ours, so that after a power cut it is known from those that people made. */
const ourWords = 'satchel agent\n';

/** Keeps a version until its switch: an initramfs of old removes at the next start whatever has no mark in `sticky/`. */
export function keepReady({ sticky }: DeviceLayout, build: BuildName): ReadyVersion {
  const mark = join(sticky, build);
  if (!existsSync(mark)) {
    withSystemErrors('mkdir', sticky, () => mkdirSync(sticky, { recursive: true }));
    writeFileAtomic(mark, ourWords);
  }
  return { build };
}

/** What waits for its switch by a mark of ours, where a power cut came before anything else said so. */
export function markedReady(layout: DeviceLayout): ReadyVersion | undefined {
  const marked = listIfThere(layout.sticky).find((name) => isOurMark(layout, name));
  return marked !== undefined && isBuildName(marked) ? { build: marked } : undefined;
}

/** Takes our mark away: what boots next must have none, else nothing would ever be purged. */
export function unmarkReady(layout: DeviceLayout, { build }: ReadyVersion): void {
  const mark = join(layout.sticky, build);
  if (isOurMark(layout, build)) withSystemErrors('unlink', mark, () => rmSync(mark, { force: true }));
}

/** What people put there may be anything, a folder too. */
function isOurMark({ sticky }: DeviceLayout, name: string): boolean {
  try {
    return readFileSync(join(sticky, name), 'latin1') === ourWords;
  } catch {
    return false;
  }
}

/**
 * What is still ready: nothing when somebody else has switched to it, or has removed it. Then its mark goes, and what it
 * kept from being purged.
 */
export function stillReady(layout: DeviceLayout, ready: ReadyVersion | undefined): ReadyVersion | undefined {
  if (ready === undefined) return undefined;
  const isCurrent = openBootPointer(layout).read().current === ready.build;
  if (!isCurrent && readInstalled(layout, ready.build) !== undefined) return ready;
  unmarkReady(layout, ready);
  if (isCurrent) {
    using _lock = lockDevice(layout);
    purgeVersions(layout);
    collectTrash(layout);
  }
  return undefined;
}

/** Gives up a version that something newer has overtaken, to make room for that. */
export function dropReady(layout: DeviceLayout, ready: ReadyVersion): void {
  if (!isOurMark(layout, ready.build)) return;
  unmarkReady(layout, ready);
  using _lock = lockDevice(layout);
  const { current, alternate } = openBootPointer(layout).read();
  if (ready.build !== current && ready.build !== alternate) discardVersion(layout, ready.build);
  collectTrash(layout);
}

/**
 * Switches to a ready version without asking anybody: it was wanted when it was fetched, and there is no link now. False
 * when it is damaged, which only a source can mend.
 */
export async function switchToReady(agent: Agent, ready: ReadyVersion): Promise<boolean> {
  const { layout, clock, reporter, signal } = agent;
  const { build } = ready;
  using _lock = lockDevice(layout);
  const from = openBootPointer(layout).read().current ?? null;
  const { damaged } = await verifyTree({ layout, name: build, full: false, reporter, signal });
  if (damaged.length > 0) return false;
  await endTrialBefore({ layout, clock, reporter, signal }, build);
  unmarkReady(layout, ready);
  reporter.progress({ step: 'switch', done: 0, unit: 'entries' });
  await switchVersion(layout, build, { clock, reporter, signal });
  recordEnd({ layout, clock }, { build, from, bytesReceived: 0, requests: 0, seconds: 0 }, 'done');
  collectTrash(layout);
  return true;
}
