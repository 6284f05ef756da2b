import type { Decision } from '../advice/decision.ts';
import type { Sentence } from '../advice/explain.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName, StreamName } from '../base/identifiers.ts';
import type { Halt } from '../repository/records.ts';
import type { DeviceLayout } from './layout.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import type { Wanted } from './wanted.ts';

/** What the rules of a stream say of this device; nothing where a build was named. */
export type Advised = {
  readonly decision?: Decision | undefined;
  /** The same in words. */
  readonly why?: Sentence | undefined;
  /** Why the device stays on what it has although its stream names another build. */
  readonly halted?: Halt | undefined;
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
  if (decision.decision === 'take' || decision.because === 'current') return undefined;
  const { current } = openBootPointer(layout).read();
  if (current === build.name) return undefined;
  const { since, reason } = record.halted ?? { since: '—', reason: '' };
  if (current === undefined)
    throw new SatchelError('stream-halted', { stream, since, reason: reason || '—' });
  return { build: current, stream, ...advisedOn(wanted) };
}
