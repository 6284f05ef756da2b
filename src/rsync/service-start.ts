import { mkdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { say } from '../base/catalogue.ts';
import { isSatchelError, messageOf } from '../base/errors.ts';
import { rsyncUrl } from './daemon-address.ts';
import { rsyncLayout } from './layout.ts';
import { type RsyncService, type RsyncServiceOptions, startRsyncService } from './service.ts';
import { removeServiceState, writeServiceFailure } from './service-state.ts';

/** A service that runs, or that is tried again until it does. */
export type KeptService = {
  /** How the first try ended: the address for clients on this machine, or why there is none yet. */
  readonly first: { readonly url: string } | { readonly failure: string };
  /** The trees of the service that runs now. */
  trees(): RsyncService['trees'] | undefined;
  /** Ends the service and the trying. A second call waits for the first. */
  close(): Promise<void>;
};

/** Milliseconds. */
const shortestDelay = 1000;
const longestDelay = 60_000;

/**
 * Starts the service; when it cannot start that is said in the log and in `run/service.json`, and it is tried again,
 * ever more slowly. What devices get over HTTP does not depend on it. `onStarted` is told the address, then or later.
 */
export async function keepServiceStarted(
  options: RsyncServiceOptions,
  onStarted: (url: string) => void,
): Promise<KeptService> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const tell = teller(options);
  let service: RsyncService | undefined;
  let failure: unknown;

  const start = async (): Promise<boolean> => {
    try {
      service = await startRsyncService(options);
      onStarted(service.url);
      return true;
    } catch (error) {
      failure = error;
      return false;
    }
  };
  const startAgain = async () => {
    for (let delay = shortestDelay; !signal.aborted; delay = Math.min(longestDelay, delay * 2)) {
      tell.failure(messageOf(failure), delay / 1000);
      await pause(delay, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted || (await start())) return;
    }
  };

  let trying: Promise<void> | undefined;
  if (!(await start())) {
    if (!isSatchelError(failure)) throw failure;
    trying = startAgain();
  }
  const stop = async () => {
    stopping.abort();
    await trying;
    await service?.close();
    if (service === undefined) tell.end();
  };
  let stopped: Promise<void> | undefined;
  return {
    first: service === undefined ? { failure: messageOf(failure) } : { url: service.url },
    trees: () => service?.trees,
    close() {
      stopped ??= stop();
      return stopped;
    },
  };
}

/** Says a failure once, however often it is met again, and leaves it where `satchel rsync status` looks. */
function teller({ directory, listen, log }: RsyncServiceOptions) {
  const layout = rsyncLayout(directory);
  let last = '';
  let isWritten = false;
  return {
    failure(reason: string, seconds: number): void {
      if (reason === last) return;
      last = reason;
      log.warn(say('rsync-service-failed', { reason, seconds }, 'en').text);
      try {
        mkdirSync(layout.run, { recursive: true });
        isWritten = writeServiceFailure(layout, rsyncUrl(listen), reason);
      } catch {
        // The log has it.
      }
    },
    end(): void {
      if (isWritten) removeServiceState(layout);
    },
  };
}
