/** Refreshing the drop directory, ended at every call that it makes to the system. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
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
import { dropSet } from '../doubles/dropped-sets.ts';

let world: World;
/** A repository with b1, published by hand, and one build from the drop directory whose `.name` is gone. */
let prepared: string;

before(async () => {
  world = await makeWorld();
  prepared = join(world.folder, 'prepared');
  copyRepository(world.first, prepared);
  const packed = `${prepared}.rsync/packed`;
  const { name } = dropSet(packed, { prefix: 'gone', archive: world.archives.b2 });
  await must('xs-refresh-xobuilds', '--repo', prepared);
  rmSync(name);
  dropSet(packed, { prefix: 'one', archive: world.archives.b1 });
  dropSet(packed, { prefix: 'two', archive: world.archives.b2 });
});
after(() => world.remove());

const scenario: Scenario = {
  name: 'xs-refresh-xobuilds',
  sample: { usual: 8, complete: 120 },
  prepare(folder) {
    const repo = join(folder, 'repo');
    copyRepository(prepared, repo);
    execFileSync('cp', ['-a', `${prepared}.rsync`, `${repo}.rsync`]);
    return ['xs-refresh-xobuilds', '--repo', repo];
  },
  async check(folder) {
    const repo = join(folder, 'repo');
    const directory = `${repo}.rsync`;
    const builds = async () => {
      const { builds } = await must('list', '--repo', repo);
      return builds.map(({ name }: { name: string }) => name).sort();
    };
    assert.equal(await assertReadable(world, repo, folder), 'b1');
    ageTemporaries(directory);
    await must('xs-refresh-xobuilds', '--repo', repo);
    assert.deepEqual(await builds(), ['b1', 'one', 'two']);
    assert.deepEqual(temporariesBelow(directory), []);
    for (const name of ['one', 'two']) rmSync(`${directory}/packed/${name}.name`);
    await must('xs-refresh-xobuilds', '--repo', repo);
    assert.deepEqual(await builds(), ['b1'], 'what came from the drop directory goes with it');
  },
};

test('a refresh ended at any call is finished by the next, and withdraws only its own builds', async (context) => {
  const tried = await tryCrashes(world, scenario);
  context.diagnostic(saidOf(scenario, tried));
});
