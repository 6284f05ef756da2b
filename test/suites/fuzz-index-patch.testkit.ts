/** Line patches of indexes taken apart, changed inside and sealed again. */
import { createByteReader } from '../../src/delta/byte-reader.ts';
import { makeDictionaryFrame, readDictionaryFrame } from '../../src/delta/dictionary-frame.ts';
import { lineStreamNames, linesOf, operations, textDictionary } from '../../src/delta/index-lines.ts';
import { readStreamHeader, unpackStream } from '../../src/delta/streams.ts';
import { mutate, type Random } from './fuzz.testkit.ts';
import { mutateBytes, mutateNumber, mutateVarints, writeVarints } from './fuzz-bytes.testkit.ts';

/** A line patch with its streams and its text unpacked. */
export type LooseLinePatch = {
  readonly oldLines: readonly string[];
  /** In the order of `lineStreamNames`. */
  readonly streams: readonly Uint8Array[];
  readonly text: Buffer;
};

/** A patch of `from` that consists of lines, taken apart. */
export function takeLinePatchApart(from: Uint8Array, patch: Uint8Array): LooseLinePatch {
  const reader = createByteReader(patch.subarray(1), 'the index patch');
  const headers = lineStreamNames.map(() => readStreamHeader(reader));
  const textLength = reader.varint();
  const streams = headers.map((header) => unpackStream(header, reader.take(header.storedLength)));
  const oldLines = linesOf(from);
  const dictionary = textDictionary(skippedLines(oldLines, streams[0]!));
  const frame = reader.take(reader.remaining);
  const text = frame.length === 0 ? Buffer.alloc(0) : readDictionaryFrame(dictionary, frame, textLength);
  return { oldLines, streams, text };
}

/** A patch in which one or two streams are others; what it inserts has the dictionary that goes with them. */
export function mutateLinePatch({ oldLines, streams, text }: LooseLinePatch, random: Random): Buffer {
  let changed = streams;
  let inserted = text;
  for (let count = 1 + random(2); count > 0; count -= 1) {
    const at = random(streams.length + 1);
    if (at === streams.length) inserted = mutate([text], random);
    else changed = changed.with(at, mutateVarints(changed[at]!, random));
  }
  const dictionary = textDictionary(skippedLines(oldLines, changed[0]!));
  let frame = inserted.length === 0 ? Buffer.alloc(0) : makeDictionaryFrame(dictionary, inserted, 1)!;
  if (random(20) === 0) frame = mutateBytes(frame, random);
  const numbers = [...changed.flatMap(({ length }) => [0, length, length]), inserted.length];
  if (random(20) === 0) {
    const at = random(numbers.length);
    numbers[at] = mutateNumber(numbers[at]!, random);
  }
  return Buffer.concat([Buffer.of(1), writeVarints(numbers), ...changed, frame]);
}

/** The old lines that are left out, as far as the operations make sense. */
function skippedLines(oldLines: readonly string[], operationBytes: Uint8Array): string[] {
  const reader = createByteReader(operationBytes, 'the operations');
  const skipped: string[] = [];
  let next = 0;
  try {
    while (reader.remaining > 0) {
      const operation = reader.varint();
      if (operation === operations.insert) continue;
      const line = oldLines[next++];
      if (line === undefined) break;
      if (operation === operations.skip) skipped.push(line);
    }
  } catch {
    // Numbers that are none: the reader of patches is to notice them.
  }
  return skipped;
}
