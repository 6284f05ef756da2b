import { setTimeout as sleep } from 'node:timers/promises';
import { untilAborted } from '../base/cancel.ts';
import { isSatchelError, type SatchelError } from '../base/errors.ts';
import type { Reporter } from '../base/progress.ts';
import { type RsyncCounts, type RsyncRun, runRsync } from './client-run.ts';

/** Where a build lies for the rsync program: at a server, or in a directory of this machine. */
export type RsyncPlace = {
  /** For sentences: `rsync://host/build-py802-1`, `/media/stick`. */
  readonly name: string;
  /** The tree, with a slash at its end. */
  readonly tree: string;
  /** Where its manifest may lie, the likeliest first; empty: it has none. */
  readonly contents: readonly string[];
  /** True when a network lies between. */
  readonly isRemote: boolean;
  /** Where the signature of the manifest lies, when it must have one. */
  readonly signature?: string | undefined;
  /** An image or block device that the places lie in, and the folder that it is mounted in for that. */
  readonly mount?: RsyncRun['mount'];
  /** Its device nodes may be missing or have other numbers: the manifest says what they are. */
  readonly devicesByManifest?: boolean;
  /** Patterns for what lies in the tree's directory and does not belong to it. */
  readonly excluded: readonly string[];
};

/** A place that is talked to, for the length of one command. */
export type OpenPlace = {
  readonly place: RsyncPlace;
  /**
   * Runs rsync with options that every run has, and adds up what is received. A server that cannot send ACLs and
   * extended attributes is asked without them from then on, which is said once. Throws what {@link runRsync} throws.
   */
  run(
    options: readonly string[],
    places: readonly string[],
    extras?: Pick<RsyncRun, 'input' | 'onLine'>,
  ): Promise<void>;
  /** What was received so far, in bytes, and in how many runs. */
  counters(): { readonly bytesReceived: number; readonly requests: number };
};

export type PlaceOptions = {
  /** Milliseconds that a server may be silent. */
  readonly patience?: number | undefined;
  /** Told of every run what it received. */
  readonly onReceived?: ((bytes: number) => Promise<void>) | undefined;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/** Trees are made on demand, for which a client may have to wait; in milliseconds. */
const usualPatience = 120_000;

/** How long to wait before a connection that broke is made again, in milliseconds, time after time. */
const pauses = [1000, 5000, 20_000];

/** Opens a place; nothing is connected to yet. */
export function openPlace(place: RsyncPlace, options: PlaceOptions): OpenPlace {
  const { reporter, signal, onReceived } = options;
  const seconds = Math.ceil((options.patience ?? usualPatience) / 1000);
  const link = ['-z', '--no-motd', `--timeout=${seconds}`, `--contimeout=${seconds}`];
  let attributes = ['-A', '-X'];
  let bytesReceived = 0;
  let requests = 0;

  /** Answers the failure of a connection that was there: worth another try, as one that never came about is not. */
  const runOnce = async (
    words: readonly string[],
    places: readonly string[],
    extras: Pick<RsyncRun, 'input' | 'onLine'> = {},
  ): Promise<SatchelError | undefined> => {
    requests += 1;
    let counts: RsyncCounts | undefined;
    const shared = ['-aH', ...attributes, '--numeric-ids', '--stats', '--no-h'];
    // rsync refuses these options where there is no daemon.
    const between = places.some((location) => /^rsync:/i.test(location)) ? link : [];
    try {
      await runRsync({
        ...extras,
        arguments: [...shared, ...between, ...words, '--', ...places],
        place: place.name,
        mount: place.mount,
        onEnd: (found) => {
          counts = found;
        },
        signal,
      });
      return undefined;
    } catch (error) {
      if (isSatchelError(error, 'rsync-connection-failed') && counts?.heard) return error;
      throw error;
    } finally {
      if (place.isRemote && counts !== undefined) {
        bytesReceived += counts.received;
        await onReceived?.(counts.received);
      }
    }
  };

  /** Begins again after a pause; what was received of a file is kept aside by rsync. */
  const runSome = async (...run: Parameters<OpenPlace['run']>): Promise<void> => {
    for (const pause of pauses) {
      if ((await runOnce(...run)) === undefined) return;
      reporter.notice('rsync-trying-again', { place: place.name });
      await untilAborted(sleep(pause, undefined, { signal }), signal);
    }
    const broken = await runOnce(...run);
    if (broken !== undefined) throw broken;
  };

  return {
    place,
    async run(...run) {
      try {
        await runSome(...run);
      } catch (error) {
        if (!isSatchelError(error, 'rsync-option-refused') || attributes.length === 0) throw error;
        attributes = [];
        reporter.notice('rsync-without-attributes', { place: place.name });
        await runSome(...run);
      }
    },
    counters: () => ({ bytesReceived, requests }),
  };
}
