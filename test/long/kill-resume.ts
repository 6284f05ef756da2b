/**
 * The promise that nothing received is lost, at full length: a transfer of 220 MB that is ended by SIGKILL at 20
 * random moments. `npm run test:kills`; the same with fewer bytes and kills is part of `npm test`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { costOfKills, prepareTransfer } from '../doubles/killed-transfer.ts';
import { scratchFolder } from '../doubles/scratch.ts';

const kills = 20;

test(`a transfer of 220 MB that is killed ${kills} times costs 1.02 × a clean one + 64 KiB a kill at most`, async () => {
  const scratch = scratchFolder('kill-resume');
  const transfer = await prepareTransfer(scratch, { bytes: 220e6, bytesPerSecond: 20e6 });
  try {
    const { clean, disturbed, limit } = await costOfKills(transfer, scratch, kills);
    console.log(`${clean} bytes undisturbed, ${disturbed} with ${kills} kills, limit ${Math.floor(limit)}`);
    assert.ok(clean > 200e6);
    assert.ok(disturbed <= limit);
  } finally {
    await transfer.close();
    scratch.remove();
  }
});
