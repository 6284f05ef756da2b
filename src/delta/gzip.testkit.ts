import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';

/** What the `gzip` program makes of a file, the way packages are built: `-9n` for example. */
export function runGzip(raw: Uint8Array, ...options: string[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'gzip-'));
  try {
    writeFileSync(join(folder, 'changelog'), raw);
    return execFileSync('gzip', [...options, '-c', join(folder, 'changelog')], { maxBuffer: 2 ** 28 });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A sequence of numbers below 2^32 that is the same for the same seed. */
function numbers(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Match lengths with a code each (RFC 1951, section 3.2.5). */
const matchLengths = '3 4 5 6 7 8 9 10 11 13 15 17 19 23 27 31 35 43 51 59 67 83 99 115 131 163 195'
  .split(' ')
  .map(Number);

/**
 * Contents of the kinds that the encoder treats differently: words (matches of all lengths), noise (stored blocks),
 * zeros, pages of zeros between words as archives have them, digits (short matches), and runs, of which a longer one
 * is so much rarer that codes come out longer than deflate allows.
 */
export const contentKinds = ['words', 'noise', 'zeros', 'archive', 'digits', 'runs'] as const;

/** Content of a kind; the same for the same arguments. */
export function makeContent(kind: (typeof contentKinds)[number], length: number, seed: number): Buffer {
  const next = numbers(seed * 2 + 1);
  const content = Buffer.alloc(length);
  if (kind === 'zeros') return content;
  const words = Array.from({ length: 400 }, () => next().toString(36) + (next() % 5 === 0 ? '\n' : ' '));
  for (let at = 0; at < length; ) {
    if (kind === 'noise') content[at++] = next();
    else if (kind === 'digits') content[at++] = 48 + (next() % 10);
    else if (kind === 'runs') {
      const rarity = Math.log(2 ** 32 / (1 + next())) / Math.log(1.7);
      const end = at + 1 + (matchLengths[Math.floor(rarity)] ?? 227);
      content.subarray(at, end).fill(next() % 256);
      at = end;
    } else {
      // The square makes some words common and most rare, as in a language.
      at += content.write(words[Math.floor(((next() % 1000) / 1000) ** 2 * words.length)]!, at, 'latin1');
      if (kind === 'archive' && next() % 50 === 0) at = Math.ceil(at / 512) * 512 + 512 * (next() % 3);
      else if (length - at < 16) break;
    }
  }
  return content;
}

/** Any content; many lengths lie where gzip's window of 64 KiB begins, moves and ends. */
export function anyContent(): fc.Arbitrary<Buffer> {
  const near = (center: number) => fc.integer({ min: Math.max(0, center - 600), max: center + 600 });
  const length = fc.oneof(
    fc.integer({ min: 0, max: 600 }),
    fc.integer({ min: 0, max: 200_000 }),
    near(0x8000),
    near(0x10000),
    near(0x18000),
    near(0x20000),
  );
  return fc
    .tuple(fc.constantFrom(...contentKinds), length, fc.nat(1_000_000))
    .map(([kind, size, seed]) => makeContent(kind, size, seed));
}
