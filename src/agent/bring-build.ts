/** The part of a round that is about builds: what the device is to run, and whether it is the moment to bring it. */
import type { MessageCode } from '../base/catalogue.ts';
import { isSatchelError } from '../base/errors.ts';
import { recordTime } from '../base/fields.ts';
import type { BuildName } from '../base/identifiers.ts';
import { type Checked, check } from '../device/check.ts';
import { isReportDue, noteReport } from '../device/report-make.ts';
import { chooseWanted, type DeviceSession } from '../device/session.ts';
import { update } from '../device/update.ts';
import type { Choice } from '../device/wanted.ts';
import { type Agent, momentOf } from './agent.ts';
import { type Conditions, type Later, whyFetchLater, whySwitchLater } from './conditions.ts';
import { lookAround, whileAllowed } from './look-around.ts';
import { dropReady, keepReady, stillReady, unmarkReady } from './ready-version.ts';
import type { AgentSettings } from './settings.ts';
import type { AgentState } from './state.ts';

/** What became of the build that the device is to run. */
export type Brought = {
  readonly build: BuildName;
  /** `ready`: it is on the device and waits for its switch. */
  readonly result: 'current' | 'switched' | 'ready' | 'later';
  /** Why it is done later. */
  readonly later?: Later | 'switch' | undefined;
  readonly bytesReceived: number;
  /** True: what boots next is not what runs. */
  readonly rebootNeeded: boolean;
};

/** What remembers what waits. */
export type Waiting = Pick<AgentState, 'later' | 'ready' | 'advice'>;

/** What a look at the device's stream did, and what waits now. */
export type BuildLooked = { readonly waiting: Waiting; readonly brought?: Brought | undefined };

/** Whether a device follows anything: a stream other than `none`, unless updates are switched off. */
export function choiceOf({ layout }: Pick<Agent, 'layout'>, settings: AgentSettings): Choice | undefined {
  if (!settings.updates) return undefined;
  try {
    return chooseWanted(layout, {});
  } catch (error) {
    if (isSatchelError(error, 'updates-switched-off')) return undefined;
    throw error;
  }
}

/**
 * Looks what the device is to run and brings it if the surroundings allow; else remembers why not. Throws what checking
 * and updating throw.
 */
export async function bringBuild(
  agent: Agent,
  session: DeviceSession,
  {
    choice,
    settings,
    waiting,
  }: { readonly choice: Choice; readonly settings: AgentSettings; readonly waiting: Waiting },
): Promise<BuildLooked> {
  const checked = await check({ session, choice, signal: agent.signal });
  const ready = stillReady(agent.layout, waiting.ready);
  if (!checked.available) return { waiting: { ready }, brought: { ...outcome(checked), result: 'current' } };
  const conditions = await lookAround(agent, settings);
  const isHere = ready?.build === checked.build;
  const why = isHere ? whySwitchLater(conditions, settings) : whyFetchLater(conditions, settings);
  const before = { later: waiting.later, ready };
  if (why !== undefined) return putOff(agent, checked, { why, conditions, before });
  if (ready !== undefined && !isHere) dropReady(agent.layout, ready);
  return fetchAndSwitch(agent, session, {
    choice,
    settings,
    checked,
    before: { ...before, ready: isHere ? ready : undefined },
  });
}

type FetchOptions = {
  readonly choice: Choice;
  readonly settings: AgentSettings;
  readonly checked: Checked;
  readonly before: Waiting;
};

async function fetchAndSwitch(
  agent: Agent,
  session: DeviceSession,
  { choice, settings, checked, before }: FetchOptions,
): Promise<BuildLooked> {
  const { layout, clock, reporter } = agent;
  let switchLater: Later | undefined;
  const maySwitch = async () => {
    switchLater = whySwitchLater(await lookAround(agent, settings), settings);
    if (switchLater === undefined && before.ready !== undefined) unmarkReady(layout, before.ready);
    return switchLater === undefined;
  };
  // What is here already costs nothing any more.
  const whyStop = before.ready === undefined ? whyFetchLater : whySwitchLater;
  const stopFor = async () => whyStop(await lookAround(agent, settings), settings);
  const done = await whileAllowed(agent, stopFor, (signal) =>
    update({
      ...{ session, choice, clock, reporter, signal, maySwitch },
      bytesPerSecond: settings.limitRate || undefined,
    }),
  );
  if ('why' in done) {
    const conditions = await lookAround(agent, settings);
    return putOff(agent, checked, { why: done.why, conditions, before });
  }
  const { build, waiting, rebootNeeded, plan } = done.result;
  const { bytesReceived } = session.counters();
  if (!waiting) {
    const result = plan === 'none' ? 'current' : 'switched';
    return { waiting: {}, brought: { build, result, bytesReceived, rebootNeeded } };
  }
  const ready = before.ready ?? keepReady(layout, build);
  const later = noteLater(agent, { build, why: 'switch', from: checked.from, before });
  return {
    waiting: { later, ready },
    brought: { build, result: 'ready', later: 'switch', bytesReceived, rebootNeeded: false },
  };
}

function putOff(
  agent: Agent,
  checked: Checked,
  {
    why,
    conditions,
    before,
  }: { readonly why: Later; readonly conditions: Conditions; readonly before: Waiting },
): BuildLooked {
  const { build, from } = checked;
  const { quiet, power } = conditions;
  const later = noteLater(agent, {
    build,
    why,
    from,
    before,
    who: quiet?.who ?? '',
    level: power.battery ?? 0,
  });
  return {
    waiting: { later, ready: before.ready },
    brought: { ...outcome(checked), result: before.ready?.build === build ? 'ready' : 'later', later: why },
  };
}

/** Says why it waits, and tells the fleet, once for each reason: a device that said so is not one that failed. */
export function noteLater(
  agent: Agent,
  options: {
    readonly build: BuildName;
    readonly why: Later | 'switch';
    readonly from: BuildName | null;
    readonly before: Waiting;
    readonly who?: string;
    readonly level?: number;
  },
): NonNullable<AgentState['later']> {
  const { build, why, from, before, who = '', level = 0 } = options;
  const { later } = before;
  if (later?.build === build && later.because === why) return later;
  const code: MessageCode = `agent-later-${why}`;
  agent.reporter.notice(code, { build, who, level });
  const { layout, clock } = agent;
  const told = { build, ...(from === null ? {} : { from }), result: 'later', code } as const;
  noteReport(
    { layout, clock },
    { event: 'update', result: { ...told, bytesReceived: 0, requests: 0, seconds: 0 } },
  );
  return { build, because: why, since: recordTime(momentOf(agent).wall) };
}

function outcome({ build, bytesReceived }: Checked) {
  return { build, bytesReceived, rebootNeeded: false };
}

/** Tells the source what there is to tell, while it is there. */
export async function tellSource(agent: Agent, session: DeviceSession): Promise<void> {
  const { layout, clock, signal } = agent;
  if (!isReportDue({ layout, clock })) return;
  const { tellReports } = await import('../device/send-report.ts');
  await tellReports(session, { clock, signal });
}
