import type { Decision } from '../advice/decision.ts';
import type { Sentence } from '../advice/explain.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName, StreamName } from '../base/identifiers.ts';
import type { Halt } from '../repository/records.ts';
import type { DeviceLayout } from './layout.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import { type FailedBuild, failureOf } from './trial-failures.ts';
import type { Wanted } from './wanted.ts';

/** What the rules of a stream say of this device; nothing where a build was named. */
export type Advised = {
  readonly decision?: Decision | undefined;
  /** The same in words. */
  readonly why?: Sentence | undefined;
  /** Why the device stays on what it has although its stream names another build. */
  readonly halted?: Halt | undefined;
  /** That its stream leads to a build which this device has left again; only who names it gets it. */
  readonly failed?: FailedBuild | undefined;
};

/** A device that follows a stream and stays on what it boots. */
export type Staying = Advised & { readonly build: BuildName; readonly stream: StreamName };

/** What was advised about a wanted build, for results. */
export function advisedOn({ advice }: Wanted): Advised {
  if (advice === undefined) return {};
  const { decision, why, record } = advice;
  const isHalted = decision.decision === 'stay' && decision.because === 'halted';
  return { decision, why, ...(isHalted ? { halted: record.halted } : {}) };
}

/**
 * What a device stays on because the rules of its stream say so; undefined where they let it go on, where a build was
 * named, and where the device boots the stream's build already. Throws `stream-halted` when it has nothing to stay on.
 */
export function stayingOn(layout: DeviceLayout, wanted: Wanted): Staying | undefined {
  const { build, stream, advice } = wanted;
  if (advice === undefined || stream === undefined) return undefined;
  const { decision, record } = advice;
  if (decision.decision === 'stay' && decision.because === 'current') return undefined;
  const { current } = openBootPointer(layout).read();
  if (current === build.name) return undefined;
  if (decision.decision === 'take') return stayingAfterFailure(layout, wanted, current);
  const { since, reason } = record.halted ?? { since: '—', reason: '' };
  if (current === undefined)
    throw new SatchelError('stream-halted', { stream, since, reason: reason || '—' });
  return { build: current, stream, ...advisedOn(wanted) };
}

/** A build that did not prove itself here comes no second time by itself, whatever the stream says. */
function stayingAfterFailure(
  layout: DeviceLayout,
  wanted: Wanted,
  current: BuildName | undefined,
): Staying | undefined {
  const { build, stream } = wanted;
  const failed = failureOf(layout, build.name);
  if (failed === undefined || current === undefined || stream === undefined) return undefined;
  const why: Sentence = {
    code: `trial-stays-${failed.reason}`,
    parameters: { stream, build: build.name, current },
  };
  return { build: current, stream, ...advisedOn(wanted), why, failed };
}
