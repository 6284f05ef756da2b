import { isSatchelError, type SatchelError } from '../base/errors.ts';
import { sleep as sleepFor } from '../base/sleep.ts';
import type { Agent } from './agent.ts';
import { type Round, runRound } from './round.ts';
import { tick } from './schedule.ts';

export type DaemonOptions = {
  /** Told of each round. */
  readonly onRound: (round: Round) => void;
  /** Told of what kept a round from being done; the next one comes all the same. */
  readonly onFailure: (error: SatchelError) => void;
  /** Waits; tests give another. */
  readonly sleep?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
};

/** Does a round every few minutes until it is asked to stop. */
export async function runAgent(agent: Agent, options: DaemonOptions): Promise<void> {
  const { onRound, onFailure, sleep = sleepFor } = options;
  const { signal, random } = agent;
  while (!signal.aborted) {
    try {
      onRound(await runRound(agent));
      // Not in step with other machines that were started by the same switch.
      await sleep(tick * (0.9 + random() / 5), signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!isSatchelError(error)) throw error;
      onFailure(error);
      await sleep(tick, signal).catch((stopped: unknown) => {
        if (!signal.aborted) throw stopped;
      });
    }
  }
}
