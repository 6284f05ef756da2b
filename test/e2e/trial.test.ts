/** A version on trial from the command line: proven, kept, left, reported, and not taken a second time. */
import assert from 'node:assert/strict';
import { chmodSync, cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { deviceLayout } from '../../src/device/layout.ts';
import { readTrial, writeTrial } from '../../src/device/trial.ts';
import type { FleetDevice } from '../../src/fleet/fleet.ts';
import { needsRoot } from '../../src/formats/gnu-tar.testkit.ts';
import { symlinkAtomic } from '../../src/os/atomic-file.ts';
import { must, runCommand } from '../doubles/command.ts';
import { faketimeLibrary, type RunningServer, satchel, serve } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { writeTinyBuilds } from '../doubles/tiny-builds.ts';

const scratch = scratchFolder('trial');
const needsFaketime =
  faketimeLibrary() === undefined ? 'faketime is not installed: apt-get install faketime' : false;
const repository = scratch.file('repository');
let server: RunningServer;
let trust = '';
let number = 0;
let root = '';

before(async () => {
  const { b1, b2 } = writeTinyBuilds(scratch.path);
  ({ rootSha256: trust } = await must('init', '--repo', repository));
  await must('publish', '--repo', repository, '--name', 'b1', b1);
  await must('publish', '--repo', repository, '--name', 'b2', b2);
  server = await serve(repository);
});
after(async () => {
  await server?.stop();
  scratch.remove();
});

/** A device that runs b1. */
beforeEach(async () => {
  number += 1;
  root = scratch.file(`device-${number}`);
  await must('device', 'init', '--root', root, '--source', server.url, '--trust', trust);
  await must('update', '--root', root, 'b1');
  runs('b1');
});

/** What an initramfs does: it counts a boot of a version on trial, and says what it has started. */
function runs(name: string): void {
  const layout = deviceLayout(root);
  symlinkAtomic(`pristine/${name}`, layout.running);
  const trial = readTrial(layout);
  const isCounted = trial?.build === name && (trial.state === 'waiting' || trial.state === 'booting');
  if (isCounted) writeTrial(layout, { ...trial, state: 'booting', boots: trial.boots + 1 });
  mkdirSync(join(root, 'run/satchel'), { recursive: true });
  writeFileSync(layout.bootFacts, `build=${name}\nmode=overlay\ncounted=${isCounted ? 'yes' : 'no'}\n`);
}

function addCheck(kind: 'required' | 'wanted', script: string): void {
  const folder = join(root, 'etc/satchel/check', `${kind}.d`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, '10-x'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, '10-x'), 0o755);
}

const mine = async (...words: readonly string[]) => must(...words, '--root', root);
const boots = async () => {
  const { nextBoot, previous, trial, failed } = await mine('status');
  return { nextBoot, previous, trial: trial?.state, failed: failed?.length ?? 0 };
};
const hasTree = (name: string) => existsSync(join(root, 'versions/pristine', name));

describe('a version that is in good health', () => {
  test('is kept after its first boot, and the one before is gone', async () => {
    await mine('update');
    assert.deepEqual(await boots(), { nextBoot: 'b2', previous: 'b1', trial: 'waiting', failed: 0 });
    runs('b2');
    addCheck('required', 'exit 0');
    const { outcome, results } = await mine('boot', 'check');
    assert.deepEqual([outcome, results.length], ['kept', 1]);
    assert.deepEqual(await boots(), { nextBoot: 'b2', previous: undefined, trial: undefined, failed: 0 });
    assert.deepEqual([hasTree('b1'), hasTree('b2')], [false, true]);
    assert.equal((await mine('boot', 'check')).outcome, 'none');
  });

  test('is lived with for the days that were set, unless somebody keeps it', async () => {
    await mine('device', 'set', '--soak', '3d');
    await mine('update');
    runs('b2');
    assert.equal((await mine('boot', 'check')).outcome, 'soaking');
    assert.equal((await boots()).trial, 'proven');
    assert.equal(hasTree('b1'), true);
    assert.deepEqual(await mine('keep'), { build: 'b2', removed: ['b1'] });
    assert.equal((await runCommand('keep', '--root', root)).code, 3);
  });

  test('in Spanish too', async () => {
    await mine('update');
    runs('b2');
    const { stdout } = await satchel(['boot', 'check', '--root', root], {
      environment: { SATCHEL_LANG: 'es' },
    });
    assert.match(stdout, /b2 demostró que funciona y se conserva; se soltó b1\./);
  });
});

describe('the checks that come with Satchel keep a version', () => {
  for (const clock of ['1970-01-01 00:10:00', '2099-06-01 12:00:00'])
    test(`without a network, without a server, and by a clock that says ${clock}`, {
      skip: needsRoot || needsFaketime,
    }, async () => {
      await mine('update');
      runs('b2');
      cpSync(join(import.meta.dirname, '../../packaging/check'), join(root, 'etc/satchel/check'), {
        recursive: true,
      });
      const { stdout, stderr } = await satchel(['boot', 'check', '--root', root, '--reboot', '--json'], {
        clock,
        wrapper: ['unshare', '--net', '--'],
      });
      const { outcome, results } = JSON.parse(stdout || '{}');
      assert.deepEqual([outcome, results.length > 1], ['kept', true], stderr);
    });
});

describe('a version that is not', () => {
  test('is left after its last boot, told with its last lines, and not taken again by itself', async () => {
    await mine('update');
    addCheck('required', 'echo the display is dark; exit 1');
    for (const left of [2, 1]) {
      runs('b2');
      const { code, json } = await runCommand('boot', 'check', '--reboot', '--root', root);
      assert.deepEqual([code, json.outcome, json.triesLeft], [1, 'again', left]);
    }
    runs('b2');
    const { json } = await runCommand('boot', 'check', '--reboot', '--root', root);
    assert.equal(json.outcome, 'back');
    runs('b1');
    addCheck('required', 'exit 0');
    const { update, notices } = await mine('agent', 'once', '--now');
    assert.deepEqual([update.build, update.result], ['b1', 'current']);
    assert.deepEqual(notices, ['agent-trial-failed']);
    const checked = await mine('check');
    assert.deepEqual(
      [checked.available, checked.build, checked.failed.build, checked.failed.reason],
      [false, 'b1', 'b2', 'checks'],
    );
    assert.equal((await mine('update')).plan, 'none');
    assert.deepEqual(await boots(), { nextBoot: 'b1', previous: 'b2', trial: undefined, failed: 1 });
    const { devices } = (await must('fleet', 'devices', '--repo', repository)) as { devices: FleetDevice[] };
    const told = devices.find(({ result }) => result?.code === 'trial-failed-checks');
    assert.deepEqual([told?.result?.from, told?.result?.build, told?.running], ['b2', 'b1', 'b1']);
    assert.equal(told?.result?.lines?.at(-1), 'the display is dark');
    const { stdout } = await satchel(['fleet', 'devices', '--repo', repository]);
    assert.match(stdout, /left b2: checks failed\n(?: {4}.+\n)* {4}the display is dark/);
    // Whoever names it gets it.
    assert.equal((await mine('update', 'b2')).plan, 'switch');
    assert.equal((await boots()).trial, 'waiting');
  });
});

test('a person goes back, and the stream does not undo that', async () => {
  await mine('update');
  runs('b2');
  const { to, gaveUp, reported } = await mine('rollback');
  assert.deepEqual([to, gaveUp, reported], ['b1', 'b2', 1]);
  assert.deepEqual(await boots(), { nextBoot: 'b1', previous: 'b2', trial: undefined, failed: 1 });
  runs('b1');
  const { stdout } = await satchel(['update', '--root', root]);
  assert.match(stdout, /stable leads to b2, which somebody at this device left again; it stays on b1\./);
  assert.match((await satchel(['status', '--root', root])).stdout, /Somebody left b2 here/);
});
