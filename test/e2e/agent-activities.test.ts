/** The agent of a device and the activities of its users, as real processes. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { RoundShown } from '../../src/cli/agent-lines.ts';
import { zipOf } from '../../src/formats/zip.testkit.ts';
import { nobody, readableCheckout } from '../doubles/readable-checkout.ts';
import { done, satchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { isRoot } from '../doubles/story-trees.ts';

const scratch = scratchFolder('agent-activities');
const repository = scratch.file('repository');
const device = scratch.file('device');
const home = join(device, 'home/olpc');
const folder = join(home, 'Activities/Maze.activity');

const atOrigin = (...words: string[]) => done([...words, '--repo', repository]);
const once = () => done<RoundShown>(['agent', 'once', '--now', '--root', device]);
const set = (...words: string[]) => done(['agent', 'set', ...words, '--root', device]);
const version = () =>
  /activity_version = (\d+)/.exec(readFileSync(`${folder}/activity/activity.info`, 'utf8'))?.[1];
const homes = ({ activities = [] }: RoundShown) =>
  activities.map(({ result, updated }) => [result, ...updated.map(({ id, to }) => `${id}-${to}`)]);

async function publish(number: number): Promise<void> {
  const path = scratch.file(`Maze-${number}.xo`);
  const info = `[Activity]\nname = Maze\nbundle_id = org.maze\nactivity_version = ${number}\nexec = maze\nicon = maze\nlicense = GPLv3+\n`;
  const files = { 'activity/activity.info': info, 'activity/maze.svg': '<svg/>', 'maze.py': `${number}\n` };
  const members = Object.entries(files).map(([name, content]) => ({
    name: `Maze.activity/${name}`,
    content,
  }));
  writeFileSync(path, zipOf(members));
  await atOrigin('activity', 'publish', path);
}

before(async () => {
  const { rootSha256 } = await done<{ rootSha256: string }>(['init', '--repo', repository]);
  mkdirSync(scratch.file('tree'));
  writeFileSync(scratch.file('tree/file'), 'the OS');
  await atOrigin('publish', '--name', 'os-1', scratch.file('tree'));
  await done(['device', 'init', '--root', device, '--source', repository, '--trust', rootSha256]);
  mkdirSync(home, { recursive: true });
});

after(() => scratch.remove());

test('a laptop without groups is left as it is; the first group reaches it', async () => {
  assert.deepEqual(homes(await once()), []);
  assert.equal(existsSync(join(home, '.satchel')), false);
  await publish(1);
  const round = await once();
  assert.deepEqual([homes(round), round.failures, version()], [[['updated', 'org.maze-1']], [], '1']);
  assert.deepEqual(homes(await once()), [['current']]);
});

test('later versions come when content may be fetched, and not where it is switched off', async () => {
  await publish(2);
  await set('--activities', 'off');
  assert.deepEqual(homes(await once()), []);
  await set('--activities', 'on', '--metered', 'yes');
  assert.deepEqual([homes(await once()), version()], [[['later']], '1']);
  await set('--metered', 'auto');
  // The next round brings it, although it is not time to ask.
  const round = await done<RoundShown>(['agent', 'once', '--root', device]);
  assert.deepEqual([round.asked, homes(round), version()], [false, [['updated', 'org.maze-2']], '2']);
});

test('what goes wrong in a home is a failure of the round, with its sentence', async () => {
  await publish(3);
  const state = join(home, '.satchel/activities/state.json');
  const good = readFileSync(state);
  writeFileSync(state, 'torn');
  const words = ['agent', 'once', '--now', '--json', '--root', device];
  const { stdout, code, stderr } = await satchel(words);
  const report = JSON.parse(stdout) as RoundShown;
  assert.deepEqual([code, homes(report)], [1, [['failed']]]);
  assert.deepEqual(
    report.failures.map(({ code: each }) => each),
    ['home-state-damaged'],
  );
  assert.match(stderr, /state\.json/);
  writeFileSync(state, good);
  await once();
  assert.equal(version(), '3');
});

test('root has it done by the owner of each home', {
  skip: isRoot ? false : 'only root can become another user',
}, async () => {
  using checkout = readableCheckout();
  chmodSync(scratch.path, 0o755);
  const other = join(device, 'home/ana');
  mkdirSync(join(other, '.satchel/activities'), { recursive: true });
  execFileSync('chown', ['-R', `${nobody}:${nobody}`, other]);
  const words = ['agent', 'once', '--now', '--json', '--root', device];
  const output = execFileSync(join(checkout.path, 'satchel'), words, { encoding: 'utf8' });
  assert.deepEqual(homes(JSON.parse(output) as RoundShown), [['updated', 'org.maze-3'], ['current']]);
  assert.equal(statSync(join(other, 'Activities/Maze.activity/maze.py')).uid, nobody);
});
