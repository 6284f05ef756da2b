/** Commands of the origin, ended at every call that they make to the system. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { must } from '../doubles/command.ts';
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
});
after(() => world.remove());

const repositoryIn = (folder: string) => join(folder, 'repo');

async function publishAgain(folder: string): Promise<void> {
  const repo = repositoryIn(folder);
  await must('publish', '--repo', repo, world.archives.b2);
  assert.equal(await assertReadable(world, repo, folder), 'b2');
  const { builds } = await must('list', '--repo', repo);
  assert.deepEqual(builds.map(({ name }: { name: string }) => name).sort(), ['b1', 'b2']);
  const difference = await must('diff', '--repo', repo, 'b1', 'b2');
  const expected = await must('diff', '--repo', world.second, 'b1', 'b2');
  assert.deepEqual(difference.changes, expected.changes);
  ageTemporaries(repo);
  await must('prune', '--repo', repo, '--grace', '0');
  assert.deepEqual(temporariesBelow(repo), []);
  await must('fsck', '--repo', repo);
}

const scenarios: readonly Scenario[] = [
  {
    name: 'publish',
    sample: 16,
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
      sample: 5,
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
];

for (const scenario of scenarios)
  test(`${scenario.name} ended at any call leaves the old or the new state and can be done again`, async (context) => {
    const tried = await tryCrashes(world, scenario);
    context.diagnostic(saidOf(scenario, tried));
  });
