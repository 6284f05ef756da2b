import type { Logger } from 'pino';
import { messageOf } from '../base/errors.ts';

/** Milliseconds for which what was logged once is not logged again. */
const quiet = 60_000;
/** Different sentences that are remembered; what comes beyond them is not logged. */
const remembered = 1000;

/** Logs failures that come with every request: each sentence once a minute. `now` is in milliseconds that only grow. */
export function logOnce(log: Logger, now: () => number = () => performance.now()): (error: unknown) => void {
  const said = new Map<string, number>();
  return (error) => {
    const text = messageOf(error);
    const at = now();
    for (const [key, time] of said) {
      if (at - time < quiet) break;
      said.delete(key);
    }
    if (said.has(text) || said.size >= remembered) return;
    said.set(text, at);
    log.error({ err: error }, text);
  };
}
