/** Activities and content beside the OS: published at the origin, brought to the home of a user, kept as that user wants. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { ListedBundle } from '../../src/activities/list-home.ts';
import type { ActivitiesUpdated } from '../../src/activities/update-activities.ts';
import { zipOf } from '../../src/formats/zip.testkit.ts';
import { nobody, readableCheckout } from '../doubles/readable-checkout.ts';
import { done, refused, satchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { isRoot } from '../doubles/story-trees.ts';

const scratch = scratchFolder('activities');
const repository = scratch.file('repository');
const device = scratch.file('device');
const fresh = scratch.file('fresh');
const home = scratch.file('home');
const maze = 'vu.lux.olpc.Maze';
const folder = join(home, 'Activities/Maze.activity');
const large = Buffer.alloc(600_000, 'large and the same in all versions ');

const inHome = ['--home', home];
const onDevice = ['--root', device, ...inHome];
const atOrigin = ['--repo', repository];
const update = (...words: string[]) =>
  done<ActivitiesUpdated>(['activities', 'update', ...words, ...onDevice]);
const version = () =>
  /activity_version = (\S+)/.exec(readFileSync(join(folder, 'activity/activity.info'), 'utf8'))?.[1];

/** Packs a version of the maze; 13 has a file less than 12. */
function pack(number: string, more: Readonly<Record<string, string>> = {}): string {
  const info =
    `[Activity]\nname = Maze\nbundle_id = ${maze}\nactivity_version = ${number}\nhost_version = 1\n` +
    'exec = sugar-activity maze.MazeActivity\nicon = maze\nlicense = GPLv3+\n';
  const files = {
    'activity/activity.info': info,
    'activity/maze.svg': '<svg/>',
    'locale/es/activity.linfo': '[Activity]\nname = Laberinto\n',
    'maze.py': `print(${number})\n`,
    ...(number === '13' ? {} : { 'old.py': 'old\n' }),
    ...more,
  };
  const path = scratch.file(`Maze-${number}.xo`);
  const members = Object.entries(files).map(([name, content]) => ({
    name: `Maze.activity/${name}`,
    content,
  }));
  writeFileSync(path, zipOf([...members, { name: 'Maze.activity/large', content: large }]));
  return path;
}

const publish = (number: string, ...words: string[]) =>
  done(['activity', 'publish', ...atOrigin, ...words, pack(number)]);

before(async () => {
  const { rootSha256 } = await done<{ rootSha256: string }>(['init', ...atOrigin]);
  const tree = scratch.file('tree');
  mkdirSync(tree);
  writeFileSync(join(tree, 'file'), 'the OS');
  await done(['publish', ...atOrigin, '--name', 'os-1', tree]);
  await publish('11');
  await publish('12', '--stream', 'testing');
  await done(['device', 'init', '--root', device, '--source', repository, '--trust', rootSha256]);
  cpSync(repository, fresh, { recursive: true });
});

beforeEach(() => {
  for (const path of [home, repository]) rmSync(path, { recursive: true, force: true });
  cpSync(fresh, repository, { recursive: true });
  mkdirSync(home);
});

after(() => scratch.remove());

describe('what devices get', () => {
  test('the version of their stream, and of their own stream where it has one', async () => {
    assert.deepEqual((await update()).updated, [{ id: maze, from: null, to: '11' }]);
    assert.deepEqual((await update('--stream', 'testing')).updated, [{ id: maze, from: '11', to: '12' }]);
    // The stream of the device has an older one; nothing goes back by itself.
    const { updated, staying } = await update();
    assert.deepEqual([updated, staying], [[], [{ id: maze, version: '12', because: 'newer' }]]);
  });

  test('only what is missing of a new version', async () => {
    await update();
    await publish('13');
    const { plan } = await update();
    assert.equal(version(), '13');
    assert.ok(plan !== undefined && plan.bytes < 2000 && plan.whole !== undefined, JSON.stringify(plan));
    assert.deepEqual(readdirSync(folder).sort(), ['activity', 'large', 'locale', 'maze.py']);
    assert.ok(readFileSync(join(folder, 'large')).equals(large));
  });

  test('optional ones only where somebody asks for them, and then their updates', async () => {
    const content = scratch.file('content');
    mkdirSync(content, { recursive: true });
    writeFileSync(join(content, 'map.html'), 'a map');
    const map = ['content', 'publish', ...atOrigin, '--id', 'org.map', '--optional', content];
    await done([...map, '--version', '1']);
    assert.deepEqual((await update()).staying, [{ id: 'org.map', version: null, because: 'optional' }]);
    assert.deepEqual((await update('org.map')).updated, [{ id: 'org.map', from: null, to: '1' }]);
    appendFileSync(join(content, 'map.html'), ' with rivers');
    await done([...map, '--version', '2']);
    assert.deepEqual((await update()).updated, [{ id: 'org.map', from: '1', to: '2' }]);
    assert.equal(readFileSync(join(home, 'Content/content/map.html'), 'utf8'), 'a map with rivers');
  });

  test('a dry run says what it would take and changes nothing', async () => {
    const { updated, plan } = await update('--dry-run');
    assert.equal(updated.length, 1);
    assert.ok((plan?.disk ?? 0) > large.length);
    assert.equal(existsSync(folder), false);
  });

  test('a budget that is too small is refused with the numbers, and nothing is installed', async () => {
    const { code, exitCode } = await refused(['activities', 'update', '--max-bytes', '100', ...onDevice]);
    assert.deepEqual([code, exitCode], ['plan-over-budget', 4]);
    assert.equal(existsSync(folder), false);
  });
});

describe('what belongs to the user', () => {
  test('what was removed stays removed until it is named', async () => {
    await update();
    rmSync(folder, { recursive: true });
    await publish('13');
    assert.deepEqual((await update()).staying, [{ id: maze, version: null, because: 'removed' }]);
    assert.equal(existsSync(folder), false);
    assert.deepEqual((await update(maze)).updated, [{ id: maze, from: null, to: '13' }]);
    await done(['activities', 'remove', maze, ...inHome]);
    assert.deepEqual((await update()).updated, []);
  });

  test('what was installed by hand is left alone, under whatever name', async () => {
    mkdirSync(join(home, 'Activities/MyMaze.activity/activity'), { recursive: true });
    const own = join(home, 'Activities/MyMaze.activity/activity/activity.info');
    writeFileSync(own, `[Activity]\nbundle_id = ${maze}\nactivity_version = 3\n`);
    assert.deepEqual((await update()).staying, [{ id: maze, version: null, because: 'by-hand' }]);
    assert.equal((await refused(['activities', 'update', maze, ...onDevice])).code, 'bundle-by-hand');
    assert.equal(existsSync(folder), false);
  });

  test('one that somebody updated by hand is his from then on', async () => {
    await update();
    const info = join(folder, 'activity/activity.info');
    writeFileSync(info, readFileSync(info, 'utf8').replace('= 11', '= 99'));
    await publish('13');
    assert.deepEqual((await update()).staying, [{ id: maze, version: null, because: 'by-hand' }]);
    assert.equal(version(), '99');
  });

  test('files that a program changed in place come right again with the next version', async () => {
    await update();
    appendFileSync(join(folder, 'large'), 'meddled');
    writeFileSync(join(folder, 'saved.game'), 'level 3');
    await publish('13');
    await update();
    assert.ok(readFileSync(join(folder, 'large')).equals(large));
  });

  test('going back is one step, holds, and can be taken back', async () => {
    await update();
    const before = readFileSync(join(folder, 'maze.py'), 'utf8');
    await publish('13');
    await update();
    appendFileSync(join(folder, 'large'), 'in place');
    const back = await done(['activities', 'rollback', maze, ...inHome]);
    assert.deepEqual([back.from, back.to, version()], ['13', '11', '11']);
    assert.equal(readFileSync(join(folder, 'maze.py'), 'utf8'), before);
    // What was written in place into the newer version is not in this one.
    assert.ok(readFileSync(join(folder, 'large')).equals(large));
    assert.deepEqual((await update()).staying, [{ id: maze, version: '11', because: 'pinned' }]);
    await done(['activities', 'rollback', maze, ...inHome]);
    assert.equal(version(), '13');
    await done(['activities', 'unpin', maze, ...inHome]);
    assert.equal(
      (await refused(['activities', 'rollback', 'org.none', ...inHome])).code,
      'bundle-not-installed',
    );
  });

  test('what is kept for going back is not brought a second time, unless somebody changed it', async () => {
    await update();
    await publish('13');
    await update();
    const { ino } = lstatSync(folder);
    await done(['activities', 'rollback', maze, ...inHome]);
    await done(['activities', 'unpin', maze, ...inHome]);
    assert.equal((await update('--dry-run')).plan?.bytes, 0);
    assert.equal(version(), '11');
    const { plan, updated } = await update();
    assert.deepEqual([plan?.disk, updated], [0, [{ id: maze, from: '11', to: '13' }]]);
    assert.deepEqual([version(), lstatSync(folder).ino], ['13', ino]);
    await done(['activities', 'rollback', maze, ...inHome]);
    appendFileSync(join(home, '.satchel/activities/previous', maze, 'large'), 'meddled');
    await done(['activities', 'unpin', maze, ...inHome]);
    await update();
    assert.equal(version(), '13');
    assert.ok(readFileSync(join(folder, 'large')).equals(large));
  });

  test('a pinned version is brought, and stays', async () => {
    await update();
    await publish('13', '--keep', '5');
    await done(['activities', 'pin', maze, '12', ...onDevice]);
    assert.equal(version(), '12');
    assert.deepEqual((await update()).staying, [{ id: maze, version: '12', because: 'pinned' }]);
    assert.equal((await refused(['activities', 'pin', maze, '77', ...onDevice])).code, 'bundle-not-offered');
  });

  test('the list tells who looks after what, in the language of the user', async () => {
    await update();
    const { bundles } = await done<{ bundles: ListedBundle[] }>(['activities', 'list', ...inHome]);
    assert.deepEqual(
      bundles.map(({ id, version, state, names }) => [id, version, state, names.es]),
      [[maze, '11', 'ours', 'Laberinto']],
    );
    const { stdout } = await satchel(['activities', 'list', ...inHome], {
      environment: { SATCHEL_LANG: 'es' },
    });
    assert.match(stdout, /^Laberinto \(vu\.lux\.olpc\.Maze\) 11/);
  });
});

describe('trust', () => {
  test('a group that nobody signed is not believed', async () => {
    // The record from before the last publication lies there too.
    for (const name of readdirSync(join(repository, 'targets/activities'))) {
      const path = join(repository, 'targets/activities', name);
      writeFileSync(path, readFileSync(path, 'utf8').replace('Maze.activity', 'Evil.activity'));
    }
    assert.equal((await refused(['activities', 'update', ...onDevice])).exitCode, 1);
    assert.deepEqual(readdirSync(home), ['.satchel', 'Activities', 'Content', 'Library']);
    assert.deepEqual(readdirSync(join(home, 'Activities')), []);
  });

  test('damaged content is not installed, and names its source', async () => {
    for (const name of readdirSync(join(repository, 'packs'))) {
      const path = join(repository, 'packs', name);
      chmodSync(path, 0o644);
      const bytes = readFileSync(path);
      writeFileSync(
        path,
        bytes.map((byte, place) => (place % 7 === 3 ? byte ^ 0xff : byte)),
      );
    }
    assert.equal((await refused(['activities', 'update', ...onDevice])).code, 'source-sends-wrong-bytes');
    assert.equal(existsSync(folder), false);
  });
});

test('root does it as the owner of the home, wherever that leads symlinks', {
  skip: isRoot ? false : 'only root can become another user',
}, async () => {
  using checkout = readableCheckout();
  const victim = scratch.file('victim');
  mkdirSync(victim);
  chmodSync(scratch.path, 0o755);
  symlinkSync(victim, join(home, 'Activities'));
  execFileSync('chown', ['-R', '-h', `${nobody}:${nobody}`, home]);
  const program = join(checkout.path, 'satchel');
  const run = () => execFileSync(program, ['activities', 'update', ...onDevice], { stdio: 'pipe' });
  assert.throws(run, /not permitted|permission/i);
  assert.deepEqual(readdirSync(victim), []);
  rmSync(join(home, 'Activities'));
  run();
  assert.equal(version(), '11');
  const owners = execFileSync('find', [home, '-printf', '%u\n'], { encoding: 'utf8' });
  assert.deepEqual([...new Set(owners.trim().split('\n'))], ['nobody']);
  assert.equal(lstatSync(folder).uid, nobody);
});
