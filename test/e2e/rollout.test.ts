/**
 * A rollout from the origin's commands to the devices: the same decision by way of two sites and a stick, a halt by
 * itself from what devices tell, and going back with keys that are elsewhere.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Decision } from '../../src/advice/decision.ts';
import type { Checked } from '../../src/device/check.ts';
import type { UpdateResult } from '../../src/device/update.ts';
import { deviceReport } from '../../src/fleet/reports.testkit.ts';
import type { Watched } from '../../src/fleet/rollout-watch.ts';
import type { Rollout } from '../../src/repository/rollout-record.ts';
import { done, doneWith, faketimeLibrary, refused, satchel } from '../doubles/satchel-program.ts';
import { type SiteStory, type StoryPlace, siteStory } from './site.testkit.ts';

type Explained = { readonly decision: Decision; readonly words: readonly { readonly code: string }[] };
type Shown = {
  readonly rollout: Rollout;
  readonly share: number;
  readonly halted: { reason: string } | null;
};

const serials = ['CSN74800001', 'CSN74800002', 'CSN74800003', 'SHC00000001'];

const atNorth = 'CSN74800002';

let story: SiteStory;
let north: StoryPlace;
let south: StoryPlace;
let stick = '';

const atOrigin = (...words: string[]) => [...words, '--repo', story.origin.repository];

async function publish(name: string, ...words: string[]) {
  const tree = story.scratch.file(`tree-${name}`);
  mkdirSync(tree);
  writeFileSync(join(tree, 'file'), name);
  return doneWith<{ toSign?: string }>(atOrigin('publish', '--name', name, ...words, tree));
}

/** A device with a serial number that runs what the stream stands for now. */
async function device(serial: string, place: StoryPlace): Promise<string> {
  const root = story.scratch.file(serial);
  mkdirSync(join(root, 'ofw/mfg-data'), { recursive: true });
  writeFileSync(join(root, 'ofw/mfg-data/SN'), `${serial}\0`);
  await story.device(serial, place.server.url);
  await done(['update', '--root', root]);
  return root;
}

async function report(number: number, changes: Parameters<typeof deviceReport>[0]): Promise<void> {
  const made = deviceReport({
    ...{ device: number.toString(16).padStart(32, '0'), serial: `T${number}`, stream: 'stable' },
    ...changes,
  });
  const answer = await fetch(`${story.origin.server.url}/api/v1/reports`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ satchel: 'reports', format: 1, reports: [made] }),
  });
  assert.ok(answer.ok, await answer.text());
}

before(async () => {
  story = await siteStory('rollout');
  await publish('os-1');
  north = await story.site('north');
  south = await story.site('south');
  // One is known at the site by what it told there, the others at the origin.
  for (const serial of serials) await device(serial, serial === atNorth ? north : story.origin);
  await publish(
    'os-2',
    '--rollout',
    '50%@0h,100%@48h',
    '--early-serial',
    'SHC*',
    '--max-failed',
    '20%',
    '--min-devices',
    '4',
  );
  stick = story.scratch.file('stick');
  mkdirSync(stick);
  await done(['stick', 'prepare', stick, ...atOrigin()]);
});

after(() => story.end());

describe('a rollout that was published with its build', () => {
  test('is the same decision for a device by way of two sites and a stick', async () => {
    const seen: string[] = [];
    for (const serial of serials) {
      const decisions: Decision[] = [];
      for (const source of [north.server.url, south.server.url, stick, story.origin.server.url]) {
        const checked = await done<Checked>([
          'check',
          '--root',
          story.scratch.file(serial),
          '--source',
          source,
        ]);
        assert.ok(checked.decision);
        decisions.push(checked.decision);
      }
      for (const decision of decisions) assert.deepEqual(decision, decisions[0], serial);
      const explain = (...words: string[]) => done<Explained>(['rollout', 'explain', ...words]);
      const here = await explain('--root', story.scratch.file(serial));
      assert.deepEqual(here.decision, decisions[0]);
      const unknown = (isKnown: boolean) => (isKnown ? [] : ['--running', 'os-1']);
      const there = await explain(serial, ...unknown(serial !== atNorth), ...atOrigin());
      assert.deepEqual(there.decision, decisions[0], 'the origin knows it from its report');
      const atSite = await explain(serial, ...unknown(serial === atNorth), '--repo', north.repository);
      assert.deepEqual(atSite.decision, decisions[0]);
      seen.push(decisions[0]?.because ?? '');
    }
    assert.equal(seen.at(-1), 'early');
  });

  test('is shown with its steps, and a pause and a halt with their reasons', async () => {
    const shown = await done<Shown>(atOrigin('rollout', 'show', 'stable'));
    assert.deepEqual([shown.share, shown.halted], [5000, null]);
    await done(atOrigin('rollout', 'pause', 'stable', '--reason', 'looking'));
    const { stdout } = await satchel(atOrigin('rollout', 'show', 'stable'));
    assert.match(stdout, /^50 % from .* on \(now\)$/m);
    assert.match(stdout, /^paused since .*: looking$/m);
    assert.equal((await done(atOrigin('rollout', 'resume', 'stable'))).changed, true);
  });

  test('is halted by itself when devices tell that it fails, and not before', async () => {
    const watch = () => done<Watched>(atOrigin('rollout', 'watch', '--once'));
    const result = { build: 'os-2', from: 'os-1', bytesReceived: 1, requests: 1, seconds: 1 };
    for (const number of [1, 2, 3, 4])
      await report(number, { event: 'update', running: 'os-1', result: { ...result, result: 'done' } });
    for (const number of [5, 6, 7])
      await report(number, { event: 'update', running: 'os-1', result: { ...result, result: 'later' } });
    const first = (await watch()).rollouts[0];
    assert.deepEqual([first?.figures.tried, first?.figures.failed, first?.halted], [4, 0, undefined]);
    for (const number of [5, 6])
      await report(number, {
        ...{ event: 'update', running: 'os-1', sequence: 2 },
        result: { ...result, result: 'failed', code: 'tree-damaged' },
      });
    assert.match((await watch()).rollouts[0]?.halted ?? '', /the update to os-2 failed on 2 of 6 devices/);
    const root = story.scratch.file('SHC00000001');
    const updated = await done<UpdateResult>(['update', '--root', root, '--source', south.server.url]);
    assert.deepEqual([updated.build, updated.plan], ['os-1', 'none']);
    assert.match(updated.halted?.reason ?? '', /^Halted by itself/);
    assert.equal((await done(atOrigin('rollout', 'resume', 'stable'))).changed, true);
    assert.equal((await watch()).rollouts[0]?.halted, undefined, 'whoever resumed it has seen them');
    const taken = await done<UpdateResult>(['update', '--root', root, '--source', south.server.url]);
    assert.equal(taken.build, 'os-2');
  });

  test('goes back once the key that signs builds permits it, by every way', async () => {
    const machine = story.scratch.file('machine');
    mkdirSync(machine);
    renameSync(`${story.origin.repository}.keys/offline`, `${machine}/offline`);
    const went = await done<{ toSign: string; to: string }>(
      atOrigin('rollout', 'back', 'stable', '--reason', 'no sound'),
    );
    assert.equal(went.to, 'os-1');
    const root = story.scratch.file('SHC00000001');
    const check = () => done<Checked>(['check', '--root', root, '--source', north.server.url]);
    assert.equal((await check()).available, false);
    const carried = `${machine}/request.json`;
    cpSync(went.toSign, carried);
    await done(['keys', 'sign', '--key-dir', machine, carried]);
    await done(atOrigin('keys', 'submit', carried));
    const checked = await check();
    assert.deepEqual([checked.build, checked.available, checked.decision?.because], ['os-1', true, 'back']);
    const back = await done<UpdateResult>(['update', '--root', root, '--source', south.server.url]);
    assert.equal(back.build, 'os-1');
    const other = story.scratch.file(serials[0]!);
    const stayed = await done<Checked>(['check', '--root', other, '--source', south.server.url]);
    assert.deepEqual([stayed.build, stayed.available], ['os-1', false]);
    renameSync(`${machine}/offline`, `${story.origin.repository}.keys/offline`);
  });
});

test('a step comes when the origin has signed it, whatever the clock of the device says', {
  skip: faketimeLibrary() === undefined,
}, async () => {
  await publish('os-3', '--rollout', '0%@0h,100%@24h');
  const root = story.scratch.file(serials[0]!);
  const check = (clock?: string) =>
    done<Checked>(
      ['check', '--root', root, '--source', south.server.url],
      clock === undefined ? {} : { clock },
    );
  assert.equal((await check()).decision?.because, 'share');
  const tomorrow = new Date(Date.now() + 25 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
  assert.equal((await check(tomorrow)).decision?.because, 'share', 'its clock decides nothing');
  const watch = (clock?: string) =>
    done<Watched>(atOrigin('rollout', 'watch', '--once'), clock === undefined ? {} : { clock });
  assert.equal((await watch()).signed, false);
  assert.equal((await watch(tomorrow)).signed, true);
  const { decision, available } = await check('1970-01-02 00:00:00');
  assert.deepEqual([decision?.because, available], ['everybody', true]);
});

test('who publishes with a rollout that ends below the whole is told', async () => {
  const { stderr } = await publish('os-9', '--stream', 'pilot', '--rollout', '1%@0h,10%@24h');
  assert.match(stderr, /The last step is 10 %/);
});

test('words that make no sense change nothing', async () => {
  await publish('os-4', '--stream', 'testing');
  const before = await done(atOrigin('stream', 'show', 'stable'));
  const codeOf = async (...words: string[]) => {
    const { exitCode, code } = await refused(atOrigin(...words));
    return [exitCode, code];
  };
  const start = (...words: string[]) => codeOf('rollout', 'start', 'stable', ...words);
  assert.deepEqual(await start(), [2, 'option-needed']);
  assert.deepEqual(await start('--steps', 'soon'), [2, 'rollout-steps-not-understood']);
  assert.deepEqual(await start('--steps', '10%@1h,5%@2h'), [2, 'rollout-steps-order']);
  assert.deepEqual(await start('--steps', '1%@0h', '--early-site', 'west'), [3, 'rollout-site-unknown']);
  assert.deepEqual(await start('--steps', '1%@0h', '--reserve-until', '7d'), [2, 'rollout-option-alone']);
  assert.deepEqual(await start('--steps', '1%@0h', '--min-devices', '7'), [2, 'rollout-option-alone']);
  assert.deepEqual(await start('none-such', '--steps', '1%@0h'), [3, 'build-not-found']);
  assert.deepEqual(await codeOf('rollout', 'start', 'none-such', '--steps', '1%@0h'), [
    3,
    'stream-not-found',
  ]);
  assert.deepEqual(await codeOf('rollout', 'pause', 'testing'), [3, 'rollout-absent']);
  assert.deepEqual(await codeOf('rollout', 'show', 'testing'), [3, 'rollout-absent']);
  assert.deepEqual(await codeOf('rollout', 'back', 'stable', 'os-3'), [4, 'rollout-not-back']);
  assert.deepEqual(await codeOf('rollout', 'explain', 'nobody'), [3, 'rollout-device-unknown']);
  assert.deepEqual(await codeOf('rollout', 'explain'), [2, 'rollout-explain-whom']);
  assert.deepEqual(await codeOf('publish', '--reserve', '2', story.scratch.file('tree-os-1')), [
    ...[2, 'rollout-options-without-steps'],
  ]);
  assert.deepEqual(await done(atOrigin('stream', 'show', 'stable')), before);
});
