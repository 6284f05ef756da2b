/** What users, operators and other bundles may have done to a home: one bundle, one home or one user must not harm the others. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ListedBundle } from '../../src/activities/list-home.ts';
import type { ActivitiesUpdated } from '../../src/activities/update-activities.ts';
import type { RoundShown } from '../../src/cli/agent-lines.ts';
import { zipOf } from '../../src/formats/zip.testkit.ts';
import { nobodyWrapper } from '../doubles/nobody.ts';
import { nobody, readableCheckout } from '../doubles/readable-checkout.ts';
import { done, type RunningServer, refused, satchel, serve } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { isRoot } from '../doubles/story-trees.ts';

const scratch = scratchFolder('activities-trouble');
const repository = scratch.file('repository');

/** An origin with activities and no builds. */
async function newOrigin(path: string): Promise<string> {
  const { rootSha256 } = await done<{ rootSha256: string }>(['init', '--repo', path]);
  return rootSha256;
}

async function publish(
  id: string,
  { folder = id, version = 1, group = 'default', at = repository, content = randomBytes(1000) } = {},
): Promise<void> {
  const info = `[Activity]\nname = ${id}\nbundle_id = ${id}\nactivity_version = ${version}\nexec = x\nicon = i\nlicense = GPLv3+\n`;
  const files = { 'activity/activity.info': info, 'activity/i.svg': '<svg/>', file: content, id };
  const members = Object.entries(files).map(([name, bytes]) => ({
    name: `${folder}.activity/${name}`,
    content: bytes,
  }));
  const path = scratch.file(`${id}-${version}.xo`);
  writeFileSync(path, zipOf(members));
  await done(['activity', 'publish', '--repo', at, '--group', group, path]);
}

const update = (device: string, home: string, ...words: string[]) =>
  done<ActivitiesUpdated>(['activities', 'update', ...words, '--root', device, '--home', home]);

const updated = ({ updated: all }: ActivitiesUpdated) => all.map(({ id, to }) => `${id}-${to}`);

function newHome(name: string): string {
  const home = scratch.file(name);
  mkdirSync(home);
  return home;
}

const device = scratch.file('device');
let trust: string;

before(async () => {
  trust = await newOrigin(repository);
  await publish('org.one', { folder: 'Same' });
  await done(['device', 'init', '--root', device, '--source', repository, '--trust', trust]);
});

after(() => scratch.remove());

describe('two bundles that want one folder', () => {
  test('are not mixed: the first one has it, the other one stays and the list says why', async () => {
    const home = newHome('shared');
    await publish('org.another', { folder: 'Same', group: 'games' });
    const following = ['--group', 'default', '--group', 'games', '--home', home];
    await done(['activities', 'set', ...following]);
    const { staying, ...first } = await update(device, home);
    assert.deepEqual(updated(first as ActivitiesUpdated), ['org.another-1']);
    assert.deepEqual(staying, [{ id: 'org.one', version: null, because: 'folder-taken', by: 'org.another' }]);
    const folder = join(home, 'Activities/Same.activity');
    assert.equal(readFileSync(join(folder, 'id'), 'utf8'), 'org.another');
    assert.deepEqual((await update(device, home)).updated, []);
    const { bundles } = await done<{ bundles: ListedBundle[] }>(['activities', 'list', '--home', home]);
    assert.deepEqual(
      bundles.map(({ id, state, by }) => [id, state, by]),
      [
        ['org.another', 'ours', undefined],
        ['org.one', 'folder-taken', 'org.another'],
      ],
    );
    const { stdout } = await satchel(['activities', 'list', '--home', home]);
    assert.match(stdout, /org\.one 1, left out: its folder is the one of org\.another/);
    const named = await refused(['activities', 'update', 'org.one', '--root', device, '--home', home]);
    assert.deepEqual([named.code, named.exitCode], ['bundle-folder-taken', 4]);
  });

  test('have it in turn when the one that has it goes', async () => {
    const home = scratch.file('shared');
    await done(['activities', 'remove', 'org.another', '--home', home]);
    assert.deepEqual(updated(await update(device, home)), ['org.one-1']);
    const { bundles } = await done<{ bundles: ListedBundle[] }>(['activities', 'list', '--home', home]);
    assert.deepEqual(
      bundles.map(({ id, state }) => [id, state]),
      [['org.one', 'ours']],
    );
  });
});

describe('what lies in a home', () => {
  test('a state that is damaged is told with what helps', async () => {
    const home = newHome('damaged');
    await update(device, home);
    const state = join(home, '.satchel/activities/state.json');
    writeFileSync(state, 'torn');
    const { code, hint } = await refused(['activities', 'update', '--root', device, '--home', home]);
    assert.equal(code, 'home-state-damaged');
    assert.doesNotMatch(hint ?? '', /device init/);
    rmSync(state);
    assert.deepEqual(
      (await update(device, home)).staying.map(({ because }) => because),
      ['by-hand'],
    );
  });

  test('a folder of activities on another disk leaves them out with a sentence', async (context) => {
    const home = newHome('card');
    const card = mkdtempSync('/dev/shm/satchel-card-');
    context.after(() => rmSync(card, { recursive: true }));
    if (statSync(card).dev === statSync(home).dev) return context.skip('there is one file system only');
    symlinkSync(card, join(home, 'Activities'));
    const { staying } = await update(device, home);
    assert.deepEqual(staying, [{ id: 'org.one', version: null, because: 'other-disk' }]);
    assert.deepEqual(readdirSync(card), []);
    const { stdout } = await satchel(['activities', 'list', '--home', home]);
    assert.match(stdout, /org\.one 1, left out: .* another disk/);
    const named = await refused(['activities', 'update', 'org.one', '--root', device, '--home', home]);
    assert.equal(named.code, 'bundle-other-disk');
  });

  test('a pipe in the place of its state holds up neither the agent nor other homes', {
    timeout: 120_000,
  }, async () => {
    const homes = join(device, 'home');
    for (const name of ['ana', 'ben'])
      mkdirSync(join(homes, name, '.satchel/activities'), { recursive: true });
    execFileSync('mkfifo', [join(homes, 'ana/.satchel/activities/state.json')]);
    const { stdout, code } = await satchel(['agent', 'once', '--now', '--root', device, '--json']);
    const { activities = [], failures } = JSON.parse(stdout) as RoundShown;
    assert.deepEqual(
      activities.map(({ result }) => result),
      ['failed', 'updated'],
    );
    assert.deepEqual([code, failures.map(({ code: each }) => each)], [1, ['file-not-regular']]);
    rmSync(join(homes, 'ana'), { recursive: true });
  });
});

test('an origin that has activities and no builds is no trouble', async () => {
  const { stdout, code, stderr } = await satchel(['agent', 'once', '--now', '--root', device, '--json']);
  assert.deepEqual([code, (JSON.parse(stdout) as RoundShown).failures], [0, []], stderr);
});

test('a home follows its device to another organisation', async () => {
  const [other, moving, home] = [scratch.file('other'), scratch.file('moving'), newHome('moving-home')];
  const theirs = await newOrigin(other);
  await publish('org.one', { folder: 'Same', version: 2, at: other });
  await done(['device', 'init', '--root', moving, '--source', repository, '--trust', trust]);
  assert.deepEqual(updated(await update(moving, home)), ['org.one-1']);
  rmSync(moving, { recursive: true });
  await done(['device', 'init', '--root', moving, '--source', other, '--trust', theirs]);
  assert.deepEqual(updated(await update(moving, home)), ['org.one-2']);
});

describe('the monthly budget of a device', () => {
  let server: RunningServer;
  const metered = scratch.file('metered');
  const received = async () =>
    (await done<{ data: { bytes: number } }>(['status', '--root', metered])).data.bytes;

  before(async () => {
    await publish('org.large', { content: randomBytes(300_000) });
    server = await serve(repository);
    await done(['device', 'init', '--root', metered, '--source', server.url, '--trust', trust]);
  });

  after(() => server?.stop());

  test('holds for all its homes together, whatever their users delete', async () => {
    const [first, second] = [newHome('first'), newHome('second')];
    const before = await received();
    const { bytesReceived } = await update(metered, first);
    assert.equal(await received(), before + bytesReceived);
    await done([
      'device',
      'set',
      '--root',
      metered,
      '--monthly-bytes',
      String(before + bytesReceived + 100_000),
    ]);
    const words = ['activities', 'update', '--root', metered, '--home', second];
    assert.equal((await refused(words)).code, 'plan-over-month');
    for (const home of [first, second])
      rmSync(join(home, '.satchel/activities/usage'), { recursive: true, force: true });
    assert.equal((await refused(words)).code, 'plan-over-month');
    assert.equal(existsSync(join(second, 'Activities/org.large.activity')), false);
  });

  test('is drawn on by root for the homes of others, and known to users who update by themselves', {
    skip: isRoot ? false : 'only root can become another user',
  }, async () => {
    using checkout = readableCheckout();
    chmodSync(scratch.path, 0o755);
    const home = newHome('of-nobody');
    execFileSync('chown', [`${nobody}:${nobody}`, home]);
    const words = ['activities', 'update', '--root', metered, '--home', home];
    const spent = await received();
    const alone = await refused(words, { wrapper: nobodyWrapper() });
    assert.equal(alone.code, 'plan-over-month');
    assert.equal(await received(), spent);
    assert.ok(readdirSync(join(home, '.satchel/activities/usage')).length > 0);
    await done(['device', 'set', '--root', metered, '--monthly-bytes', 'none']);
    const output = execFileSync(join(checkout.path, 'satchel'), [...words, '--json'], { encoding: 'utf8' });
    const { bytesReceived } = JSON.parse(output) as ActivitiesUpdated;
    assert.ok(bytesReceived > 300_000);
    assert.equal(await received(), spent + bytesReceived);
  });
});
