import { throwIfCancelled } from '../base/cancel.ts';
import type { BuildObject } from '../build/objects.ts';
import type { DeltaSide } from './content-source.ts';

/** Bytes that are asked of a side at once. */
const readingLength = 8 * 1024 * 1024;

/**
 * Hands on the contents of objects in their order, and where each begins; they are only lent. Reads in parts, so that
 * little is held.
 */
export async function eachContent(
  side: DeltaSide,
  ordinals: readonly number[],
  signal: AbortSignal | undefined,
  take: (content: Uint8Array, position: number) => void,
): Promise<void> {
  let position = 0;
  for (const part of partsOf(ordinals, side.objects)) {
    throwIfCancelled(signal);
    for (const content of await side.read(part, signal)) {
      take(content, position);
      position += content.length;
    }
  }
}

function partsOf(ordinals: readonly number[], objects: readonly BuildObject[]): number[][] {
  const parts: number[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const ordinal of ordinals) {
    if (length >= readingLength) {
      parts.push([]);
      length = 0;
    }
    parts.at(-1)!.push(ordinal);
    length += objects[ordinal]!.size;
  }
  return parts;
}
