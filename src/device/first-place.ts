import type { MessageCode } from '../base/catalogue.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import type { Reporter } from '../base/progress.ts';
import type { DiscoverOptions } from './discover.ts';

/** The source of a device that looks for its place each time. */
export const anyPlace = 'auto';

/** What has its reason on this machine or with the person at it: another place would not mend it. */
const ownFailures: readonly MessageCode[] = [
  'cancelled',
  'data-budget-spent',
  'disk-full',
  'trust-not-pinned',
  'trust-state-damaged',
  'trust-already-pinned',
];

export type FirstPlaceOptions<Opened> = {
  readonly discovery: () => DiscoverOptions;
  readonly reporter: Reporter;
  /** True for what is taken only where nothing better is found. */
  readonly isSecondBest?: (opened: Opened) => boolean;
  /** Closes what is not taken. */
  readonly close?: (opened: Opened) => Promise<void>;
};

/**
 * Opens a source; with `auto` the first place that proves good. Each that does not is told as a notice. Throws
 * `place-not-found`, for a given address what `open` throws, and in any case what has its reason on this machine.
 */
export async function openFirstPlace<Opened>(
  source: string,
  options: FirstPlaceOptions<Opened>,
  open: (address: string) => Promise<Opened>,
): Promise<Opened> {
  if (source !== anyPlace) return open(source);
  const { findPlaces } = await import('./discover.ts');
  const { reporter, discovery, isSecondBest = () => false, close = async () => undefined } = options;
  let failure: unknown;
  let kept: { readonly address: string; readonly opened: Opened } | undefined;
  const take = (address: string, opened: Opened): Opened => {
    reporter.notice('place-found', { source: address });
    return opened;
  };
  try {
    for await (const { address } of findPlaces(discovery())) {
      try {
        const opened = await open(address);
        if (!isSecondBest(opened)) return take(address, opened);
        if (kept === undefined) kept = { address, opened };
        else await close(opened);
      } catch (error) {
        if (!isSatchelError(error) || ownFailures.includes(error.code)) throw error;
        failure = error;
        reporter.notice('place-not-good', { source: address, reason: error.message });
      }
    }
    if (kept === undefined) throw new SatchelError('place-not-found', {}, { cause: failure });
    const { address, opened } = kept;
    kept = undefined;
    return take(address, opened);
  } finally {
    if (kept !== undefined) await close(kept.opened);
  }
}
