/** Preparing and loading a stick, ended at the calls that they make to the system: pulled out at any moment. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { leaseDirect } from '../../src/lease/records.testkit.ts';
import { must } from '../doubles/command.ts';
import {
  ageTemporaries,
  makeWorld,
  type Scenario,
  saidOf,
  temporariesBelow,
  tryCrashes,
  type World,
} from '../doubles/crash-world.ts';

let world: World;
/** A stick with b1 and a lease, one with b2 and another lease, and a site that has loaded the first. */
let prepared: { readonly old: string; readonly stick: string; readonly site: string };

const copy = (from: string, to: string) => execFileSync('cp', ['-a', from, to]);

function copySite(to: string): string {
  copy(prepared.site, to);
  for (const ending of ['.site', '.fleet']) copy(`${prepared.site}${ending}`, `${to}${ending}`);
  return to;
}

/** Leases that differ in the year of their end. */
const leaseOf = (version: number) => `${leaseDirect.replace('20991231T', `205${version}1231T`)}\n`;

const prepareWords = (stick: string, repo: string, leases: string) => [
  ...['stick', 'prepare', stick, '--repo', repo, '--leases', leases],
];

before(async () => {
  world = await makeWorld();
  // What a killed process leaves there goes with the world.
  process.env.TMPDIR = join(world.folder, 'tmp');
  mkdirSync(process.env.TMPDIR);
  const [old, stick, site] = ['old', 'stick', 'site'].map((name) => join(world.folder, name)) as [
    string,
    string,
    string,
  ];
  for (const version of [1, 2]) writeFileSync(join(world.folder, `leases-${version}`), leaseOf(version));
  mkdirSync(old);
  writeFileSync(join(old, 'holiday.jpg'), 'picture');
  await must(...prepareWords(old, world.first, join(world.folder, 'leases-1')));
  copy(old, stick);
  await must(...prepareWords(stick, world.second, join(world.folder, 'leases-2')));
  await must('site', 'join', old, '--repo', site, '--name', 'school', '--trust-on-first-use');
  await must('stick', 'load', old, '--repo', site);
  prepared = { old, stick, site };
});
after(() => world.remove());

const leaseAt = (site: string) => readFileSync(join(`${site}.site`, 'leases/leases'), 'utf8');

/** Loads a stick into a copy of the site: nothing may be wrong with it, whatever it has. */
async function loadsWell(stick: string, site: string): Promise<{ complete: string[]; lease: string }> {
  const { builds, problems } = await must('stick', 'load', stick, '--repo', site);
  assert.deepEqual(problems, []);
  const complete = builds.flatMap((build: { name: string; complete: boolean }) =>
    build.complete ? [build.name] : [],
  );
  await must('show', '--repo', site, complete[0] ?? 'b1');
  return { complete, lease: leaseAt(site) };
}

const preparing: Scenario = {
  name: 'stick prepare',
  sample: { usual: 14, complete: 200 },
  prepare(folder) {
    const stick = join(folder, 'stick');
    copy(prepared.old, stick);
    return prepareWords(stick, world.second, join(world.folder, 'leases-2'));
  },
  async check(folder) {
    const stick = join(folder, 'stick');
    const { lease } = await loadsWell(stick, copySite(join(folder, 'site')));
    assert.ok([leaseOf(1), leaseOf(2)].includes(lease));
    await must(...prepareWords(stick, world.second, join(world.folder, 'leases-2')));
    assert.equal(readFileSync(join(stick, 'holiday.jpg'), 'utf8'), 'picture');
    assert.deepEqual(temporariesBelow(stick), []);
    const after = await loadsWell(stick, copySite(join(folder, 'other')));
    assert.deepEqual(after, { complete: ['b2'], lease: leaseOf(2) });
  },
};

const loading: Scenario = {
  name: 'stick load',
  sample: { usual: 14, complete: 200 },
  prepare(folder) {
    const stick = join(folder, 'stick');
    copy(prepared.stick, stick);
    return ['stick', 'load', stick, '--repo', copySite(join(folder, 'site'))];
  },
  async check(folder) {
    const [stick, site] = [join(folder, 'stick'), join(folder, 'site')];
    const { builds } = await must('list', '--repo', site);
    const names = builds.map(({ name }: { name: string }) => name);
    if (names.includes('b2')) await must('show', '--repo', site, 'b2');
    ageTemporaries(`${site}.site`);
    assert.deepEqual(await loadsWell(stick, site), { complete: ['b2'], lease: leaseOf(2) });
    await must('fsck', '--repo', site);
    const left = temporariesBelow(`${site}.site`).filter((name) => !name.startsWith('trust/'));
    assert.deepEqual(left, []);
    assert.ok(!existsSync(`${site}.site/stick-incoming`));
    assert.ok(!existsSync(`${site}.site/stick-trust`));
    // The stick is as good as before for the next site.
    await loadsWell(stick, copySite(join(folder, 'next')));
  },
};

for (const scenario of [preparing, loading])
  test(`${scenario.name} ended at any call harms nothing, and the next finishes it`, async (context) => {
    const tried = await tryCrashes(world, scenario);
    context.diagnostic(saidOf(scenario, tried));
  });
