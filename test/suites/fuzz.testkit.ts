/** Feeds mutations of valid samples, from a seed that is printed, to the parsers. */
import assert from 'node:assert/strict';
import { createContext, Script } from 'node:vm';
import { SatchelError } from '../../src/base/errors.ts';
import { createMemoryWatch, type MemoryWatch } from './fuzz-memory.testkit.ts';

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

/** What is fuzzed, with inputs of its own making. */
export type Subject<Input, Value> = {
  /** Names it in failures and in the totals. */
  readonly name: string;
  /** An input: the same for the same random numbers. */
  input(random: Random): Input;
  /** Takes an input in. `look` is called where much memory may be in use. Anything thrown must be a `SatchelError`. */
  parse(input: Input, look: () => void): Value | Promise<Value>;
  /** Throws when what came out is wrong. */
  accepted?(value: Value, input: Input): void;
  /** The codes that errors may have; any when absent. */
  readonly codes?: RegExp;
  /** The most bytes of buffers that `parse` may have alive at once; not looked at when absent. */
  memory?(input: Input): number;
  /** The part of {@link runs} that it gets; all when absent. */
  readonly share?: number;
};

/** How many inputs were taken in, and how many were refused by a sentence. */
export type Outcome = { readonly accepted: number; readonly refused: number };

/**
 * Feeds mutations to a parser. It may accept, and then `accepted` looks at what it made of them; else only a
 * `SatchelError` may come out, in bounded time.
 */
export async function fuzz<Value>(
  name: string,
  samples: readonly Uint8Array[],
  parse: (bytes: Buffer) => Value | Promise<Value>,
  accepted: (value: Value, bytes: Buffer) => void = () => {},
  options: Pick<Subject<Buffer, Value>, 'codes' | 'memory' | 'share'> = {},
): Promise<Outcome> {
  const buffers = samples.map((sample) => Buffer.from(sample));
  for (const sample of buffers) accepted(await parse(Buffer.from(sample)), sample);
  return fuzzSubject({
    name,
    input: (random) => mutate(buffers, random),
    parse: (bytes) => parse(Buffer.from(bytes)),
    accepted,
    ...options,
  });
}

/** Feeds inputs to a subject; fails with the seed of the first that gives a wrong outcome. */
export async function fuzzSubject<Input, Value>(subject: Subject<Input, Value>): Promise<Outcome> {
  const outcome = { accepted: 0, refused: 0 };
  const watch = createMemoryWatch();
  const count = Math.ceil(runs * (subject.share ?? 1));
  for (let run = 0; run < count; run += 1) {
    try {
      outcome[await feed(subject, seed + run, watch)] += 1;
    } catch (cause) {
      const again = `SATCHEL_FUZZ_SEED=${seed + run} SATCHEL_FUZZ_RUNS=1`;
      throw new Error(`${subject.name}: ${again} gives this again`, { cause });
    }
  }
  // The long run adds these lines up.
  if (process.env.SATCHEL_FUZZ_RUNS !== undefined)
    console.log(`fuzzed ${subject.name}: ${outcome.accepted} accepted, ${outcome.refused} refused`);
  return outcome;
}

async function feed<Input, Value>(
  subject: Subject<Input, Value>,
  start: number,
  watch: MemoryWatch,
): Promise<keyof Outcome> {
  const input = subject.input(randomFrom(start));
  let value: Value;
  try {
    value = await withinTime(() => subject.parse(input, watch.look), watch);
  } catch (error) {
    if (!(error instanceof SatchelError)) throw error;
    if (subject.codes?.test(error.code) === false) throw error;
    await checkMemory(subject, input, watch);
    return 'refused';
  }
  await checkMemory(subject, input, watch);
  subject.accepted?.(value, input);
  return 'accepted';
}

/** Runs what is not asynchronous in it so that even an endless loop ends. */
async function withinTime<Value>(work: () => Value | Promise<Value>, watch: MemoryWatch): Promise<Value> {
  watch.begin();
  interruptible.work = work;
  const started = performance.now();
  try {
    return await (call.runInContext(interruptible, { timeout: patience }) as Value | Promise<Value>);
  } finally {
    watch.look();
    assert.ok(performance.now() - started < patience, 'it takes too long');
  }
}

const interruptible = createContext({ work: undefined as unknown });
const call = new Script('work()');

/** Most inputs stay below the limit even with their garbage; only for others it is told apart, which is slow. */
async function checkMemory<Input, Value>(
  subject: Subject<Input, Value>,
  input: Input,
  watch: MemoryWatch,
): Promise<void> {
  const limit = subject.memory?.(input);
  if (limit === undefined || watch.most <= limit) return;
  watch.begin('exactly');
  try {
    await subject.parse(input, watch.look);
  } catch (error) {
    if (!(error instanceof SatchelError)) throw error;
  }
  watch.look();
  assert.ok(watch.most <= limit, `${watch.most} bytes of memory instead of ${limit}`);
}
