import type { Logger } from 'pino';
import { say } from '../base/catalogue.ts';
import { messageOf } from '../base/errors.ts';

const everyMinutes = 60;

/** A running renewal of the online metadata. */
export type Renewal = {
  /** Ends the timer and waits for a renewal that is under way. */
  stop(): Promise<void>;
};

/**
 * Calls `renew` now and every hour; a call that is still under way is not joined by a second one. Failures are
 * logged and never fatal: devices go on with what was signed before. The timer does not keep the process alive.
 */
export function startRenewal(renew: () => Promise<void>, log: Logger): Renewal {
  let running: Promise<void> | undefined;
  const attempt = async () => {
    try {
      await renew();
    } catch (error) {
      const reason = messageOf(error);
      const parameters = { reason, minutes: everyMinutes };
      log.error({ err: error }, say('server-renewal-failed', parameters, 'en').text);
    }
  };
  const begin = () => {
    running ??= attempt().finally(() => {
      running = undefined;
    });
  };
  begin();
  const timer = setInterval(begin, everyMinutes * 60_000);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
