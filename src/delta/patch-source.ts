import { applyPatch } from './binary-patch.ts';
import { createByteReader } from './byte-reader.ts';
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
  const difference = createByteReader(unpack('difference'), 'the stream of differences');
  const extra = createByteReader(unpack('extra'), 'the stream of extra bytes');
  return {
    apply: (base, targetLength) => applyPatch(base, { control, difference, extra }, targetLength),
    // What is read over is described at `BinaryPatch.control`.
    skip() {
      control.varint();
      difference.take(control.varint());
      const [differences, extras, jumps] = [control.varint(), control.varint(), control.varint()];
      control.take(differences);
      extra.take(sumOfColumn(control.take(extras)));
      control.take(jumps);
    },
    remaining: () => control.remaining + difference.remaining + extra.remaining,
  };
}

function sumOfColumn(column: Uint8Array): number {
  const reader = createByteReader(column, 'a column of the patch control');
  let sum = 0;
  while (reader.remaining > 0) sum += reader.varint();
  return sum;
}
