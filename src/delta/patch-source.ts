import { applyPatch, skipPatch } from './binary-patch.ts';
import { createByteReader } from './byte-reader.ts';
import { createSparseReader } from './sparse-difference-reader.ts';
import type { StreamName } from './streams.ts';

/** The patches of a segment, one after another, out of the streams that they share. */
export type PatchSource = {
  /** What the next patch makes of `base`: exactly `targetLength` bytes. Throws `delta-damaged`. */
  apply(base: Uint8Array, targetLength: number): Uint8Array;
  /** Passes the next patch over. Throws `delta-damaged`. */
  skip(): void;
  /** Bytes of all streams that no patch has taken yet. */
  remaining(): number;
};

/** The patches of a segment whose streams `unpack` gives. */
export function createPatchSource(unpack: (name: StreamName) => Uint8Array): PatchSource {
  const control = createByteReader(unpack('patchControl'), 'the control of patches');
  const difference = createSparseReader({
    runs: unpack('runs'),
    distances: unpack('distances'),
    lengths: unpack('lengths'),
    ones: unpack('ones'),
    twos: unpack('twos'),
    threes: unpack('threes'),
    longer: unpack('longer'),
  });
  const extra = createByteReader(unpack('extra'), 'the stream of extra bytes');
  const streams = { control, difference, extra };
  return {
    apply: (base, targetLength) => applyPatch(base, streams, targetLength),
    skip: () => skipPatch(streams),
    remaining: () => control.remaining + difference.remaining + extra.remaining,
  };
}
