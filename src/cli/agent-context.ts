import type { OatsUpdate } from '../advice/oats-answer.ts';
import type { AdviceFollowed, Agent } from '../agent/agent.ts';
import { askProgram } from '../agent/ask-program.ts';
import { systemUptime } from '../agent/moment.ts';
import { languageFromEnvironment } from '../base/catalogue.ts';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import { buildName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { deviceLayout } from '../device/layout.ts';
import { placeOfBuild, serverAddress } from '../rsync/client-address.ts';
import type { RsyncPlace } from '../rsync/client-place.ts';
import { reboot } from './olpc-reboot.ts';

/** What a command of the agent is called with. */
export type AgentCall = {
  readonly options: {
    readonly root: string;
    readonly source?: string | undefined;
    readonly timeout?: number | undefined;
  };
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
};

/** The agent of the device that a command is called for. */
export function agentOf(call: AgentCall): Agent {
  const { options, clock, reporter, environment, signal } = call;
  return {
    layout: deviceLayout(options.root),
    clock,
    uptime: systemUptime(),
    random: Math.random,
    ask: askProgram,
    reporter,
    language: languageFromEnvironment(environment),
    source: options.source,
    patience: options.timeout,
    followAdvice: (advice, stop) => followAdvice({ ...call, signal: stop }, advice),
    updateActivities: async (update) => {
      const { updateHome } = await import('./agent-activities.ts');
      return updateHome({ ...options, environment }, update);
    },
    setClock: options.root === '/' ? (time) => setClock(time, reporter) : undefined,
    // Only the machine itself is started anew, not one whose disk lies in a folder.
    restart: options.root === '/' ? reboot : undefined,
    signal,
  };
}

/** Sets the clock, and the one that goes on without power, as the boot script of the laptops does. */
async function setClock(time: number, reporter: Reporter): Promise<void> {
  const set = await askProgram('date', ['-u', '-s', `@${Math.floor(time / 1000)}`]);
  if (set === undefined) reporter.notice('agent-clock-not-set', { reason: 'date -s' });
  else if ((await askProgram('hwclock', ['--systohc', '--utc'])) === undefined)
    reporter.notice('agent-clock-not-set', { reason: 'hwclock' });
}

/** Updates from a server of the old kind; its manifest must have the hash that was advised. Throws `agent-advice-unusable`. */
async function followAdvice(call: AgentCall, advice: OatsUpdate): Promise<AdviceFollowed> {
  const build = buildName(advice.name);
  const place = advice.updatePath === undefined ? undefined : placeAt(advice.updatePath, advice.name);
  if (place === undefined)
    throw new SatchelError('agent-advice-unusable', { build, server: advice.updatePath ?? '—' });
  const { options, clock, reporter, signal } = call;
  const { updateByRsync } = await import('../rsync/client-update.ts');
  const result = await updateByRsync({
    ...{ root: options.root, build, place, clock, reporter, signal },
    ...{ force: false, contentsHash: advice.hash, patience: options.timeout },
  });
  const { plan, bytesReceived, rebootNeeded } = result;
  return { changed: plan !== 'none', bytesReceived, rebootNeeded };
}

/** `rsync://host/build-NAME`, with or without `root/` after it; a bare server has the build under its usual name. */
function placeAt(path: string, name: string): RsyncPlace | undefined {
  const [, server = path] =
    /^(.+?)(?:\/(?:build-)?[^/]+(?:\/root)?)?\/*$/.exec(path.replace(/^rsync:\/\//i, '')) ?? [];
  const address = /^rsync:\/\//i.test(path) ? serverAddress(`rsync://${server}`) : undefined;
  return address?.kind === 'rsync' ? placeOfBuild(address.url, buildName(name)) : undefined;
}
