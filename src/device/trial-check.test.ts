import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { type BuildName, buildName } from '../base/identifiers.ts';
import { silentReporter } from '../base/progress.ts';
import { symlinkAtomic } from '../os/atomic-file.ts';
import { writeBootSettings } from './boot-settings.ts';
import { writeConfiguration } from './configuration.ts';
import { emptyDevice, installVersion } from './device.fixture.ts';
import type { CheckKind } from './health.ts';
import { listVersions } from './installed.ts';
import { writeKeyValues } from './key-values.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import { readQueue } from './report-queue.ts';
import { switchVersion } from './switch-version.ts';
import { activeTrial, readTrial, writeTrial } from './trial.ts';
import { checkBoot } from './trial-check.ts';
import { failedBuilds } from './trial-failures.ts';
import { lastLines } from './trial-log.ts';
import { settleTrial } from './trial-settle.ts';
import { endTrialBefore } from './trial-update.ts';

const [a, b, c] = [buildName('a'), buildName('b'), buildName('c')];

/** A device that was switched from `a` to `b` and runs it for the first time. */
async function device(context: TestContext) {
  const layout = emptyDevice(context);
  const trials = { layout, clock: () => Date.parse('2026-03-02T08:00:00Z'), reporter: silentReporter };
  for (const name of ['a', 'b']) await installVersion(layout, name, { file: name });
  writeConfiguration(layout, { source: 'http://127.0.0.1:1/' });
  openBootPointer(layout).switchTo(a);
  const run = (name: BuildName) => symlinkAtomic(`pristine/${name}`, layout.running);
  run(a);
  const switchTo = (name: BuildName) => switchVersion(layout, name, trials);
  await switchTo(b);
  run(b);
  const add = (kind: CheckKind, name: string, script: string) => {
    const folder = join(layout.root, 'etc/satchel/check', `${kind}.d`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  };
  /** What our initramfs does when it starts a version on trial. */
  const countBoot = () => {
    const trial = activeTrial(layout)!;
    writeTrial(layout, { ...trial, state: 'booting', boots: trial.boots + 1 });
    mkdirSync(join(layout.root, 'run/satchel'), { recursive: true });
    writeKeyValues(layout.bootFacts, { build: trial.build, mode: 'overlay', counted: 'yes' });
  };
  const check = (mayGoBack = true) => checkBoot({ ...trials, mayGoBack });
  const onDisk = () => listVersions(layout).map(({ name }) => name as string);
  return { layout, trials, run, switchTo, add, countBoot, check, onDisk };
}

test('what passes is proven and kept', async (context) => {
  const { layout, add, countBoot, check, onDisk } = await device(context);
  add('required', '10-x', 'exit 0');
  countBoot();
  const { outcome, isWell } = await check();
  assert.deepEqual([outcome, isWell, onDisk(), readTrial(layout)], ['kept', true, ['b'], undefined]);
  assert.equal(readQueue(layout).at(-1)?.report.running, 'b');
  assert.equal((await check()).outcome, 'none');
});

test('what passes and is to be lived with stays on trial, also when a check fails later', async (context) => {
  const { layout, add, countBoot, check, onDisk } = await device(context);
  writeBootSettings(layout, { soakSeconds: 86_400 });
  // The time to live with it is that of the switch.
  writeTrial(layout, { ...activeTrial(layout)!, soakSeconds: 86_400 });
  countBoot();
  const { outcome, soakLeft } = await check();
  assert.deepEqual([outcome, soakLeft, onDisk()], ['soaking', 86_400_000, ['a', 'b']]);
  add('required', '10-x', 'exit 1');
  const later = await check();
  assert.deepEqual([later.outcome, later.isWell, activeTrial(layout)?.state], ['soaking', false, 'proven']);
});

test('what fails in each of its counted boots is left after the last', async (context) => {
  const { layout, trials, run, add, countBoot, check, onDisk } = await device(context);
  add('required', '10-x', 'echo no display; exit 3');
  for (const left of [2, 1]) {
    countBoot();
    const { outcome, triesLeft } = await check();
    assert.deepEqual([outcome, triesLeft], ['again', left]);
    assert.equal(openBootPointer(layout).read().current, 'b');
  }
  countBoot();
  assert.equal((await check()).outcome, 'back');
  assert.deepEqual(openBootPointer(layout).read(), { current: 'a', alternate: 'b' });
  assert.equal(readQueue(layout).length, 0);
  run(a);
  settleTrial(trials);
  const result = readQueue(layout)[0]?.report.result;
  assert.equal(result?.code, 'trial-failed-checks');
  assert.deepEqual(result?.lines?.slice(0, 2), ['satchel: check required.d/10-x: 3', 'no display']);
  assert.deepEqual(
    failedBuilds(layout).map(({ build }) => build),
    ['b'],
  );
  assert.deepEqual(onDisk(), ['a', 'b']);
});

test('where no initramfs of ours counts, the checks do', async (context) => {
  const { add, check } = await device(context);
  add('required', '10-x', 'exit 1');
  const outcomes = [await check(), await check(), await check()].map(({ outcome }) => outcome);
  assert.deepEqual(outcomes, ['again', 'again', 'back']);
});

test('a person who only looks changes nothing by a failure', async (context) => {
  const { layout, add, countBoot, check } = await device(context);
  add('required', '10-x', 'exit 1');
  countBoot();
  const before = readTrial(layout);
  assert.equal((await check(false)).outcome, 'ill');
  assert.deepEqual(readTrial(layout), before);
});

test('a wanted check that fails is told, and the version is kept', async (context) => {
  const { layout, add, countBoot, check } = await device(context);
  add('wanted', '10-x', 'echo printer is gone; exit 1');
  countBoot();
  assert.equal((await check()).outcome, 'kept');
  const told = readQueue(layout).map(({ report }) => report.result?.code);
  assert.equal(told.includes('check-wanted-failed'), true);
  assert.equal(lastLines(layout, b).at(-1), 'printer is gone');
});

test('an update keeps what is proven first, and spares what it leads to', async (context) => {
  const { layout, trials, countBoot, switchTo, onDisk } = await device(context);
  countBoot();
  writeTrial(layout, {
    ...activeTrial(layout)!,
    state: 'proven',
    proven: '2026-03-02T08:00:00Z',
    soakSeconds: 86_400,
  });
  await installVersion(layout, 'c', { file: 'c' });
  await endTrialBefore(trials, c);
  assert.deepEqual(onDisk(), ['b', 'c']);
  await switchTo(c);
  assert.deepEqual(openBootPointer(layout).read(), { current: 'c', alternate: 'b' });
});

test('an update runs the checks of what has not proved itself, and is refused when they fail', async (context) => {
  const { layout, trials, add, countBoot, onDisk } = await device(context);
  countBoot();
  add('required', '10-x', 'exit 1');
  await assert.rejects(
    endTrialBefore(trials, c),
    (error) => isSatchelError(error, 'trial-not-proven') && error.exitCode === 4,
  );
  assert.equal(activeTrial(layout)?.state, 'booting');
  add('required', '10-x', 'exit 0');
  await endTrialBefore(trials, c);
  assert.deepEqual([onDisk(), readTrial(layout)], [['b'], undefined]);
});

test('an update back to what was there before asks no check', async (context) => {
  const { layout, trials, add, countBoot, switchTo } = await device(context);
  countBoot();
  add('required', '10-x', 'exit 1');
  await endTrialBefore(trials, a);
  await switchTo(a);
  assert.deepEqual(openBootPointer(layout).read(), { current: 'a', alternate: 'b' });
});
