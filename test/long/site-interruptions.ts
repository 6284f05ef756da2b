/**
 * The promise that a site loses nothing that it has received, at full length: a transfer of 220 MB through a site that is
 * interrupted at 50 random moments, half of them by cutting its line, half by SIGKILL. `npm run test:interruptions`.
 */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { costOfInterruptions } from '../doubles/interrupted-site.ts';
import { done } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { noise } from '../doubles/story-trees.ts';

const times = 50;
const files = 110;
const fileSize = 2_000_000;

test(`a transfer of 220 MB through a site that is interrupted ${times} times costs 1.02 × a clean one + 64 KiB each at most`, async () => {
  const scratch = scratchFolder('site-interruptions');
  try {
    const [repository, tree, build] = [scratch.file('repository'), scratch.file('tree'), 'noise-1'];
    mkdirSync(tree);
    for (let number = 0; number < files; number += 1)
      writeFileSync(join(tree, `noise-${number}`), noise(`file ${number}`, fileSize));
    const { rootSha256: rootHash } = await done<{ rootSha256: string }>(['init', '--repo', repository]);
    await done(['publish', '--repo', repository, '--name', build, tree]);
    const { clean, disturbed, limit } = await costOfInterruptions(
      { repository, tree, build, rootHash, bytes: files * fileSize },
      scratch,
      { times, bytesPerSecond: 20e6 },
    );
    const ratio = (disturbed / clean).toFixed(4);
    console.log(
      `${clean} bytes undisturbed, ${disturbed} with ${times} interruptions (${ratio} ×), limit ${Math.floor(limit)}`,
    );
    assert.ok(clean > 200e6);
    assert.ok(disturbed <= limit);
  } finally {
    scratch.remove();
  }
});
