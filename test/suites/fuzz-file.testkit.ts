/** Small JSON files and answers that come from elsewhere: any bytes, other bytes, other values, and more than anybody sends. */
import { mutate, type Random, type Subject } from './fuzz.testkit.ts';
import { type Json, mutateJson } from './fuzz-json.testkit.ts';

/** Most nested lists and objects that are put into a file. */
const deepest = 100_000;

/** Bytes made of samples: noise, flipped bits and cuts, or sound JSON that says something else. */
export function anyFile(samples: readonly Json[], random: Random): Buffer {
  const sample = samples[random(samples.length)]!;
  switch (random(10)) {
    case 0:
      return Buffer.from(Array.from({ length: random(500) }, () => random(256)));
    case 1:
    case 2:
    case 3:
      return mutate(
        samples.map((value) => Buffer.from(JSON.stringify(value))),
        random,
      );
    case 4:
      return random(8) === 0 ? deepInside(sample, random) : Buffer.from(JSON.stringify(sample));
    default:
      return Buffer.from(JSON.stringify(mutateJson(sample, random)));
  }
}

/** The sample with one more field, or one in another's place, in which lists or objects lie deep in each other. */
function deepInside(sample: Json, random: Random): Buffer {
  const depth = random(deepest);
  const deep = random(2) === 0 ? nested('[', ']', depth) : nested('{"a":', '}', depth, '1');
  const text = JSON.stringify(sample);
  const places = [...text.matchAll(/\{(?=")/g)];
  const { index = 0 } = places[random(places.length)] ?? {};
  const key = random(2) === 0 ? 'unknown' : /"(\w+)"/.exec(text.slice(index))?.[1];
  return Buffer.from(`${text.slice(0, index + 1)}"${key}":${deep},${text.slice(index + 1)}`);
}

function nested(open: string, close: string, depth: number, inside = ''): string {
  return `${open.repeat(depth)}${inside}${close.repeat(depth)}`;
}

/**
 * JSON of so many bytes in place of a field: lists without end of what is small, and texts. Each makes much of few
 * bytes, so that whoever holds it must have looked at the length before.
 */
export function* hugeFiles(
  sample: { readonly [key: string]: Json },
  field: string,
  length: number,
): Generator<Buffer> {
  const { [field]: _, ...rest } = sample;
  for (const item of ['{}', '[]', '0', '""', '{"a":1}', '1e9']) {
    const head = Buffer.from(`${JSON.stringify(rest).slice(0, -1)},"${field}":[${item}`);
    const count = Math.floor((length - head.length - 2) / (item.length + 1));
    yield Buffer.concat([head, Buffer.alloc(count * (item.length + 1), `,${item}`), Buffer.from(']}')]);
  }
}

/** A parser of files as a subject for `fuzzSubject`. */
export function fileSubject<Value>(
  name: string,
  samples: readonly Json[],
  parse: (bytes: Buffer) => Value | Promise<Value>,
  options: Pick<Subject<Buffer, Value>, 'accepted' | 'codes' | 'share' | 'memory'> = {},
): Subject<Buffer, Value> {
  return { name, input: (random) => anyFile(samples, random), parse, ...options };
}
