import { SatchelError } from '../base/errors.ts';
import { dismiss } from './pull-run.ts';
import type { Pace, PulledPart, PullUpstream } from './pull-types.ts';

/** Who asks: what ends the asking, and for those who are in no hurry how much they may receive. */
export type HurriedOptions = {
  readonly signal?: AbortSignal | undefined;
  readonly pace?: Pace | undefined;
};

type Passing = { readonly name: string; readonly upstream: PullUpstream; readonly size: number };

/** Bytes of which nothing is known that could prove them: they are passed on in one attempt, and not kept. */
export async function* passOn(
  { name, upstream, size }: Passing,
  { offset, length }: PulledPart,
  { signal, pace }: HurriedOptions,
): AsyncGenerator<Uint8Array, void> {
  if (length === 0) return;
  const reading = await upstream.read(name, { offset, length, signal });
  if (reading.size !== size) {
    await dismiss(reading);
    const sizes = { before: size, after: reading.size };
    throw new SatchelError('store-changed', { location: upstream.location, name, ...sizes });
  }
  for await (const piece of reading.body) {
    const { length: taken } = piece;
    yield piece;
    await pace?.(taken, signal);
  }
}
