import type { Agent } from './agent.ts';
import { momentOf } from './agent.ts';
import type { Conditions, Later } from './conditions.ts';
import { agentLayout } from './layout.ts';
import { isLinkMetered } from './metered.ts';
import { readPower } from './power.ts';
import { whyQuiet } from './quiet.ts';
import type { AgentSettings } from './settings.ts';

/** So often, in milliseconds, it is looked whether a lesson has begun while content is fetched. */
const usualWatch = 30_000;

/** After so many milliseconds something long makes room for the next round: a lease may have to be asked for, and people warned. */
const longestAction = 6 * 3600_000;

/** What the surroundings of the device are like now. */
export async function lookAround(agent: Agent, settings: AgentSettings): Promise<Conditions> {
  const { layout, ask, signal } = agent;
  const { root } = layout;
  const [quiet, isMetered] = await Promise.all([
    whyQuiet(root, agentLayout(layout).inhibit, ask, signal),
    isLinkMetered(settings.metered, ask, signal),
  ]);
  const { wall, isClockRight } = momentOf(agent);
  return { quiet, power: readPower(root), isMetered, time: isClockRight ? wall : undefined };
}

/**
 * Does something for as long as the surroundings allow: when they do not any more it is cancelled, and `why` says so
 * afterwards. What was received until then is not lost.
 */
export async function whileAllowed<Result>(
  agent: Agent,
  judge: () => Promise<Later | undefined>,
  action: (signal: AbortSignal) => Promise<Result>,
): Promise<{ readonly result: Result } | { readonly why: Later }> {
  const stop = new AbortController();
  const began = agent.uptime().uptime;
  let why: Later | undefined;
  let looking: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(async () => {
      why ??= await judge();
      if (agent.uptime().uptime - began > longestAction) why ??= 'pause';
      if (why !== undefined) stop.abort();
    });
    looking.catch((error: unknown) => stop.abort(error));
  }, agent.watchEvery ?? usualWatch);
  try {
    return { result: await action(AbortSignal.any([agent.signal, stop.signal])) };
  } catch (error) {
    if (why !== undefined && !agent.signal.aborted) return { why };
    throw error;
  } finally {
    clearInterval(timer);
    await looking.catch(() => undefined);
  }
}
