import type { Clock } from '../base/clock.ts';
import type { Reporter } from '../base/progress.ts';
import { openSourceStore } from '../store/open.ts';
import { openTrustClient } from '../trust/client.ts';
import { describeRoot, fetchRoot } from '../trust/fetch-root.ts';
import { readConfiguration, writeConfiguration } from './configuration.ts';
import { countOnce } from './data-account.ts';
import { deviceLayout, initialiseDevice } from './layout.ts';
import { lockDevice } from './lock.ts';
import { openMeteredSource } from './open-source.ts';

/** Whom a device is to trust: a root file, the hash of one, or (neither) the first root of the source. */
export type Anchor = { readonly root: Uint8Array } | { readonly sha256?: string | undefined };

export type InitialiseOptions = {
  readonly root: string;
  readonly source: string;
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
 * written. Throws `repository-absent`, `root-not-found`, `trust-already-pinned`, and what the store throws.
 */
export async function initialise(options: InitialiseOptions): Promise<Initialised> {
  const { source, anchor, clock, reporter, signal } = options;
  const held = readConfiguration(deviceLayout(options.root));
  const { monthlyBytes } = held ?? {};
  // What is no device yet has no account; it gets one below.
  const store =
    held === undefined
      ? await openSourceStore(source, options)
      : (
          await openMeteredSource(deviceLayout(options.root), {
            ...{ address: source, monthlyBytes, clock },
            patience: options.patience,
          })
        ).store;
  try {
    const found =
      'root' in anchor
        ? describeRoot(anchor.root, source)
        : await fetchRoot(store, {
            ...(anchor.sha256 === undefined ? {} : { sha256: anchor.sha256 }),
            ...(signal === undefined ? {} : { signal }),
          });
    const layout = initialiseDevice(options.root);
    using _lock = lockDevice(layout);
    await openTrustClient({ directory: layout.trust, store, clock, reporter }).pin(found.bytes);
    writeConfiguration(layout, { ...held, source });
    if (held === undefined) await countOnce(layout, clock, store.counters().bytesReceived);
    return { root: layout.root, source, rootSha256: found.sha256, keyIds: found.keyIds };
  } finally {
    await store.close();
  }
}
