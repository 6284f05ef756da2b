/** The part of a round that is about theft: asking the servers, the time they tell, the lease, the mark of the stolen. */
import { join } from 'node:path';
import type { OatsUpdate } from '../advice/oats-answer.ts';
import { isStolen, parseStolen, stolenTarget } from '../advice/stolen.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { programVersion } from '../base/version.ts';
import { chooseStream, readConfiguration } from '../device/configuration.ts';
import { readInstalled } from '../device/installed.ts';
import type { DeviceLayout } from '../device/layout.ts';
import { openBootPointer } from '../device/open-boot-pointer.ts';
import { modelOf } from '../device/report-maker.ts';
import { runningVersion } from '../device/running-version.ts';
import type { DeviceSession } from '../device/session.ts';
import { type Serial, timeOf } from '../lease/laptop.ts';
import { freeSpace } from '../os/disk.ts';
import { earliestOfflineExpiry } from '../trust/expiry.ts';
import { openTimeFloor } from '../trust/floor.ts';
import { evidenceOf } from '../trust/held-roles.ts';
import { loadState } from '../trust/trust-state.ts';
import { type Agent, momentOf } from './agent.ts';
import { attemptWrite } from './attempt-write.ts';
import { agentLayout } from './layout.ts';
import {
  bringLeaseBack,
  isLeaseFor,
  judgeOffer,
  type LeaseTaken,
  type OfferOptions,
  putLeaseAside,
  takeLease,
} from './lease-file.ts';
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
  /** True: half of that lease is over, so that an answer without a longer one is no reason not to ask the next server. */
  readonly isLeaseDue: boolean;
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

function ask(agent: Agent, serial: Serial, options: TheftOptions): Promise<OatsAnswered> {
  const { trust, settings } = options;
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
    isEnough: (answered) => isEnough(agent, answered, options),
    signal,
  });
}

function isEnough(agent: Agent, answered: OatsAnswered, { trust, isLeaseDue }: TheftOptions): boolean {
  const { stolen, lease } = answered.answer;
  if (!isLeaseDue || (stolen && answered.isVerified)) return true;
  if (lease === undefined) return false;
  return (
    typeof judgeOffer(agentLayout(agent.layout).lease, lease, trust, offerOf(agent, answered)) === 'object'
  );
}

/** Whoever signs leases knows the time; the clock here may stand in 1970 or 2106. */
function offerOf(agent: Agent, { answer, isVerified }: OatsAnswered): OfferOptions {
  return { now: isVerified ? timeOf(answer.time) : momentOf(agent).wall, canTrustUnchecked: isVerified };
}

/** What laptops have always told with their question. */
function reportOf(layout: DeviceLayout): OatsReport {
  const running = runningVersion(layout) ?? openBootPointer(layout).read().current;
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
  const failures: SatchelError[] = [];
  if (isVerified) {
    attemptWrite(failures, () => learnTime(agent, time));
    await setClock(agent, settings, time);
  } else agent.reporter.notice('agent-signature-ignored', { server });
  const stolen = isVerified
    ? hearServer(options, answered, { at: time, now: momentOf(agent).wall })
    : options.stolen;
  const put = () =>
    answer.lease === undefined
      ? undefined
      : takeLease(agentLayout(agent.layout).lease, answer.lease, trust, offerOf(agent, answered));
  let lease: LeaseTaken | undefined;
  // What was said is remembered although the disk does not take the lease: else it is asked for again and again.
  attemptWrite(failures, () => {
    lease = applyLease(agent, stolen, put);
  });
  if (lease === 'refused') failures.push(new SatchelError('agent-lease-refused', { server }));
  const [failure] = failures;
  return {
    server,
    stolen,
    ...(lease === undefined ? {} : { lease }),
    ...(answer.update === undefined ? {} : { update: answer.update }),
    ...(failure === undefined ? {} : { failure }),
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
  { at, now }: { readonly at: number; readonly now: number },
): StolenWords {
  if (answer.stolen) return hear(words, 'server', { stolen: true, at }, now);
  const isOwn = answer.lease !== undefined && isLeaseFor(answer.lease, trust);
  return isOwn ? hear(words, 'server', { stolen: false, at }, now) : words;
}

/** A server whose clock is far ahead must not move the clock to where nothing signed holds any more. */
async function setClock(agent: Agent, settings: AgentSettings, time: number): Promise<void> {
  const believed = Math.min(time, momentOf(agent).wall);
  if (settings.setClock && agent.clock() < believed - clockError) await agent.setClock?.(believed);
}

/** Where no metadata vouches for a time, so much at most is believed of one answer beyond the ones before. */
const largestStep = 400 * 86_400_000;

/** No program of ours is older. */
const oldestTime = Date.UTC(2025, 0, 1);

/** One more witness of time; like the others it is believed only so far. */
function learnTime({ layout, clock }: Agent, time: number): void {
  const held = loadState(layout.trust)?.newest ?? new Map();
  const floor = openTimeFloor(join(layout.trust, 'floor'), clock);
  // Before the first answer there is the clock, unless it stands where clocks without a battery begin.
  const known = Math.max(floor.value(), clock() > oldestTime ? clock() : 0);
  const issued = held.size === 0 && known > 0 ? Math.min(time, known + largestStep) : time;
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
  return hear(words, 'list', { stolen: isListed, at: times.issued }, times.now);
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
