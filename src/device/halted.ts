import { SatchelError } from '../base/errors.ts';
import type { BuildName, StreamName } from '../base/identifiers.ts';
import type { Halt } from '../repository/records.ts';
import { olpcBootPointer } from './boot-olpc.ts';
import type { DeviceLayout } from './layout.ts';
import type { Wanted } from './wanted.ts';

/** A stream that a device follows and that is halted: the device stays on what it boots. */
export type Staying = {
  readonly build: BuildName;
  readonly stream: StreamName;
  readonly halted: Halt;
};

/**
 * What a device stays on because its stream is halted; undefined where it is not, where a build was named, and where
 * the device boots the stream's build already. Throws `stream-halted` when it has nothing to stay on.
 */
export function stayingOn(layout: DeviceLayout, { build, stream, halted }: Wanted): Staying | undefined {
  if (halted === undefined || stream === undefined) return undefined;
  const { current } = olpcBootPointer(layout).read();
  if (current === build.name) return undefined;
  if (current === undefined)
    throw new SatchelError('stream-halted', { stream, since: halted.since, reason: halted.reason || '—' });
  return { build: current, stream, halted };
}
