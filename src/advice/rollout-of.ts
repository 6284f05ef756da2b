import { SatchelError } from '../base/errors.ts';
import type { StreamRecord } from '../repository/records.ts';
import type { Rollout } from '../repository/rollout-record.ts';

/** The rollout of a stream. Throws `rollout-absent` where its head goes to everybody at once. */
export function rolloutOf({ stream, build, rollout }: StreamRecord): Rollout {
  if (rollout === undefined) throw new SatchelError('rollout-absent', { stream, build: build.name });
  return rollout;
}
