import { rmSync } from 'node:fs';
import { type Language, say } from '../base/catalogue.ts';
import type { Asks } from './asks.ts';
import { daemonFiles } from './daemon-files.ts';
import type { DaemonLog } from './daemon-log.ts';
import { messageOfTheDay, percentOf } from './daemon-motd.ts';
import type { DaemonWatch } from './daemon-watch.ts';
import type { RsyncLayout } from './layout.ts';
import type { ServiceLog } from './service-log.ts';
import type { Offer } from './service-offer.ts';
import { writeServiceState } from './service-state.ts';
import type { Trees } from './trees.ts';

/** Milliseconds between two looks at what may have changed. */
const interval = 1000;

/** Renewals of the offer, one at a time. */
export type Renewal = {
  /** Begins one unless one is under way; a daemon that needs to be started anew for it is. */
  begin(daemon: Pick<DaemonWatch, 'restart'>): void;
  /** From now on nothing is said of failures any more. */
  stop(): void;
  /** Resolves when none is under way. */
  ended(): Promise<void>;
};

/** Renews the offer of a service; failures are said in its log, and the next look tries again. */
export function renewalOf(offer: Offer, trees: Pick<Trees, 'prepare'>, log: ServiceLog): Renewal {
  const tell = onceEach(log);
  let isStopped = false;
  let running: Promise<void> | undefined;
  const renew = async (daemon: Pick<DaemonWatch, 'restart'>) => {
    const { nice, memory } = offer.settings();
    await offer.renew(trees);
    const now = offer.settings();
    if (!isStopped && (now.nice !== nice || now.memory !== memory)) daemon.restart();
  };
  return {
    begin(daemon) {
      running ??= renew(daemon)
        .then(() => tell(undefined))
        .catch((error: unknown) => (isStopped ? undefined : tell(error)))
        .finally(() => {
          running = undefined;
        });
    },
    stop() {
      isStopped = true;
    },
    ended: async () => await running,
  };
}

/** The parts of a service that are looked at once a second. */
export type KeptParts = {
  readonly layout: RsyncLayout;
  readonly url: string;
  readonly making: Trees['making'];
  readonly offer: Offer;
  readonly renewal: Renewal;
  readonly asks: Asks;
  readonly daemonLog: DaemonLog;
  readonly daemon: DaemonWatch;
  readonly language: Language;
  readonly log: ServiceLog;
};

/** Looks at everything now and once a second, until it is closed. */
export function keepUp(parts: KeptParts): { close(): void } {
  const { layout, making, offer, renewal, asks, daemonLog, daemon } = parts;
  const showMessage = messageOfTheDay(layout, parts.language);
  const keepState = stateKeeper(layout, parts.url);
  const tell = onceEach(parts.log);
  const look = () => {
    try {
      daemonLog.look();
      daemon.tidy();
      asks.look();
      showMessage(making());
      keepState(making());
      if (offer.isOld()) renewal.begin(daemon);
      tell(undefined);
    } catch (error) {
      tell(error);
    }
  };
  look();
  const timer = setInterval(look, interval);
  timer.unref();
  return {
    close() {
      clearInterval(timer);
      renewal.stop();
      showMessage([]);
      rmSync(daemonFiles(layout).state, { force: true });
    },
  };
}

/** Says a failure when it is another one than the last time; what has failed is tried again at every look. */
function onceEach(log: ServiceLog): (error: unknown) => void {
  let last = '';
  return (error) => {
    const reason = error === undefined ? '' : error instanceof Error ? error.message : String(error);
    if (reason !== '' && reason !== last) log.warn(say('rsync-renewal-failed', { reason }, 'en').text);
    last = reason;
  };
}

function stateKeeper(layout: RsyncLayout, url: string): (making: ReturnType<Trees['making']>) => void {
  let written = '';
  return (trees) => {
    const making = trees.map((tree) => ({ name: tree.name, percent: percentOf(tree) }));
    const text = JSON.stringify(making);
    if (text === written) return;
    writeServiceState(layout, { url, pid: process.pid, making });
    written = text;
  };
}
