import type { Clock } from '../base/clock.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { openSourceStore } from '../store/open.ts';
import { openTrustClient } from '../trust/client.ts';
import { describeRoot, fetchRoot } from '../trust/fetch-root.ts';
import { organisationOf } from '../trust/organisation.ts';
import { type DeviceConfiguration, readConfiguration, writeConfiguration } from './configuration.ts';
import { countOnce } from './data-account.ts';
import type { DiscoverOptions } from './discover.ts';
import { anyPlace, openFirstPlace } from './first-place.ts';
import { deviceLayout, initialiseDevice } from './layout.ts';
import { lockDevice } from './lock.ts';
import { openMeteredSource } from './open-source.ts';

/** Whom a device is to trust: a root file, the hash of one, or (neither) the first root of the source. */
export type Anchor = { readonly root: Uint8Array } | { readonly sha256?: string | undefined };

export type InitialiseOptions = {
  readonly root: string;
  /** The address of a repository, or `auto`. */
  readonly source: string;
  /** With `auto`: addresses that are asked before any others. */
  readonly addresses?: readonly string[] | undefined;
  readonly anchor: Anchor;
  /** Milliseconds that the source may be silent before it is given up. */
  readonly patience?: number | undefined;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/** What a device trusts from now on. */
export type Initialised = {
  readonly root: string;
  readonly source: string;
  readonly rootSha256: string;
  readonly keyIds: readonly string[];
};

/**
 * Makes a directory a device that follows a source. The root is fetched and compared before anything is
 * written. Throws `place-not-found`, `places-of-several`, `repository-absent`, `root-not-found`, `trust-already-pinned`, and what the store throws.
 */
export async function initialise(options: InitialiseOptions): Promise<Initialised> {
  const { source, anchor, reporter, signal } = options;
  const held = readConfiguration(deviceLayout(options.root));
  const addresses = options.addresses ?? held?.addresses ?? [];
  const discovery = { addresses, organisation: held?.organisation, signal };
  const isTakenAsFound = !('root' in anchor) && anchor.sha256 === undefined;
  if (source === anyPlace && isTakenAsFound && addresses.length === 0)
    await requireOneOrganisation(discovery);
  return openFirstPlace(source, { discovery: () => discovery, reporter }, (address) =>
    initialiseAt(address, held, options),
  );
}

async function initialiseAt(
  address: string,
  held: DeviceConfiguration | undefined,
  options: InitialiseOptions,
): Promise<Initialised> {
  const { source, anchor, clock, reporter, signal } = options;
  const { monthlyBytes } = held ?? {};
  // What is no device yet has no account; it gets one below.
  const store =
    held === undefined
      ? await openSourceStore(address, options)
      : (
          await openMeteredSource(deviceLayout(options.root), {
            ...{ address, monthlyBytes, clock },
            patience: options.patience,
          })
        ).store;
  try {
    const found =
      'root' in anchor
        ? describeRoot(anchor.root, address)
        : await fetchRoot(store, {
            ...(anchor.sha256 === undefined ? {} : { sha256: anchor.sha256 }),
            ...(signal === undefined ? {} : { signal }),
          });
    const layout = initialiseDevice(options.root);
    using _lock = lockDevice(layout);
    await openTrustClient({ directory: layout.trust, store, clock, reporter }).pin(found.bytes);
    writeConfiguration(layout, {
      ...held,
      source,
      ...(options.addresses === undefined ? {} : { addresses: options.addresses }),
      ...(found.version === 1 ? { organisation: found.sha256 as Sha256 } : {}),
    });
    if (held === undefined) await countOnce(layout, clock, store.counters().bytesReceived);
    return { root: layout.root, source, rootSha256: found.sha256, keyIds: found.keyIds };
  } finally {
    await store.close();
  }
}

/** Whoever takes the first root on trust must not get that of the neighbours. Throws `places-of-several`. */
async function requireOneOrganisation(discovery: DiscoverOptions): Promise<void> {
  const { findPlaces } = await import('./discover.ts');
  const found = new Set<string>();
  for await (const { address } of findPlaces(discovery)) {
    const store = await openSourceStore(address);
    try {
      const organisation = await organisationOf(store, discovery.signal);
      if (organisation !== undefined) found.add(organisation);
    } catch (error) {
      if (!isSatchelError(error) || error.code === 'cancelled') throw error;
    } finally {
      await store.close();
    }
  }
  if (found.size > 1) throw new SatchelError('places-of-several', {});
}
