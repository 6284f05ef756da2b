/** Trials on a device whose boot loader counts. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type BuildName, buildName } from '../base/identifiers.ts';
import { silentReporter } from '../base/progress.ts';
import { symlinkAtomic } from '../os/atomic-file.ts';
import { writeBootSettings } from './boot-settings.ts';
import { writeConfiguration } from './configuration.ts';
import { bootableVersion, emptyDevice } from './device.fixture.ts';
import { keepIfDue } from './keep.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import { readQueue } from './report-queue.ts';
import { rollback } from './rollback.ts';
import { bootNext } from './switch-version.ts';
import { activeTrial, proveTrial, readTrial, writeTrial } from './trial.ts';
import { checkBoot } from './trial-check.ts';
import { failedBuilds } from './trial-failures.ts';
import { settleTrial } from './trial-settle.ts';

const [a, b, c] = [buildName('a'), buildName('b'), buildName('c')];

/** A device that runs `a` and was told to boot `b` next, in two boots at most. */
function device(context: TestContext) {
  const layout = emptyDevice(context);
  for (const name of [a, b, c]) bootableVersion(layout, name);
  mkdirSync(join(layout.bootPartition, 'EFI/BOOT'), { recursive: true });
  writeBootSettings(layout, { kind: 'bls', tries: 2, options: 'root=LABEL=Root rw' });
  writeConfiguration(layout, { source: 'http://127.0.0.1:1/' });
  const trials = { layout, clock: () => Date.parse('2026-03-02T08:00:00Z') };
  const boot = openBootPointer(layout);
  boot.switchTo(a);
  const run = (name: BuildName) => symlinkAtomic(`pristine/${name}`, layout.running);
  run(a);
  bootNext(trials, b);
  const folder = join(layout.bootPartition, 'loader/entries');
  /** What systemd-boot does: it counts, and starts what counting has left. */
  const start = () => {
    for (const file of readdirSync(folder)) {
      const [, name = '', left = '0', done = '0'] = /^(.*)\+(\d+)(?:-(\d+))?\.conf$/.exec(file) ?? [];
      if (left === '0') continue;
      renameSync(join(folder, file), join(folder, `${name}+${Number(left) - 1}-${Number(done) + 1}.conf`));
      return run(b);
    }
    run(boot.read().current ?? a);
  };
  return { layout, trials, boot, run, start };
}

test('the loader gives a version on trial the boots that were set', (context) => {
  const { layout, boot } = device(context);
  assert.equal(boot.triesLeft(b), 2);
  assert.deepEqual(boot.read(), { current: 'b', alternate: 'a' });
  assert.equal(activeTrial(layout)?.tries, 2);
});

test('what proves itself in its last boot is kept, and the loader counts no longer', (context) => {
  const { layout, trials, boot, start } = device(context);
  start();
  start();
  assert.equal(boot.triesLeft(b), 0);
  assert.equal(settleTrial(trials)?.build, 'b');
  assert.deepEqual(failedBuilds(layout), []);
  proveTrial(trials, activeTrial(layout)!);
  assert.equal(boot.triesLeft(b), undefined);
  assert.deepEqual(boot.read(), { current: 'b', alternate: 'a' });
  assert.equal(keepIfDue(trials)?.build, 'b');
  assert.deepEqual(boot.read(), { current: 'b' });
});

test('when the loader has come back by itself the trial has failed, and that is told', (context) => {
  const { layout, trials, boot, start } = device(context);
  for (const _ of [1, 2, 3]) start();
  assert.deepEqual(failedBuilds(layout), [{ build: 'b', reason: 'boots', at: '2026-03-02T08:00:00Z' }]);
  assert.equal(settleTrial(trials), undefined);
  assert.deepEqual([readTrial(layout)?.state, readTrial(layout)?.reason], ['failed', 'boots']);
  assert.deepEqual(boot.read(), { current: 'a', alternate: 'b' });
  assert.equal(readQueue(layout)[0]?.report.result?.code, 'trial-failed-boots');
});

test('a failed check in the last boot ends the trial', async (context) => {
  const { layout, trials, boot, start } = device(context);
  const folder = join(layout.root, 'etc/satchel/check/required.d');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, '10-x'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  const check = () => checkBoot({ ...trials, reporter: silentReporter, mayGoBack: true });
  start();
  assert.deepEqual([(await check()).outcome, readTrial(layout)?.boots], ['again', 1]);
  start();
  assert.equal((await check()).outcome, 'back');
  start();
  settleTrial(trials);
  assert.deepEqual(boot.read(), { current: 'a', alternate: 'b' });
  assert.equal(readTrial(layout)?.reason, 'checks');
});

test('the other version chosen once in the menu of the loader ends nothing', (context) => {
  const { layout, trials, run } = device(context);
  run(a);
  settleTrial(trials);
  assert.equal(activeTrial(layout)?.build, 'b');
});

for (const boots of [1, 2])
  test(`a person goes back in boot ${boots} of 2`, async (context) => {
    const { layout, trials, boot, start } = device(context);
    for (let made = 0; made < boots; made += 1) start();
    const { from, to, gaveUp } = await rollback({ ...trials, reporter: silentReporter });
    assert.deepEqual([from, to, gaveUp], ['b', 'a', 'b']);
    assert.deepEqual(boot.read(), { current: 'a', alternate: 'b' });
    assert.equal(readTrial(layout)?.reason, 'user');
  });

test('what was never booted is passed over, and the way back stays', (context) => {
  const { layout, trials, boot } = device(context);
  bootNext(trials, c);
  assert.deepEqual(boot.read(), { current: 'c', alternate: 'a' });
  assert.equal(boot.triesLeft(c), 2);
  assert.equal(activeTrial(layout)?.previous, 'a');
});

test('what the initramfs took for the choice of a person was the count of the loader', (context) => {
  const { layout, trials, start } = device(context);
  for (const _ of [1, 2, 3]) start();
  writeTrial(layout, { ...readTrial(layout)!, state: 'failed', reason: 'user', boots: 1 });
  settleTrial(trials);
  assert.equal(readQueue(layout)[0]?.report.result?.code, 'trial-failed-boots');
  assert.equal(failedBuilds(layout)[0]?.reason, 'boots');
});
