import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { throwIfCancelled } from '../base/cancel.ts';
import { say } from '../base/catalogue.ts';
import { messageOf, SatchelError, systemErrorCode } from '../base/errors.ts';
import { removeTree } from '../os/remove-tree.ts';
import { greets, type RsyncAddress, rsyncUrl } from './daemon-address.ts';
import { daemonFiles } from './daemon-files.ts';
import type { DaemonLog } from './daemon-log.ts';
import { type DaemonEnd, type DaemonProcess, startDaemonProcess } from './daemon-process.ts';
import type { RsyncLayout } from './layout.ts';
import type { ServiceLog } from './service-log.ts';

/** What is watched, and how. */
export type DaemonWatchOptions = {
  readonly program: string;
  readonly layout: RsyncLayout;
  readonly address: RsyncAddress;
  /** Asked at each start. */
  readonly limits: () => { readonly nice: number; readonly memory: number };
  /** Tells why a daemon did not start. */
  readonly daemonLog: Pick<DaemonLog, 'look' | 'lastLine'>;
  readonly log: ServiceLog;
};

/** A daemon that is started again whenever it ends. */
export type DaemonWatch = {
  /** Starts the daemon anew, for limits that it takes only then. Connections go on to their end as they are. */
  restart(): void;
  /** Forgets earlier daemons whose connections have all ended; to be called now and then. */
  tidy(): void;
  /** Why no daemon runs now; undefined when one does. */
  down(): string | undefined;
  /** Ends the daemon and its connections. A second call waits for the first. */
  close(): Promise<void>;
};

/** Milliseconds. */
const startPatience = 10_000;
const stopPatience = 2000;
/** A daemon that ran so long is no reason to wait before it is started again. */
const livedLong = 60_000;
const shortestDelay = 500;
const longestDelay = 30_000;

/**
 * Starts the daemon, waits until it greets, and keeps it running: it is started again at once when it ends, and ever
 * more slowly when it ends again and again. Throws `rsync-daemon-failed` when it does not start the first time.
 */
export async function watchDaemon(options: DaemonWatchOptions): Promise<DaemonWatch> {
  const { log } = options;
  const { pid: pidFile } = daemonFiles(options.layout);
  const stopping = new AbortController();
  let past: DaemonProcess[] = [];
  let current = await startedDaemon(options, stopping.signal);
  let isWanted = false;
  let down: string | undefined;

  const run = async () => {
    let delay = 0;
    let since = Date.now();
    for (;;) {
      const end = await current.ended;
      if (stopping.signal.aborted) return;
      down = reasonOf(end);
      // Its connections may go on; they end with the service.
      past.push(current);
      if (isWanted || Date.now() - since >= livedLong) delay = 0;
      const seconds = delay / 1000;
      if (!isWanted) log.warn(sentence('rsync-daemon-ended', { reason: reasonOf(end), seconds }));
      for (let isBack = false; !isBack; ) {
        await pause(delay, undefined, { signal: stopping.signal, ref: false });
        delay = Math.min(longestDelay, Math.max(shortestDelay, delay * 2));
        since = Date.now();
        isBack = await startAgain();
      }
      down = undefined;
      // A stop that came meanwhile knew only the daemon before.
      if (stopping.signal.aborted) return await current.stop(stopPatience);
      if (!isWanted) log.info(sentence('rsync-daemon-back', { url: rsyncUrl(options.address) }));
      if (isWanted) delay = 0;
      isWanted = false;
    }
  };
  const startAgain = async (): Promise<boolean> => {
    try {
      current = await startedDaemon(options, stopping.signal);
      return true;
    } catch (error) {
      throwIfCancelled(stopping.signal);
      isWanted = false;
      down = messageOf(error);
      log.warn(down);
      return false;
    }
  };
  const running = run().catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
  });

  const stop = async () => {
    stopping.abort();
    await Promise.all([current, ...past].map((daemon) => daemon.stop(stopPatience)));
    await running;
    rmSync(pidFile, { force: true });
    // The scripts that would have done it have ended with the connections.
    for (const use of readdirSync(options.layout.uses)) removeTree(join(options.layout.uses, use));
  };
  let stopped: Promise<void> | undefined;
  return {
    restart() {
      // One that is not running is about to be started, with the new limits.
      isWanted = endDaemon(pidFile);
    },
    tidy() {
      past = past.filter((daemon) => daemon.isAlive());
    },
    down: () => down,
    close() {
      stopped ??= stop();
      return stopped;
    },
  };
}

/** Ends the daemon alone, without its connections; false when none runs. */
function endDaemon(pidFile: string): boolean {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8'));
    return Number.isSafeInteger(pid) && pid > 1 && process.kill(pid, 'SIGTERM');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(systemErrorCode(error) ?? '')) return false;
    throw error;
  }
}

/** Starts the daemon and waits until it greets. Throws `rsync-daemon-failed` and `cancelled`. */
async function startedDaemon(options: DaemonWatchOptions, signal: AbortSignal): Promise<DaemonProcess> {
  const { program, layout, address, daemonLog } = options;
  throwIfCancelled(signal);
  rmSync(daemonFiles(layout).pid, { force: true });
  const daemon = startDaemonProcess({
    program,
    arguments: [
      '--daemon',
      '--no-detach',
      `--config=${layout.configuration}`,
      `--port=${address.port}`,
      `--address=${address.host}`,
    ],
    ...options.limits(),
  });
  let end: DaemonEnd | undefined;
  void daemon.ended.then((found) => {
    end = found;
  });
  const deadline = Date.now() + startPatience;
  while (end === undefined && !signal.aborted && Date.now() < deadline) {
    if (await greets(address, 1000)) return daemon;
    await pause(10);
  }
  await daemon.stop(stopPatience);
  throwIfCancelled(signal);
  daemonLog.look();
  const silent = sentence('rsync-daemon-silent', { seconds: startPatience / 1000 });
  const reason =
    end === undefined ? silent : [reasonOf(end), daemonLog.lastLine()].filter(Boolean).join('; ');
  throw new SatchelError('rsync-daemon-failed', { reason });
}

function reasonOf({ code, signal, said }: DaemonEnd): string {
  if (signal !== undefined) return sentence('rsync-daemon-signal', { signal });
  const how = sentence('rsync-daemon-exit-code', { code: code ?? 0 });
  const line = said.trim().split('\n').at(-1);
  return line ? `${how}: ${line}` : how;
}

/** The log is English, whatever its reader speaks. */
function sentence(code: Parameters<typeof say>[0], parameters: Parameters<typeof say>[1]): string {
  return say(code, parameters, 'en').text;
}
