import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { recordTime } from '../base/fields.ts';
import { isBuildName } from '../base/identifiers.ts';
import { listIfThere } from '../os/if-there.ts';
import { rsyncLayout } from './layout.ts';
import { readServiceState, type ServiceState } from './service-state.ts';
import { type RsyncSettings, readRsyncSettings } from './settings.ts';
import type { TreeUsage } from './tree-budget.ts';

/** How rsync clients are served, as far as the rsync directory tells. */
export type RsyncStatus = {
  readonly directory: string;
  /** Address for clients on this machine; null when no service runs. */
  readonly url: string | null;
  /** Why nobody is served although a server runs; null when that is not so. */
  readonly down: string | null;
  readonly settings: RsyncSettings & { readonly packed: string };
  readonly making: ServiceState['making'];
  readonly ready: readonly { readonly name: string; readonly used: string; readonly sticky: boolean }[];
  /** Trees that are complete, and the bytes that they take on disk together; null when no service runs. */
  readonly usage: TreeUsage | null;
  /** Connections that read a tree now. */
  readonly transfers: number;
};

/** Reads the state of an rsync directory and changes nothing. Throws what reading settings throws. */
export function rsyncStatus(directory: string): RsyncStatus {
  const layout = rsyncLayout(directory);
  const settings = readRsyncSettings(layout);
  const state = readServiceState(layout);
  const ready = listIfThere(layout.readyMarks)
    .sort()
    .filter(isBuildName)
    .map((name) => ({
      name,
      used: recordTime(statSync(layout.readyMark(name), { throwIfNoEntry: false })?.mtimeMs ?? 0),
      sticky: existsSync(join(layout.sticky, name)),
    }));
  const connections = listIfThere(layout.uses).map((use) => use.split(',').at(-1));
  return {
    directory,
    url: state === undefined || state.down !== undefined ? null : state.url,
    down: state?.down ?? null,
    settings: { ...settings, packed: settings.packed ?? layout.packed },
    making: state?.making ?? [],
    ready,
    usage: state?.usage ?? null,
    transfers: state === undefined ? 0 : new Set(connections).size,
  };
}
