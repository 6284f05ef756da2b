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

/** Updates to a build that lies at a place. Throws `device-not-versioned`, and what an update throws. */
export async function updateFromPlace(
  { options, clock, reporter, signal }: OlpcCall,
  place: RsyncPlace,
  build: BuildName,
): Promise<ClientUpdateResult> {
  const root = rootOf(options);
  // Without --root a slip on any other machine would fill its disk with a system that it never boots.
  if (options.root === undefined && !existsSync(deviceLayout(root).pristine))
    throw new SatchelError('device-not-versioned', { path: deviceLayout(root).pristine });
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
