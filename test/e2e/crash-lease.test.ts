/** Taking and making leases and marking a laptop, ended at the calls that they make to the system. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serialNumber } from '../../src/lease/laptop.ts';
import { leaseDirect } from '../../src/lease/records.testkit.ts';
import { openLeaseStore } from '../../src/lease/store.ts';
import { must } from '../doubles/command.ts';
import {
  copyRepository,
  makeWorld,
  type Scenario,
  saidOf,
  temporariesBelow,
  tryCrashes,
  type World,
} from '../doubles/crash-world.ts';

let world: World;
let file: (name: string) => string;
const serials = ['SHC00000001', 'SHC00000002'] as const;
const uuid = '1273E0EC-AEF1-9FF6-45B2-FB706DC24B8D';
const lease = (serial: string, year: number) =>
  `${leaseDirect.replace('SHC00000001', serial).replace('20991231T', `${year}1231T`)}\n`;

before(async () => {
  world = await makeWorld();
  file = (name) => join(world.folder, name);
  writeFileSync(file('passphrase'), 'x\n');
  await must('lease', 'key', file('master'), '--passphrase-file', file('passphrase'));
  for (const year of [2050, 2060])
    writeFileSync(file(`leases-${year}`), serials.map((serial) => lease(serial, year)).join(''));
  writeFileSync(file('xo.csv'), serials.map((serial) => `${serial},${uuid}\n`).join(''));
  await must('lease', 'take', '--repo', world.first, file('leases-2050'));
});
after(() => world.remove());

function copyPlace(folder: string): string {
  const repo = join(folder, 'repo');
  copyRepository(world.first, repo);
  execFileSync('cp', ['-a', `${world.first}.leases`, `${repo}.leases`]);
  return repo;
}

/** The years in which the leases of the laptops end. */
async function yearsAt(repo: string): Promise<string[]> {
  const store = openLeaseStore(`${repo}.leases`);
  try {
    return serials.map((serial) => store.find(serialNumber(serial))?.slice(21, 25) ?? 'none');
  } finally {
    await store.close();
  }
}

const taking: Scenario = {
  name: 'lease take',
  sample: { usual: 14, complete: 100 },
  prepare: (folder) => ['lease', 'take', '--repo', copyPlace(folder), file('leases-2060')],
  async check(folder) {
    const repo = join(folder, 'repo');
    const years = await yearsAt(repo);
    assert.ok(['2050 2050', '2060 2060'].includes(years.join(' ')), years.join(' '));
    await must('lease', 'take', '--repo', repo, file('leases-2060'));
    assert.deepEqual(await yearsAt(repo), ['2060', '2060']);
    assert.deepEqual(temporariesBelow(`${repo}.leases`), []);
  },
};

const marking: Scenario = {
  name: 'lease stolen',
  sample: { usual: 14, complete: 100 },
  prepare: (folder) => markWords(copyPlace(folder)),
  async check(folder) {
    const repo = join(folder, 'repo');
    await must('show', '--repo', repo, 'b1');
    await must(...markWords(repo));
    const { marks } = await must('lease', 'marks', '--repo', repo);
    assert.deepEqual(
      marks.map(({ serial, by }: { serial: string; by: string }) => [serial, by]),
      [['SHC00000001', 'Ana']],
    );
    await must('fsck', '--repo', repo);
    assert.ok(existsSync(join(repo, 'metadata/timestamp.json')));
  },
};

const markWords = (repo: string) => [
  ...['lease', 'stolen', serials[0], '--repo', repo, '--by', 'Ana', '--reason', 'lost'],
];

for (const scenario of [taking, marking])
  test(`${scenario.name} ended at any call harms nothing, and the next finishes it`, async (context) => {
    const tried = await tryCrashes(world, scenario);
    context.diagnostic(saidOf(scenario, tried));
  });
