/** Mutations of valid samples, from a seed that is printed, for the fuzzing of every parser. */
import assert from 'node:assert/strict';
import { SatchelError } from '../../src/base/errors.ts';

/** Inputs tried for each parser; `npm run test:fuzz` asks for many more. */
export const runs = Number(process.env.SATCHEL_FUZZ_RUNS ?? 300);

/** Gives the same inputs again: `SATCHEL_FUZZ_SEED=… npm run test:fuzz`. */
export const seed = Number(process.env.SATCHEL_FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Longest that a parser may take for one input of some kilobytes, in milliseconds, on a busy machine. */
const patience = 5000;

/** Random whole numbers below a limit. */
export type Random = (limit: number) => number;

/** A small generator (mulberry32) that gives the same numbers for the same seed. */
export function randomFrom(start: number): Random {
  let state = start >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

const numbers = [
  '0',
  '-1',
  '1e9',
  '2147483648',
  '4294967296',
  '9007199254740993',
  '99999999999999999999',
  '0.5',
  '-0',
  '1e999',
];
const words = [
  'null',
  '[]',
  '{}',
  '""',
  '"../x"',
  '"\\u0000"',
  '"__proto__"',
  'true',
  '\u0000',
  '\n',
  ',',
  '{',
  ']',
  '\\',
  '\xff',
];

/** One to three changes: bits, cuts, splices, repeats, other numbers, other values, and nesting without end. */
export function mutate(samples: readonly Buffer[], random: Random): Buffer {
  let bytes: Buffer = Buffer.from(samples[random(samples.length)]!);
  for (let count = 1 + random(3); count > 0; count -= 1) bytes = change(bytes, samples, random);
  return bytes;
}

function change(bytes: Buffer, samples: readonly Buffer[], random: Random): Buffer {
  const at = random(bytes.length + 1);
  const length = random(Math.min(64, bytes.length - at) + 1);
  const put = (middle: Uint8Array, skip = length) =>
    Buffer.concat([bytes.subarray(0, at), middle, bytes.subarray(at + skip)]);
  switch (random(10)) {
    case 0: {
      if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
      return bytes;
    }
    case 1:
      return bytes.subarray(0, at);
    case 2:
      return put(Buffer.alloc(0));
    case 3: {
      const other = samples[random(samples.length)]!;
      const from = random(other.length + 1);
      return put(other.subarray(from, from + random(200)));
    }
    case 4:
      return put(Buffer.concat([bytes.subarray(at, at + length), bytes.subarray(at, at + length)]));
    case 5:
      return put(Buffer.from(Array.from({ length: 1 + random(8) }, () => random(256))));
    case 6:
      return replaceMatch(bytes, /-?\d+/g, numbers[random(numbers.length)]!, random);
    case 7:
      return replaceMatch(bytes, /"[^"\\]*"|\d+|\[[^[\]]*\]/g, words[random(words.length)]!, random);
    case 8:
      return random(20) === 0
        ? replaceMatch(bytes, /"[^"\\]*"|\d+/g, '['.repeat(200_000) + ']'.repeat(200_000), random)
        : put(Buffer.from(words[random(words.length)]!, 'latin1'));
    default: {
      const lines = bytes.toString('latin1').split('\n');
      const [one, two] = [random(lines.length), random(lines.length)];
      [lines[one], lines[two]] = [lines[two]!, lines[one]!];
      return Buffer.from(lines.join('\n'), 'latin1');
    }
  }
}

function replaceMatch(bytes: Buffer, pattern: RegExp, replacement: string, random: Random): Buffer {
  const text = bytes.toString('latin1');
  const matches = [...text.matchAll(pattern)];
  const match = matches[random(Math.max(1, matches.length))];
  if (match === undefined) return bytes;
  return Buffer.from(
    text.slice(0, match.index) + replacement + text.slice(match.index + match[0].length),
    'latin1',
  );
}

/**
 * Feeds mutations to a parser. It may accept, and then `accepted` looks at what it made of them; else only a
 * `SatchelError` may come out, in bounded time.
 */
export async function fuzz<Value>(
  name: string,
  samples: readonly Uint8Array[],
  parse: (bytes: Buffer) => Value | Promise<Value>,
  accepted: (value: Value, bytes: Buffer) => void = () => {},
): Promise<{ readonly accepted: number; readonly refused: number }> {
  const outcome = { accepted: 0, refused: 0 };
  const buffers = samples.map((sample) => Buffer.from(sample));
  for (const sample of buffers) accepted(await parse(Buffer.from(sample)), sample);
  for (let run = 0; run < runs; run += 1) {
    const bytes = mutate(buffers, randomFrom(seed + run));
    const told = () =>
      `${name}: SATCHEL_FUZZ_SEED=${seed}, run ${run}, input ${bytes.subarray(0, 3000).toString('base64')}`;
    const started = performance.now();
    let value: Value;
    try {
      value = await parse(Buffer.from(bytes));
    } catch (error) {
      if (!(error instanceof SatchelError)) throw new Error(told(), { cause: error });
      outcome.refused += 1;
      continue;
    } finally {
      assert.ok(performance.now() - started < patience, told());
    }
    outcome.accepted += 1;
    try {
      accepted(value, bytes);
    } catch (error) {
      throw new Error(told(), { cause: error });
    }
  }
  return outcome;
}
