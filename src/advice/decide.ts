import { deviceNumber } from '../repository/device-set.ts';
import type { StreamRecord } from '../repository/records.ts';
import { type QuietTime, type Rollout, wholeShare } from '../repository/rollout-record.ts';
import type { AskingDevice, Decision, DecisionTimes, StayingOn, Taking } from './decision.ts';
import { isInGroup, isReserved } from './group.ts';
import { headOf, nextBuild, type Step, sequenceOf, understands } from './next-build.ts';

export type { AskingDevice, Decision, DecisionTimes, StayingOn, Taking } from './decision.ts';

/**
 * What a device is to run by a stream's record. The same answer wherever it is asked for: on the device, at a site and
 * at the origin. It depends on nothing but its arguments.
 *
 * In this order: what it runs is the head; the stream is halted; nothing is installed yet; it runs something newer
 * than the head; it runs a build that the stream was led back from; what comes next asks for a newer client; the
 * rollout.
 */
export function decide(record: StreamRecord, device: AskingDevice, times: DecisionTimes): Decision {
  const { running } = device;
  if (running?.build === record.build.name) return { decision: 'stay', because: 'current' };
  if (record.halted !== undefined) return stay('halted', record.halted.reason);
  if (running === undefined) return taken(nextBuild(record, device)) ?? stay('client-too-old');
  const sequence = sequenceOf(record, running);
  if (sequence !== undefined && sequence > record.build.sequence) {
    if (record.back === undefined) return stay('newer');
    return understands(device, headOf(record))
      ? taken({ ...headOf(record), because: 'back' })!
      : stay('client-too-old');
  }
  const next = nextBuild(record, device);
  if (next === undefined) return stay('client-too-old');
  if (record.rollout === undefined) return taken(next)!;
  return rolledOut(record.rollout, { device, times, next });
}

/** The place of a device among 10000: it takes a build when this is below the share. */
export function bucketOf(salt: string, identity: string | undefined): number {
  return identity === undefined ? wholeShare - 1 : deviceNumber(salt, identity) % wholeShare;
}

function taken(next: Step | undefined): Taking | undefined {
  if (next === undefined) return undefined;
  return { decision: 'take', build: next.build, because: next.because };
}

function stay(because: StayingOn['because'], reason = ''): StayingOn {
  return { decision: 'stay', because, ...(reason === '' ? {} : { reason }) };
}

type Asked = { readonly device: AskingDevice; readonly times: DecisionTimes; readonly next: Step };

/** What the rules of a rollout say of a device that would take a build now. */
function rolledOut(rollout: Rollout, { device, times, next }: Asked): Decision {
  const bucket = bucketOf(rollout.salt, device.identity);
  const share = shareAt(rollout, times.issued);
  const isEarly = rollout.early !== undefined && isInGroup(rollout.early, rollout.salt, device);
  const wait = waitFor(rollout, { bucket, isEarly, isHeld: !isEarly && isReserved(rollout, device) }, times);
  const seen = { bucket, share };
  const waiting = (because: StayingOn['because'], reason = ''): StayingOn => ({
    ...stay(because, reason),
    ...seen,
    ...(wait === undefined ? {} : { next: wait }),
  });

  if (rollout.only !== undefined && !isInGroup(rollout.only, rollout.salt, device))
    return { ...stay('not-included'), ...seen };
  if (rollout.notBefore !== undefined && times.issued < Date.parse(rollout.notBefore))
    return waiting('not-before');
  const quiet = quietTimeAt(rollout, times);
  if (quiet !== undefined) return waiting('quiet', quiet.reason);
  if (isEarly) return { ...taken(next)!, ...earlier(next, 'early'), ...seen };
  if (isReserved(rollout, device) && elapsedAt(rollout, times.issued) < (rollout.reserved?.until ?? 0))
    return waiting('reserved', rollout.paused?.reason);
  if (bucket < share)
    return { ...taken(next)!, ...earlier(next, share === wholeShare ? 'everybody' : 'share'), ...seen };
  return rollout.paused === undefined ? waiting('share') : waiting('paused', rollout.paused.reason);
}

/** That a waypoint comes first says more than how the rollout let the device in. */
function earlier(next: Step, because: 'everybody' | 'share' | 'early'): Pick<Taking, 'because'> {
  return { because: next.because === 'everybody' ? because : next.because };
}

/** Seconds that the rollout has run at a moment (milliseconds); time stands still while it is paused. */
export function elapsedAt({ began, paused }: Rollout, issued: number): number {
  const until = paused === undefined ? issued : Math.min(issued, Date.parse(paused.since));
  return Math.floor((until - Date.parse(began)) / 1000);
}

/** How many of 10000 devices may take the head at a moment (milliseconds). */
export function shareAt(rollout: Rollout, issued: number): number {
  const elapsed = elapsedAt(rollout, issued);
  return rollout.steps.findLast(({ after }) => after <= elapsed)?.share ?? 0;
}

function quietTimeAt({ quiet = [] }: Rollout, { issued, now }: DecisionTimes): QuietTime | undefined {
  return quiet.find((time) => isIn(time, issued) || isIn(time, now));
}

function isIn({ from, to }: QuietTime, moment: number): boolean {
  return moment >= Date.parse(from) && moment < Date.parse(to);
}

type Place = { readonly bucket: number; readonly isEarly: boolean; readonly isHeld: boolean };

/** When the rules as they are let a device in, milliseconds; undefined where they do not say. */
function waitFor(
  rollout: Rollout,
  { bucket, isEarly, isHeld }: Place,
  times: DecisionTimes,
): number | undefined {
  const step = isEarly ? { after: 0 } : rollout.steps.find(({ share }) => bucket < share);
  if (step === undefined) return undefined;
  const after = isHeld ? Math.max(step.after, rollout.reserved?.until ?? 0) : step.after;
  // Whom the pause lets in already waits for something else; the others wait for its end.
  if (rollout.paused !== undefined && !isEarly && after > elapsedAt(rollout, times.issued)) return undefined;
  const begins = isEarly ? times.issued : Date.parse(rollout.began) + after * 1000;
  const opens = Math.max(begins, times.issued, Date.parse(rollout.notBefore ?? rollout.began));
  const isQuietNow = quietTimeAt(rollout, times) !== undefined;
  return afterQuiet(rollout, isQuietNow ? Math.max(opens, times.now) : opens);
}

/** The moment itself, or the end of the quiet times that it falls into. */
function afterQuiet(rollout: Rollout, moment: number): number {
  let open = moment;
  for (;;) {
    const quiet = quietTimeAt(rollout, { issued: open, now: open });
    if (quiet === undefined) return open;
    open = Date.parse(quiet.to);
  }
}
