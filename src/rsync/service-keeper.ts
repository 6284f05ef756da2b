import { type Language, say } from '../base/catalogue.ts';
import { isSatchelError, messageOf } from '../base/errors.ts';
import type { Asks } from './asks.ts';
import type { DaemonLog } from './daemon-log.ts';
import { messageOfTheDay, percentOf } from './daemon-motd.ts';
import type { DaemonWatch } from './daemon-watch.ts';
import type { RsyncLayout } from './layout.ts';
import type { ServiceLog } from './service-log.ts';
import type { Offer } from './service-offer.ts';
import { removeServiceState, writeServiceState } from './service-state.ts';
import type { Trees } from './trees.ts';

/** Milliseconds between two looks at what may have changed. */
const interval = 1000;

/** Renewals of the offer, one at a time. */
export type Renewal = {
  /** Begins one unless one is under way; a daemon that needs to be started anew for it is. */
  begin(daemon: Pick<DaemonWatch, 'restart'>): void;
  /**
   * The first one, for a daemon that is still to be started; a configuration from before serves when the new one
   * cannot. Throws what the renewal throws.
   */
  first(): Promise<void>;
  /** From now on nothing is said of failures any more. */
  stop(): void;
  /** Resolves when none is under way. */
  ended(): Promise<void>;
};

/** Renews the offer of a service; failures are said in its log, and the next look tries again. */
export function renewalOf(offer: Offer, trees: Pick<Trees, 'prepare' | 'evict'>, log: ServiceLog): Renewal {
  const tell = onceEach(log);
  let isStopped = false;
  let running: Promise<void> | undefined;
  // The budget may have been lowered, and names have gone from the sticky ones, while no server ran.
  let kept = '';
  const evict = () => {
    if (kept === offer.keeping()) return;
    kept = offer.keeping();
    // It waits for a tree that is being made, and nothing else waits for it.
    trees.evict().catch((error: unknown) => (isStopped ? undefined : tell(error)));
  };
  const renew = async (daemon: Pick<DaemonWatch, 'restart'>) => {
    const { nice, memory } = offer.settings();
    try {
      await offer.renew(trees);
    } finally {
      if (!isStopped) evict();
    }
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
    async first() {
      try {
        await offer.renew(trees);
      } catch (error) {
        if (!isSatchelError(error, 'rsync-configuration-refused') || !offer.hasConfiguration()) throw error;
        tell(error);
      }
      evict();
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
  readonly usage: Trees['usage'];
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
  const keepState = stateKeeper(parts);
  const tell = onceEach(parts.log);
  const look = () => {
    try {
      daemonLog.look();
      daemon.tidy();
      asks.look();
      showMessage(making());
      keepState();
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
      removeServiceState(layout);
    },
  };
}

/** Says a failure when it is another one than the last time; what has failed is tried again at every look. */
function onceEach(log: ServiceLog): (error: unknown) => void {
  let last = '';
  return (error) => {
    const reason = error === undefined ? '' : messageOf(error);
    if (reason !== '' && reason !== last) log.warn(say('rsync-renewal-failed', { reason }, 'en').text);
    last = reason;
  };
}

function stateKeeper({ layout, url, making, usage, daemon }: KeptParts): () => void {
  let written = '';
  return () => {
    const down = daemon.down();
    const trees = making().map((tree) => ({ name: tree.name, percent: percentOf(tree) }));
    const state = { url, ...(down && { down }), making: trees, usage: usage() };
    const text = JSON.stringify(state);
    if (text === written) return;
    writeServiceState(layout, { ...state, pid: process.pid });
    written = text;
  };
}
