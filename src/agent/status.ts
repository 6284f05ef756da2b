import type { Clock } from '../base/clock.ts';
import type { BuildName } from '../base/identifiers.ts';
import { type DeviceLayout, requireDevice } from '../device/layout.ts';
import { rsaKeyId } from '../formats/signature-line.ts';
import { type Agent, momentOf } from './agent.ts';
import { agentLayout } from './layout.ts';
import { heldLease, type JudgedLease } from './lease-file.ts';
import { readLaptopTrust } from './lease-keys.ts';
import type { Uptime } from './moment.ts';
import { timeText } from './round.ts';
import { whenToAsk } from './schedule.ts';
import { type AgentSettings, readAgentSettings } from './settings.ts';
import { readAgentState } from './state.ts';
import { countsAsStolen } from './stolen-word.ts';

/** What the agent of a device knows; nobody is asked for it. */
export type AgentStatus = {
  readonly serial: string | null;
  readonly lease: { readonly state: JudgedLease['state']; readonly ends: string } | null;
  readonly stolen: boolean;
  /** When a server answered last, by the clock of the device then; null: never. */
  readonly lastSuccess: string | null;
  /** Attempts in a row that failed, and the code of the last sentence. */
  readonly failures: number;
  readonly failure: string | null;
  /** Seconds until it asks by itself; 0: as soon as it looks. */
  readonly wait: number;
  readonly later: { readonly build: BuildName; readonly because: string; readonly since: string } | null;
  /** A build that is here and waits for its switch. */
  readonly ready: BuildName | null;
  /** Ids of the keys that may sign leases, and answers of theft-deterrence servers. */
  readonly leaseKeys: readonly string[];
  readonly oatsKeys: readonly string[];
  readonly settings: AgentSettings;
};

/** Reads it from small files. Throws `device-not-initialised` and what is wrong with the settings. */
export function agentStatus(
  layout: DeviceLayout,
  { clock, uptime }: { clock: Clock; uptime: Uptime },
): AgentStatus {
  requireDevice(layout);
  const files = agentLayout(layout);
  const trust = readLaptopTrust(layout);
  const state = readAgentState(files);
  const held = heldLease(files.lease, trust);
  const now: Pick<Agent, 'layout' | 'clock' | 'uptime'> = { layout, clock, uptime };
  const schedule = whenToAsk({
    ...state,
    draw: state.draw ?? 0.5,
    now: momentOf(now),
    leaseEnds: held?.ends,
  });
  return {
    serial: trust.serial ?? null,
    lease: held === undefined ? null : { state: held.state, ends: timeText(held.ends) },
    stolen: countsAsStolen(state.stolen),
    lastSuccess: state.success === undefined ? null : timeText(state.success.wall),
    failures: state.failures,
    failure: state.failure ?? null,
    wait: schedule.ask ? 0 : Math.ceil(schedule.wait / 1000),
    later: state.later ?? null,
    ready: state.ready?.build ?? null,
    leaseKeys: trust.leaseKeys.map(rsaKeyId),
    oatsKeys: trust.oatsKeys.map(rsaKeyId),
    settings: readAgentSettings(files),
  };
}
