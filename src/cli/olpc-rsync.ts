import { existsSync } from 'node:fs';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { deviceLayout } from '../device/layout.ts';
import { placeOfBuild } from '../rsync/client-address.ts';
import type { ClientUpdateResult } from '../rsync/client-options.ts';
import type { RsyncPlace } from '../rsync/client-place.ts';
import { updateByRsync } from '../rsync/client-update.ts';
import { type OlpcCall, rootOf } from './olpc-call.ts';

/** Updates to a build of a server of the old kind. Throws `argument-needed` without one. */
export async function updateFromServer(
  call: OlpcCall,
  server: string,
  build: BuildName | undefined,
): Promise<ClientUpdateResult> {
  if (build === undefined) throw new SatchelError('argument-needed', { argument: 'ID' });
  return updateFromPlace(call, placeOfBuild(server, build), build);
}

/**
 * Requires root and a device: a slip on any other machine, or in the name of a folder, would fill the disk with a
 * system that nobody boots. What an old olpc-update has set up is one too. Throws `rsync-update-needs-root`,
 * `device-not-versioned`, `device-root-empty`.
 */
export function requireVersions({ options }: OlpcCall): void {
  if (process.geteuid?.() !== 0) throw new SatchelError('rsync-update-needs-root');
  const { root, versions, pristine } = deviceLayout(rootOf(options));
  if (options.root === undefined) {
    if (!existsSync(pristine)) throw new SatchelError('device-not-versioned', { path: pristine });
  } else if (!options.force && !existsSync(versions))
    throw new SatchelError('device-root-empty', { root, path: versions });
}

/** Updates to a build that lies at a place. Throws what {@link requireVersions} and an update throw. */
export async function updateFromPlace(
  call: OlpcCall,
  place: RsyncPlace,
  build: BuildName,
): Promise<ClientUpdateResult> {
  const { options, clock, reporter, signal } = call;
  requireVersions(call);
  const root = rootOf(options);
  return updateByRsync({
    root,
    build,
    place,
    force: options.force,
    verbose: options.verbose,
    hints: options.hints,
    patience: options.timeout,
    clock,
    reporter,
    signal,
  });
}
