import { pathToFileURL } from 'node:url';
import { deviceLayout } from '../device/layout.ts';
import type { UpdateResult } from '../device/update.ts';
import { findMedium, mediumAt, nameOnMedium, withMedium } from '../rsync/client-medium.ts';
import type { ClientUpdateResult } from '../rsync/client-options.ts';
import { type OlpcCall, type OlpcTask, rootOf } from './olpc-call.ts';
import { requireVersions, updateFromPlace } from './olpc-rsync.ts';
import { updateFromRepository } from './olpc-satchel.ts';

/** Updates from a drive: the one that is named, or the one that is found. */
export async function updateFromMedium(
  call: OlpcCall,
  { path, build }: Extract<OlpcTask, { kind: 'usb' }>,
): Promise<ClientUpdateResult | UpdateResult> {
  const { options, reporter, signal } = call;
  const medium = path === undefined ? findMedium(rootOf(options)) : mediumAt(path);
  if (medium.kind === 'repository') return updateFromRepository(call, pathToFileURL(medium.path).href, build);
  requireVersions(call);
  const { stage } = deviceLayout(rootOf(options));
  return withMedium(medium, { below: stage, signal }, async (place) =>
    updateFromPlace(call, place, build ?? (await nameOnMedium(place, { reporter, signal }))),
  );
}
