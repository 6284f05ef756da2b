import { type ByteWriter, createByteWriter } from './byte-writer.ts';
import { makeDictionaryFrame } from './dictionary-frame.ts';
import {
  hashesIn,
  hashMark,
  isHash,
  KnownHashes,
  keyOf,
  lineStreamNames,
  linesOf,
  longestText,
  nameableValues,
  operations,
  splitLine,
  textDictionary,
  withoutHashes,
} from './index-lines.ts';
import { zigzag } from './ordinal-runs.ts';
import { packStream, writeStreamHeader } from './streams.ts';

/**
 * What turns the lines of one text into those of another: which are kept, skipped, inserted, and which values of
 * a line change. Undefined for text that lines cannot say.
 */
export function writeLinePatch(from: Uint8Array, to: Uint8Array): Buffer | undefined {
  if (Math.max(from.length, to.length) > longestText || to.includes(hashMark.charCodeAt(0))) return undefined;
  const steps = compareLines(linesOf(from), linesOf(to));
  const writer = new LinePatchWriter(steps);
  for (const step of steps) writer.add(step);
  return writer.finish();
}

/** What is done to one old line, or, without one, a line that is inserted. */
type Step =
  | { readonly operation: typeof operations.keep }
  | { readonly operation: typeof operations.insert; readonly after: string }
  | { readonly operation: typeof operations.skip; readonly before: string }
  | { readonly operation: typeof operations.change; readonly before: string; readonly after: string };

/** Lines with the same key stand in the same order in both indexes; those that do not are inserted anew. */
function compareLines(oldLines: readonly string[], newLines: readonly string[]): Step[] {
  const places = new Map(oldLines.map((line, place) => [keyOf(line), place]));
  const steps: Step[] = [];
  let next = 0;
  for (const after of newLines) {
    const place = places.get(keyOf(after));
    if (place === undefined || place < next) {
      steps.push({ operation: operations.insert, after });
      continue;
    }
    for (; next < place; next += 1) steps.push({ operation: operations.skip, before: oldLines[next]! });
    const before = oldLines[next++]!;
    if (before === after) steps.push({ operation: operations.keep });
    else if (isChange(before, after)) steps.push({ operation: operations.change, before, after });
    else steps.push({ operation: operations.skip, before }, { operation: operations.insert, after });
  }
  return steps;
}

/** True when only values differ, and only such as the number of a change can name. */
function isChange(before: string, after: string): boolean {
  const [one, other] = [splitLine(before), splitLine(after)];
  return (
    one.shape === other.shape &&
    one.values.every((value, place) => {
      const changed = other.values[place]!;
      return value === changed || (place < nameableValues && isHash(value) === isHash(changed));
    })
  );
}

class LinePatchWriter {
  readonly #known: KnownHashes;
  readonly #skipped: readonly string[];
  readonly #inserted: string[] = [];
  readonly #streams: Readonly<Record<(typeof lineStreamNames)[number], ByteWriter>>;
  #nextReference = 0;

  constructor(steps: readonly Step[]) {
    this.#known = new KnownHashes(steps.flatMap((step) => ('before' in step ? [step.before] : [])));
    this.#skipped = steps.flatMap((step) => (step.operation === operations.skip ? [step.before] : []));
    this.#streams = {
      operations: createByteWriter(),
      numbers: createByteWriter(),
      references: createByteWriter(),
      hashes: createByteWriter(),
    };
  }

  add(step: Step): void {
    if (step.operation === operations.change) {
      this.#change(step.before, step.after);
      return;
    }
    this.#streams.operations.varint(step.operation);
    if (step.operation !== operations.insert) return;
    this.#inserted.push(`${withoutHashes(step.after)}\n`);
    for (const hash of hashesIn(step.after)) this.#hash(hash);
  }

  finish(): Buffer {
    const streams = lineStreamNames.map((name) => packStream(this.#streams[name].finish()));
    const text = Buffer.from(this.#inserted.join(''), 'latin1');
    const frame = text.length === 0 ? text : makeDictionaryFrame(textDictionary(this.#skipped), text)!;
    const header = createByteWriter();
    for (const stream of streams) writeStreamHeader(header, stream);
    header.varint(text.length);
    return Buffer.concat([header.finish(), ...streams.map(({ stored }) => stored), frame]);
  }

  #change(before: string, after: string): void {
    const { values } = splitLine(before);
    let mask = 0;
    splitLine(after).values.forEach((value, place) => {
      if (value === values[place]) return;
      mask += 2 ** place;
      if (isHash(value)) this.#hash(value);
      else this.#streams.numbers.varint(zigzag(Number(value) - Number(values[place])));
    });
    this.#streams.operations.varint(operations.change + mask);
  }

  /** A known hash as its number, counted from the one after the last, else the hash itself. */
  #hash(hash: string): void {
    const number = this.#known.numberOf(hash);
    if (number === undefined) {
      this.#streams.references.varint(0);
      this.#streams.hashes.bytes(Buffer.from(hash, 'hex'));
      this.#known.add(hash);
      return;
    }
    this.#streams.references.varint(1 + zigzag(number - this.#nextReference));
    this.#nextReference = number + 1;
  }
}
