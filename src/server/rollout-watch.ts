import { isSatchelError } from '../base/errors.ts';
import { type Reporter, silentReporter } from '../base/progress.ts';
import { watchRollouts } from '../fleet/rollout-watch.ts';
import type { ChangeContext } from '../repository/change-list.ts';
import type { LazyFleet } from './lazy-fleet.ts';

/** The roles that sign what a look changes. */
const onlineRoles = ['streams', 'snapshot', 'timestamp'] as const;

/** Milliseconds between two looks. */
const pause = 60_000;

/** Looks after the rollouts of an origin while it is served. */
export type RolloutWatch = {
  begin(): void;
  /** Ends it and waits for a look that is under way. */
  stop(): Promise<void>;
};

/**
 * Looks at once and every minute; a look that is still under way is not joined by a second one. What goes wrong is a
 * notice and tried again. The timer does not keep the process alive.
 */
export function rolloutWatch(context: ChangeContext, fleet: LazyFleet): RolloutWatch {
  const stopping = new AbortController();
  const reporter = once(context.reporter ?? silentReporter);
  const watching = { ...context, reporter, signal: stopping.signal };
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const look = async () => {
    try {
      // A mirror without the online keys serves just as well; whoever has them looks after rollouts.
      if (onlineRoles.some((role) => context.keys.load(role).length === 0)) return;
      await watchRollouts(watching, (await fleet.openIfThere())?.rollouts);
    } catch (error) {
      if (stopping.signal.aborted) return;
      if (!isSatchelError(error)) throw error;
      reporter.notice('rollout-watch-failed', { stream: '—', reason: error.message });
    }
  };
  const begin = () => {
    running ??= look().finally(() => {
      running = undefined;
    });
  };
  return {
    begin() {
      begin();
      timer = setInterval(begin, pause);
      timer.unref();
    },
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await running;
    },
  };
}

/** Says the same only once: a trouble that lasts a night would fill the log. */
function once(reporter: Reporter): Reporter {
  const said = new Set<string>();
  return {
    ...reporter,
    notice(code, parameters) {
      const key = JSON.stringify([code, parameters]);
      if (said.has(key)) return;
      said.add(key);
      reporter.notice(code, parameters);
    },
  };
}
