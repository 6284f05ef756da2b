/** The part of a round that is about theft: asking the servers, the time they tell, the lease, the mark of the stolen. */
import { join } from 'node:path';
import type { OatsUpdate } from '../advice/oats-answer.ts';
import { isStolen, parseStolen, stolenTarget } from '../advice/stolen.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { programVersion } from '../base/version.ts';
import { olpcBootPointer, runningVersion } from '../device/boot-olpc.ts';
import { chooseStream, readConfiguration } from '../device/configuration.ts';
import { readInstalled } from '../device/installed.ts';
import type { DeviceLayout } from '../device/layout.ts';
import { modelOf } from '../device/report-maker.ts';
import type { DeviceSession } from '../device/session.ts';
import { type Serial, timeOf } from '../lease/laptop.ts';
import { freeSpace } from '../os/disk.ts';
import { earliestOfflineExpiry } from '../trust/expiry.ts';
import { openTimeFloor } from '../trust/floor.ts';
import { evidenceOf } from '../trust/held-roles.ts';
import { loadState } from '../trust/trust-state.ts';
import { type Agent, momentOf } from './agent.ts';
import { agentLayout } from './layout.ts';
import { bringLeaseBack, isLeaseFor, type LeaseTaken, putLeaseAside, takeLease } from './lease-file.ts';
import type { LaptopTrust } from './lease-keys.ts';
import { askOats, isAbsence, type OatsAnswered, type OatsReport } from './oats-ask.ts';
import { ignoresSignatures, oatsServers } from './oats-servers.ts';
import type { AgentSettings } from './settings.ts';
import { countsAsStolen, hear, type StolenWords } from './stolen-word.ts';

/** What asking the theft-deterrence servers brought. */
export type TheftAsked = {
  /** The server that answered. */
  readonly server?: string;
  readonly stolen: StolenWords;
  /** What became of the lease that came, if one came. */
  readonly lease?: LeaseTaken;
  readonly update?: OatsUpdate;
  /** Why nobody answered, or why the answer was no good. */
  readonly failure?: SatchelError;
};

/** What asking starts from. */
export type TheftOptions = {
  readonly trust: LaptopTrust;
  readonly settings: AgentSettings;
  readonly stolen: StolenWords;
  /** True: the laptop has a lease, so that an answer matters. */
  readonly hasLease: boolean;
};

/** True for a laptop that has somebody to believe: others ask nobody for a lease, and tell nobody their number. */
export function asksForLeases({ layout }: Pick<Agent, 'layout'>, { serial, oatsKeys }: LaptopTrust): boolean {
  return serial !== undefined && (oatsKeys.length > 0 || ignoresSignatures(layout.root));
}

/**
 * Asks the servers, learns the time, and does to the lease what was said. A laptop without a lease is not troubled by
 * servers that are away. Throws `cancelled` and what the disk says.
 */
export async function askAboutTheft(agent: Agent, options: TheftOptions): Promise<TheftAsked> {
  const { trust, hasLease } = options;
  const { serial } = trust;
  if (serial === undefined || !asksForLeases(agent, trust)) return { stolen: options.stolen };
  let answered: OatsAnswered;
  try {
    answered = await ask(agent, serial, options);
  } catch (error) {
    if (!isSatchelError(error) || error.code === 'cancelled') throw error;
    const isNews = hasLease || !isAbsence(error);
    return { stolen: options.stolen, ...(isNews ? { failure: error } : {}) };
  }
  return takeIn(agent, answered, options);
}

function ask(agent: Agent, serial: Serial, { trust, settings }: TheftOptions): Promise<OatsAnswered> {
  const { layout, clock, patience, signal } = agent;
  const source = agent.source ?? readConfiguration(layout)?.source;
  return askOats({
    layout,
    servers: oatsServers(layout.root, { servers: settings.servers, source }),
    serial,
    trust,
    report: reportOf(layout),
    names: settings.names,
    ignoreSignatures: ignoresSignatures(layout.root),
    clock,
    now: momentOf(agent).wall,
    patience,
    signal,
  });
}

/** What laptops have always told with their question. */
function reportOf(layout: DeviceLayout): OatsReport {
  const running = runningVersion(layout) ?? olpcBootPointer(layout).read().current;
  const vhash = running === undefined ? undefined : readInstalled(layout, running)?.contentsHash;
  const model = modelOf(layout);
  return {
    ...(vhash === undefined ? {} : { vhash: vhash as NonNullable<OatsReport['vhash']> }),
    freeSpace: Math.floor(freeSpace(layout.own).bytes / 1024),
    ...streamOf(layout),
    ...(model === undefined ? {} : { model }),
    client: programVersion,
  };
}

function streamOf(layout: DeviceLayout): Pick<OatsReport, 'stream'> {
  try {
    return { stream: chooseStream(layout, undefined, readConfiguration(layout)).stream };
  } catch (error) {
    if (isSatchelError(error, 'update-stream-wrong')) return {};
    throw error;
  }
}

async function takeIn(agent: Agent, answered: OatsAnswered, options: TheftOptions): Promise<TheftAsked> {
  const { server, answer, isVerified } = answered;
  const { trust, settings } = options;
  const time = timeOf(answer.time);
  if (isVerified) await believeTime(agent, settings, time);
  else agent.reporter.notice('agent-signature-ignored', { server });
  const stolen = isVerified ? hearServer(options, answered, time) : options.stolen;
  const lease = applyLease(agent, stolen, () =>
    answer.lease === undefined
      ? undefined
      : takeLease(agentLayout(agent.layout).lease, answer.lease, trust, {
          // Whoever signs leases knows the time; the clock here may stand in 1970 or 2106.
          now: isVerified ? time : momentOf(agent).wall,
          canTrustUnchecked: isVerified,
        }),
  );
  return {
    server,
    stolen,
    ...(lease === undefined ? {} : { lease }),
    ...(answer.update === undefined ? {} : { update: answer.update }),
    ...(lease === 'refused' ? { failure: new SatchelError('agent-lease-refused', { server }) } : {}),
  };
}

/** A clock that is behind by less is left to those who know seconds, in milliseconds. */
const clockError = 60_000;

/**
 * A server that neither calls it stolen nor gives it a lease has nothing to say about it. The lease of another laptop is
 * what a thief would have who lets this one ask under another number.
 */
function hearServer(
  { stolen: words, trust }: TheftOptions,
  { answer }: OatsAnswered,
  at: number,
): StolenWords {
  if (answer.stolen) return hear(words, 'server', { stolen: true, at });
  const isOwn = answer.lease !== undefined && isLeaseFor(answer.lease, trust);
  return isOwn ? hear(words, 'server', { stolen: false, at }) : words;
}

async function believeTime(agent: Agent, { setClock }: AgentSettings, time: number): Promise<void> {
  learnTime(agent, time);
  if (setClock && agent.clock() < time - clockError) await agent.setClock?.(time);
}

/** Where no metadata vouches for a time, so much at most is believed of one answer beyond the ones before. */
const largestStep = 400 * 86_400_000;

/** One more witness of time; like the others it is believed only so far. */
function learnTime({ layout, clock }: Agent, time: number): void {
  const held = loadState(layout.trust)?.newest ?? new Map();
  const floor = openTimeFloor(join(layout.trust, 'floor'), clock);
  const isAlone = held.size === 0 && floor.value() > 0;
  const issued = isAlone ? Math.min(time, floor.value() + largestStep) : time;
  floor.raise([{ witness: 'oats', issued }], {
    held: evidenceOf(held),
    notBeyond: earliestOfflineExpiry(held),
  });
}

/** The list of the stolen in the metadata that a session has just brought up to date. Throws what reading it throws. */
export async function hearList(
  session: DeviceSession,
  serial: Serial | undefined,
  words: StolenWords,
  signal: AbortSignal,
): Promise<StolenWords> {
  if (serial === undefined) return words;
  const { client, times } = session;
  const isListed =
    client.targetInfo(stolenTarget) !== undefined &&
    isStolen(parseStolen(await client.target(stolenTarget, { signal })), serial);
  return hear(words, 'list', { stolen: isListed, at: times.issued });
}

/** Lets a stolen laptop have no lease; any other has its own back, and `take` may bring a better one. */
export function applyLease(
  { layout }: Pick<Agent, 'layout'>,
  stolen: StolenWords,
  take: () => LeaseTaken | undefined = () => undefined,
): LeaseTaken | undefined {
  const { lease, leaseAside } = agentLayout(layout);
  if (countsAsStolen(stolen)) {
    putLeaseAside(lease, leaseAside);
    return undefined;
  }
  bringLeaseBack(lease, leaseAside);
  return take();
}
