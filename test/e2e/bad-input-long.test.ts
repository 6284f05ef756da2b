/** Honest giants and real bombs: minutes of work, so only `npm run test:fuzz` runs them (SATCHEL_LONG=1). */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, suite, test } from 'node:test';
import { rawHeader } from '../../src/formats/tar.testkit.ts';
import { refused, satchel, succeed, unchanged, workspace } from './bad-input.testkit.ts';

const place = workspace('long');
const repo = place.at('repo');
const isLong = process.env.SATCHEL_LONG === '1';
const zeros = Buffer.alloc(1 << 20);
const memoryLimit = 400 * 1024 * 1024;

before(async () => {
  if (isLong) await succeed(['init', '--repo', repo]);
});
after(() => place.remove());

/** A tar of one file of zeros, as it comes out of a compressor. */
async function* zeroFile(bytes: number): AsyncGenerator<Buffer> {
  yield rawHeader({ name: 'zeros', binary: { size: bytes } });
  for (let done = 0; done < bytes; done += zeros.length) yield zeros;
  yield Buffer.alloc(1024);
}

async function* compressedBy(program: string, words: readonly string[], input: AsyncIterable<Buffer>) {
  const child = spawn(program, [...words], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => undefined);
  const feeding = (async () => {
    for await (const piece of input) {
      if (child.stdin.destroyed) return;
      if (!child.stdin.write(piece))
        await new Promise((resolve) => child.stdin.once('drain', resolve).once('close', resolve));
    }
    child.stdin.end();
  })();
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    await feeding;
  } finally {
    child.kill();
  }
}

// Not even named otherwise: a skipped test is a failure in CI.
if (isLong)
  suite('giants', () => {
    for (const [program, words] of [
      ['gzip', ['-1c']],
      ['zstd', ['-1c']],
      ['xz', ['-0c']],
      ['lbzip2', ['-c']],
    ] as const) {
      test(`an honest file of 4 GB in ${program} is published`, async () => {
        const ran = await satchel(['publish', '--repo', repo, '--name', `zeros-${program}`, '--json', '-'], {
          input: compressedBy(program, words, zeroFile(2 ** 32)),
          patience: 600_000,
        });
        console.log(`${program}: ${ran.seconds.toFixed(1)} s, ${Math.round(ran.memory / 2 ** 20)} MiB`);
        assert.equal(ran.code, 0, ran.stdout + ran.stderr);
        assert.ok(ran.memory < memoryLimit, `${ran.memory} bytes`);
      });
    }

    for (const [program, words] of [
      ['zstd', ['-1c']],
      ['lbzip2', ['-c']],
    ] as const)
      test(`a bomb of 64 GB in ${program} is refused within bounds`, async () => {
        const { seconds, memory } = await unchanged([repo], () =>
          refused(
            ['publish', '--repo', repo, '--name', 'bomb', '-'],
            ['compressed-expands-too-much', 'archive-expands-too-much'],
            { input: compressedBy(program, words, zeroFile(2 ** 36)), patience: 900_000 },
          ),
        );
        console.log(`${program} bomb: ${seconds.toFixed(1)} s, ${Math.round(memory / 2 ** 20)} MiB`);
        assert.ok(memory < memoryLimit, `${memory} bytes`);
      });
  });
