import { readAll } from '../store/read-all.ts';
import type { ReadableStore } from '../store/store.ts';
import { metadataFile } from './names.ts';
import type { TrustPolicy } from './policy.ts';
import { readIfThere } from './read-if-there.ts';

/** The two files that every refresh asks for; apart from the rest, which is not loaded when they bring nothing new. */

/** What reading needs. */
export type Asking = {
  readonly store: ReadableStore;
  readonly policy: TrustPolicy;
  readonly signal: AbortSignal | undefined;
};

export type FirstAnswers = {
  /** The next root, or undefined when there is none yet. */
  readonly nextRoot: Uint8Array | undefined;
  /** The timestamp, if it was asked for already. */
  readonly timestamp: (() => Promise<Uint8Array>) | undefined;
};

/** Asks for the root after `rootVersion`, and at the same time for the timestamp unless the policy is against it. */
export async function askFirst(asking: Asking, rootVersion: number): Promise<FirstAnswers> {
  const early = asking.policy.parallel ? readTimestamp(asking) : undefined;
  // A failure counts only when the answer is used: a new root means that it is asked for again.
  early?.catch(() => {});
  const nextRoot = await readRoot(asking, rootVersion + 1);
  return { nextRoot, timestamp: early && (() => early) };
}

/** The next root, or undefined when there is none. */
export function readRoot(
  { store, policy, signal }: Asking,
  version: number,
): Promise<Uint8Array | undefined> {
  return readIfThere(store, metadataFile('root', version), { limit: policy.limits.root, signal });
}

/** The timestamp as the source has it now. */
export function readTimestamp({ store, policy, signal }: Asking): Promise<Uint8Array> {
  return readAll(store, metadataFile('timestamp'), { limit: policy.limits.timestamp, signal });
}
