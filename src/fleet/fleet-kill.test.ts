import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { openFleet } from './fleet.ts';
import { deviceReport } from './reports.testkit.ts';

const here = pathToFileURL(`${import.meta.dirname}/`).href;

/** Stores reports until it is killed, and says which are stored. */
const storing = `
  import { openFleet } from '${here}fleet.ts';
  import { deviceReport } from '${here}reports.testkit.ts';
  const fleet = await openFleet(process.argv[1], { clock: () => Date.now() });
  for (let sequence = 0; ; sequence += 1) {
    const report = deviceReport({ sequence });
    await fleet.storeReports([report]);
    process.stdout.write(report.id + '\\n');
  }
`;

test('what was said to be stored is stored, at whatever moment the process is killed', async (context) => {
  const scratch = scratchFolder('fleet-kill');
  context.after(() => scratch.remove());
  const repository = scratch.file('repo');
  const told: string[] = [];
  for (const lines of [1, 7, 40]) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', storing, repository], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let count = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.length === 32) told.push(line);
      count += 1;
      if (count === lines) child.kill('SIGKILL');
    }
  }
  assert.ok(told.length >= 48);
  const fleet = await openFleet(repository, { clock: () => Date.now() });
  context.after(() => fleet.close());
  const again = told.map((id, sequence) => deviceReport({ id, sequence }));
  assert.deepEqual(await fleet.storeReports(again), { stored: 0, known: told.length });
});
