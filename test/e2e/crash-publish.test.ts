/** Commands of the origin, ended at every call that they make to the system. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, test } from 'node:test';
import { must, runCommand } from '../doubles/command.ts';
import {
  ageTemporaries,
  assertReadable,
  copyRepository,
  makeWorld,
  type Scenario,
  saidOf,
  temporariesBelow,
  tryCrashes,
  type World,
} from '../doubles/crash-world.ts';

let world: World;
before(async () => {
  world = await makeWorld();
  wasteful = join(world.folder, 'wasteful');
  copyRepository(world.second, wasteful);
  await must('remove', '--repo', wasteful, 'b1');
  rightChanges = (await must('diff', '--repo', world.second, 'b1', 'b2')).changes;
});
after(() => world.remove());

/** A repository of which more than half is of no use any more. */
let wasteful: string;
let rightChanges: unknown;

const repositoryIn = (folder: string) => join(folder, 'repo');

async function publishAgain(folder: string): Promise<void> {
  const repo = repositoryIn(folder);
  await must('publish', '--repo', repo, world.archives.b2);
  assert.equal(await assertReadable(world, repo, folder), 'b2');
  const { builds } = await must('list', '--repo', repo);
  assert.deepEqual(builds.map(({ name }: { name: string }) => name).sort(), ['b1', 'b2']);
  const difference = await must('diff', '--repo', repo, 'b1', 'b2');
  assert.deepEqual(difference.changes, rightChanges);
  ageTemporaries(repo);
  await must('prune', '--repo', repo, '--grace', '0');
  assert.deepEqual(temporariesBelow(repo), []);
  await must('fsck', '--repo', repo);
}

const scenarios: readonly Scenario[] = [
  {
    name: 'publish',
    sample: { usual: 12 },
    prepare(folder) {
      copyRepository(world.first, repositoryIn(folder));
      return ['publish', '--repo', repositoryIn(folder), world.archives.b2];
    },
    async check(folder) {
      const build = await assertReadable(world, repositoryIn(folder), folder);
      assert.ok(['b1', 'b2'].includes(build), build);
      await publishAgain(folder);
    },
  },
  ...(['root', 'timestamp', 'builds', 'targets'] as const).map(
    (role): Scenario => ({
      name: `keys rotate ${role}`,
      sample: role === 'targets' ? { usual: 3, complete: 30 } : { usual: 3 },
      prepare(folder) {
        copyRepository(world.first, repositoryIn(folder));
        return ['keys', 'rotate', role, '--repo', repositoryIn(folder)];
      },
      async check(folder) {
        const repo = repositoryIn(folder);
        assert.equal(await assertReadable(world, repo, folder), 'b1');
        await must('keys', 'rotate', role, '--repo', repo);
        assert.equal(await assertReadable(world, repo, folder), 'b1');
        await publishAgain(folder);
      },
    }),
  ),
  {
    name: 'prune',
    sample: { usual: 6 },
    prepare(folder) {
      copyRepository(wasteful, repositoryIn(folder));
      return ['prune', '--repo', repositoryIn(folder), '--grace', '0'];
    },
    async check(folder) {
      const repo = repositoryIn(folder);
      assert.equal(await assertReadable(world, repo, folder), 'b2');
      ageTemporaries(repo);
      await must('prune', '--repo', repo, '--grace', '0');
      await must('prune', '--repo', repo, '--grace', '0');
      assert.equal(await assertReadable(world, repo, folder), 'b2');
      assert.deepEqual(filesIn(repo), await filesOfPruned());
    },
  },
  {
    name: 'init',
    sample: { usual: 4, complete: 50 },
    prepare: (folder) => ['init', '--repo', repositoryIn(folder)],
    async check(folder) {
      const repo = repositoryIn(folder);
      const end = await runCommand('init', '--repo', repo);
      if (end.code !== 0) assert.equal(end.json.error.code, 'repository-exists', end.said);
      await must('publish', '--repo', repo, world.archives.b1);
      const device = join(folder, 'device');
      await must('device', 'init', '--root', device, '--source', `file://${repo}`, '--trust-on-first-use');
      assert.equal((await must('check', '--root', device)).build, 'b1');
    },
  },
];

/** How many files of each kind a repository has. */
function filesIn(repo: string): Record<string, number> {
  const count = (folder: string) => readdirSync(join(repo, folder), { recursive: true }).length;
  return Object.fromEntries(
    ['packs', 'maps', 'indexes', 'contents', 'targets'].map((name) => [name, count(name)]),
  );
}

let pruned: Record<string, number> | undefined;

/** The same after pruning without a crash. */
async function filesOfPruned(): Promise<Record<string, number>> {
  if (pruned !== undefined) return pruned;
  const repo = join(world.folder, `pruned-${process.hrtime.bigint()}`);
  copyRepository(wasteful, repo);
  await must('prune', '--repo', repo, '--grace', '0');
  await must('prune', '--repo', repo, '--grace', '0');
  pruned ??= filesIn(repo);
  return pruned;
}

for (const scenario of scenarios)
  test(`${scenario.name} ended at any call leaves the old or the new state and can be done again`, async (context) => {
    const tried = await tryCrashes(world, scenario);
    context.diagnostic(saidOf(scenario, tried));
  });
