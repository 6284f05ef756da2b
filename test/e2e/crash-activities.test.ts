/** Updating, going back and publishing of activities, ended at the calls that they make to the system. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { zipOf } from '../../src/formats/zip.testkit.ts';
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
const bundles = ['One', 'Two'] as const;

/** Digits that do not repeat: the next version comes by a delta. */
const digits = Array.from({ length: 500 }, (_, number) => (number * 48271) ** 2).join('');

function pack(name: string, version: string): string {
  const info = `[Activity]\nname = ${name}\nbundle_id = org.test.${name}\nactivity_version = ${version}\nexec = x\n`;
  const files = {
    'activity/activity.info': info,
    [`only-in-${version}`]: version,
    'the-same': name.repeat(2000),
    'a-little-new': `${digits} of version ${version}`,
  };
  const path = file(`${name}-${version}.xo`);
  const members = Object.entries(files).map(([each, content]) => ({
    name: `${name}.activity/${each}`,
    content,
  }));
  writeFileSync(path, zipOf(members));
  return path;
}

before(async () => {
  world = await makeWorld();
  file = (name) => join(world.folder, name);
  const publish = (version: string) =>
    must('activity', 'publish', '--repo', world.second, ...bundles.map((name) => pack(name, version)));
  await publish('1');
  mkdirSync(file('empty'));
  mkdirSync(file('home-1'));
  await must(...update(file('home-1')));
  await publish('2');
  execFileSync('cp', ['-a', file('home-1'), file('home-2')]);
  await must(...update(file('home-2')));
  for (const name of bundles) pack(name, '3');
});
after(() => world.remove());

const update = (home: string) => ['activities', 'update', '--root', world.device, '--home', home];

/** The version of a bundle in a home, which has to be whole; undefined where there is none. */
function versionAt(home: string, name: string): string | undefined {
  const folder = join(home, 'Activities', `${name}.activity`);
  if (!existsSync(folder)) return undefined;
  const version = /activity_version = (\d)/.exec(
    readFileSync(join(folder, 'activity/activity.info'), 'utf8'),
  )?.[1];
  assert.deepEqual(readdirSync(folder).sort(), [
    'a-little-new',
    'activity',
    `only-in-${version}`,
    'the-same',
  ]);
  assert.equal(readFileSync(join(folder, 'the-same'), 'utf8'), name.repeat(2000));
  return version;
}

function copyHome(from: string, folder: string): string {
  const home = join(folder, 'home');
  execFileSync('cp', ['-a', file(from), home]);
  return home;
}

/** Nothing is left lying about, and nothing of ours is taken for somebody else's. */
async function assertSettled(home: string): Promise<void> {
  const { staying } = await must(...update(home));
  for (const { because } of staying as { because: string }[])
    assert.ok(['current', 'pinned'].includes(because), because);
  const own = join(home, '.satchel/activities');
  assert.deepEqual(temporariesBelow(own), []);
  for (const name of ['stage', 'spool', 'trash'])
    if (existsSync(join(own, name))) assert.deepEqual(readdirSync(join(own, name)), [], name);
  assert.deepEqual(
    readdirSync(join(own, 'previous')).filter((name) => name.startsWith('.')),
    [],
  );
}

const updating: Scenario = {
  name: 'activities update',
  sample: { usual: 16, complete: 150 },
  prepare: (folder) => update(copyHome('home-1', folder)),
  async check(folder) {
    const home = join(folder, 'home');
    for (const name of bundles) assert.ok(['1', '2'].includes(versionAt(home, name) ?? ''), name);
    await must(...update(home));
    for (const name of bundles) assert.equal(versionAt(home, name), '2');
    await assertSettled(home);
    await must('activities', 'rollback', 'org.test.One', '--home', home);
    assert.equal(versionAt(home, 'One'), '1');
  },
};

const installing: Scenario = {
  name: 'activities first update',
  sample: { usual: 12, complete: 100 },
  prepare: (folder) => update(copyHome('empty', folder)),
  async check(folder) {
    const home = join(folder, 'home');
    for (const name of bundles) assert.ok([undefined, '2'].includes(versionAt(home, name)), name);
    await must(...update(home));
    for (const name of bundles) assert.equal(versionAt(home, name), '2');
    await assertSettled(home);
  },
};

const goingBack: Scenario = {
  name: 'activities rollback',
  sample: { usual: 12, complete: 100 },
  prepare: (folder) => ['activities', 'rollback', 'org.test.One', '--home', copyHome('home-2', folder)],
  async check(folder) {
    const home = join(folder, 'home');
    const before = versionAt(home, 'One');
    assert.ok(before === '1' || before === '2');
    await must('activities', 'rollback', 'org.test.One', '--home', home);
    // Done once more: the other way round, whichever way the first went.
    assert.equal(versionAt(home, 'One'), before === '1' ? '2' : '1');
    assert.equal(versionAt(home, 'Two'), '2');
    await assertSettled(home);
  },
};

const publishing: Scenario = {
  name: 'activity publish',
  sample: { usual: 10, complete: 100 },
  prepare(folder) {
    copyRepository(world.second, join(folder, 'repo'));
    return publishWords(folder);
  },
  async check(folder) {
    await must('fsck', '--repo', join(folder, 'repo'));
    await must(...publishWords(folder));
    const { groups } = await must('activity', 'list', '--repo', join(folder, 'repo'));
    const [group] = groups as { bundles: { version: string; streams: string[] }[] }[];
    const heads = group!.bundles.filter(({ streams }) => streams.includes('stable'));
    assert.deepEqual(
      heads.map(({ version }) => version),
      ['3', '3'],
    );
    await must('fsck', '--repo', join(folder, 'repo'));
  },
};

const publishWords = (folder: string) => [
  ...['activity', 'publish', '--repo', join(folder, 'repo')],
  ...bundles.map((name) => file(`${name}-3.xo`)),
];

for (const scenario of [updating, installing, goingBack, publishing])
  test(`${scenario.name} that dies leaves whole bundles, and the next one ends what it began`, async (t) => {
    t.diagnostic(saidOf(scenario, await tryCrashes(world, scenario)));
  });
