import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import { recordTime } from '../base/fields.ts';
import { type Reporter, silentReporter } from '../base/progress.ts';
import type { ReadableStore } from '../store/store.ts';
import { doubtfulExpiry, type ExpiredRole, earliestOfflineExpiry, judge } from './expiry.ts';
import { askFirst } from './first-answers.ts';
import { openTimeFloor, type TimeFloor } from './floor.ts';
import { differs, dropOutdated, evidenceOf, isSettled, usableRole } from './held-roles.ts';
import { readVerified, type TargetsMetadata } from './metadata.ts';
import { metadataFile } from './names.ts';
import { satchelPolicy, type TrustPolicy } from './policy.ts';
import { day } from './roles.ts';
import { cachedTarget, downloadTarget, keepTarget } from './target-cache.ts';
import { delegatesPath, infoFrom, searchTarget, type TargetInfo } from './target-search.ts';
import {
  type HeldFile,
  type HeldSet,
  loadState,
  parseHeld,
  saveState,
  type TrustState,
} from './trust-state.ts';

export type TrustClientOptions = {
  /** Where the client keeps what it trusts; made when needed. Only one process at a time may refresh. */
  readonly directory: string;
  /** Where metadata and targets come from. */
  readonly store: ReadableStore;
  readonly clock: Clock;
  readonly reporter?: Reporter;
  /** {@link satchelPolicy} when absent. */
  readonly policy?: TrustPolicy;
};

/** What a refresh found. */
export type Refreshed = {
  /** False when the source had nothing new: two requests, and nothing was written. */
  readonly changed: boolean;
  /** Version of each role that is held. */
  readonly versions: Readonly<Record<string, number>>;
  /** Timestamp or snapshot that have run out and are used all the same. */
  readonly expired: readonly ExpiredRole[];
  /** When the newest timestamp was signed, milliseconds since 1970: stage times of a rollout go by this. */
  readonly issued: number | undefined;
  /** The time that everything was judged against. */
  readonly now: number;
};

/**
 * The client's side of trust, on devices and sites. Life: pin a root once; then for each update `refresh`, and
 * read targets. State changes only in whole, verified steps; a power cut at any moment leaves the step before.
 */
export interface TrustClient {
  /** The floor of time that goes with this directory. */
  readonly floor: TimeFloor;
  /** The root that is trusted now, or undefined before the first {@link TrustClient.pin}. */
  root(): { readonly version: number; readonly bytes: Uint8Array } | undefined;
  /**
   * Trusts this root from now on. The caller has compared its hash. Throws `trust-already-pinned` when another
   * repository is trusted (unless `replace`, which forgets it), `metadata-malformed`, `metadata-unsigned`.
   */
  pin(root: Uint8Array, options?: { readonly replace?: boolean }): Promise<void>;
  /**
   * Brings the metadata up to date. Throws `trust-not-pinned`, `metadata-rolled-back` (the source is older than
   * what is held; its immutable files may still be used, and {@link TrustClient.judge} tells whether what is
   * held is good), `metadata-*`, `root-expired`, `role-expired`, `repository-newer`, and what the store throws.
   * After a failure the targets are those of the last refresh that succeeded.
   */
  refresh(options?: { readonly signal?: AbortSignal }): Promise<Refreshed>;
  /** Judges what is held without asking anybody. Throws `trust-not-pinned`, `root-expired`, `role-expired`. */
  judge(): Refreshed;
  /** What was signed for a target path (`builds/py802-1.json`), or undefined. */
  targetInfo(path: string): TargetInfo | undefined;
  /** All target paths of a delegated role, in byte order. */
  targetPaths(role: string): string[];
  /** The verified bytes of a target, from the disk if they are there. Throws `target-not-found`, `target-wrong`. */
  target(path: string, options?: { readonly signal?: AbortSignal }): Promise<Uint8Array>;
  /** As {@link TrustClient.targetInfo}, through any delegations, whose metadata is fetched when needed. */
  locate(path: string, options?: { readonly signal?: AbortSignal }): Promise<TargetInfo | undefined>;
  /** The bytes of a located target from the source, verified. Throws `target-wrong`. */
  download(info: TargetInfo, options?: { readonly signal?: AbortSignal }): Promise<Uint8Array>;
  /** The newest verified metadata file of each role, byte for byte. */
  files(): ReadonlyMap<string, Uint8Array>;
}

/** Opens the client. Throws `trust-state-damaged`, `repository-newer`. */
export function openTrustClient(options: TrustClientOptions): TrustClient {
  const { directory, store, clock, reporter = silentReporter, policy = satchelPolicy } = options;
  const cache = join(directory, 'targets');
  const floor = openTimeFloor(join(directory, 'floor'), clock);
  let state = loadState(directory);
  const parsedRoles = new WeakMap<HeldFile, TargetsMetadata>();

  const pinned = (): TrustState => {
    if (state === undefined) throw new SatchelError('trust-not-pinned', { directory });
    return state;
  };
  const replace = (next: TrustState) => {
    saveState(directory, next);
    state = next;
  };
  const role = (name: string): TargetsMetadata | undefined => {
    const held = usableRole(pinned().complete, name);
    if (held === undefined) return undefined;
    let parsed = parsedRoles.get(held);
    if (parsed === undefined) {
      const where = { file: metadataFile(name, held.version), source: directory };
      parsed = readVerified('targets', held.bytes, where);
      parsedRoles.set(held, parsed);
    }
    return parsed;
  };
  const judged = (changed: boolean): Refreshed => {
    const { complete, newest } = pinned();
    const files = new Map([...complete, ['root', newest.get('root')!] as const]);
    const now = floor.now();
    const expired = judge(files, now, policy, store.location);
    for (const { role, expires } of expired)
      reporter.notice('metadata-expired-accepted', {
        role,
        expires: recordTime(expires),
        source: store.location,
      });
    for (const { role, expires } of doubtfulExpiry(files, now))
      reporter.notice('expiry-doubtful', { role, expires: recordTime(expires), now: recordTime(now) });
    // Clocks that agree to the minute are rare; a day is what somebody should set right.
    if (floor.clockBehind() > day)
      reporter.notice('clock-behind', { clock: recordTime(clock()), floor: recordTime(floor.value()) });
    return {
      changed,
      versions: Object.fromEntries([...files.values()].map((file) => [file.role, file.version])),
      expired,
      issued: files.get('timestamp')?.issued,
      now,
    };
  };
  const raiseFloor = (fresh: HeldSet, all: HeldSet) =>
    floor.raise(evidenceOf(fresh), { held: evidenceOf(all), notBeyond: earliestOfflineExpiry(all) });
  const targetInfo = (path: string): TargetInfo | undefined => {
    const targets = role('targets');
    const own = targets?.targets.get(path);
    if (own) return infoFrom('targets', path, own);
    for (const delegation of targets?.delegations ?? []) {
      if (!delegatesPath(delegation, path)) continue;
      const file = role(delegation.name)?.targets.get(path);
      if (file) return infoFrom(delegation.name, path, file);
      if (delegation.terminating) return undefined;
    }
    return undefined;
  };
  const download: TrustClient['download'] = (info, { signal } = {}) => {
    const { consistentSnapshot } = parseHeld(pinned().newest, 'root', directory);
    return downloadTarget(store, info, { consistentSnapshot, signal });
  };

  return {
    floor,
    root: () => {
      const root = state?.newest.get('root');
      return root && { version: root.version, bytes: root.bytes };
    },
    async pin(bytes, { replace: forget = false } = {}) {
      const { acceptPinnedRoot } = await import('./workflow.ts');
      const root = acceptPinnedRoot(bytes, { file: metadataFile('root'), source: store.location });
      const held = state?.newest.get('root');
      if (held && Buffer.compare(held.bytes, bytes) === 0) return;
      if (held && !forget) throw new SatchelError('trust-already-pinned', { directory });
      const { version, expires, issued } = root;
      const file: HeldFile = { role: 'root', version, expires, issued, under: undefined, bytes };
      replace({ complete: new Map(), newest: new Map([['root', file]]) });
      if (root.lowerFloor !== undefined) floor.lower(version, root.lowerFloor);
    },
    async refresh({ signal } = {}) {
      state = loadState(directory);
      const before = pinned();
      const asking = { store, policy, signal };
      const first = await askFirst(asking, before.newest.get('root')!.version);
      const held = before.newest.get('timestamp');
      if (first.nextRoot === undefined && first.timestamp && held && isSettled(before)) {
        const bytes = await first.timestamp();
        if (Buffer.compare(bytes, held.bytes) === 0) {
          if (floor.value() === 0) raiseFloor(before.complete, before.complete);
          return judged(false);
        }
      }
      const { followUpdates } = await import('./refresh.ts');
      const draft = new Map(before.newest);
      try {
        await followUpdates({ ...asking, floor, draft }, first);
      } catch (error) {
        if (differs(draft, before.newest)) replace({ complete: before.complete, newest: draft });
        throw error;
      }
      const changed = differs(draft, before.complete);
      if (changed) {
        const fresh = new Map([...draft].filter(([name, file]) => before.complete.get(name) !== file));
        raiseFloor(fresh, draft);
        dropOutdated(draft, directory);
        replace({ complete: draft, newest: draft });
      }
      return judged(changed);
    },
    judge: () => judged(false),
    targetInfo,
    targetPaths: (name) => [...(role(name)?.targets.keys() ?? [])].sort(),
    async target(path, { signal } = {}) {
      const info = targetInfo(path);
      if (info === undefined) throw new SatchelError('target-not-found', { path, source: store.location });
      const cached = cachedTarget(cache, info);
      if (cached) return cached;
      const bytes = await download(info, signal ? { signal } : {});
      keepTarget(cache, info, bytes);
      return bytes;
    },
    async locate(path, { signal } = {}) {
      const { takeDelegated } = await import('./refresh.ts');
      const { complete } = pinned();
      const targets = role('targets');
      if (targets === undefined) return undefined;
      const draft = new Map(complete);
      const snapshot = parseHeld(complete, 'snapshot', directory);
      try {
        return await searchTarget(targets, path, async (name, delegator) =>
          snapshot.meta.has(`${name}.json`)
            ? takeDelegated({ store, policy, signal, floor, draft }, name, delegator)
            : undefined,
        );
      } finally {
        if (differs(draft, complete)) replace({ complete: draft, newest: draft });
      }
    },
    download,
    files: () => new Map([...(state?.newest ?? [])].map(([name, { bytes }]) => [name, bytes])),
  };
}
