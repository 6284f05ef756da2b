import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { type BuildName, buildName } from '../base/identifiers.ts';
import { silentReporter } from '../base/progress.ts';
import { symlinkAtomic } from '../os/atomic-file.ts';
import { writeBootSettings } from './boot-settings.ts';
import { writeConfiguration } from './configuration.ts';
import { emptyDevice, installVersion } from './device.fixture.ts';
import { listVersions } from './installed.ts';
import { keepIfDue, keepNow } from './keep.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import { purgeVersions } from './purge.ts';
import { readQueue } from './report-queue.ts';
import { rollback } from './rollback.ts';
import { switchVersion } from './switch-version.ts';
import { activeTrial, proveTrial, readTrial, startTrial, writeTrial } from './trial.ts';
import { failedBuilds } from './trial-failures.ts';
import { appendBootLog } from './trial-log.ts';
import { settleTrial } from './trial-settle.ts';

const [a, b, c] = [buildName('a'), buildName('b'), buildName('c')];
const day = 86_400_000;

/** A device that runs and boots `a`, with `b` and `c` on it, and a clock that the test sets. */
async function device(context: TestContext) {
  const layout = emptyDevice(context);
  const time = { now: Date.parse('2026-03-02T08:00:00Z') };
  const trials = { layout, clock: () => time.now };
  for (const name of ['a', 'b', 'c']) await installVersion(layout, name, { file: name });
  writeConfiguration(layout, { source: 'http://127.0.0.1:1/' });
  const boot = openBootPointer(layout);
  boot.switchTo(a);
  const run = (name: BuildName) => symlinkAtomic(`pristine/${name}`, layout.running);
  run(a);
  const switchTo = (name: BuildName) =>
    switchVersion(layout, name, { clock: trials.clock, reporter: silentReporter });
  const onDisk = () => listVersions(layout).map(({ name }) => name as string);
  const back = (to?: BuildName) => rollback({ ...trials, to, reporter: silentReporter });
  const isMarked = (name: BuildName) => existsSync(join(layout.sticky, name));
  return { layout, time, trials, boot, run, switchTo, onDisk, back, isMarked };
}

test('a switch puts the new version on trial, with the one that runs as the way back', async (context) => {
  const { layout, boot, switchTo, onDisk, isMarked } = await device(context);
  await switchTo(b);
  assert.deepEqual(boot.read(), { current: 'b', alternate: 'a' });
  assert.deepEqual(activeTrial(layout), {
    ...{ build: 'b', previous: 'a', state: 'waiting', tries: 3, boots: 0, soakSeconds: 0, told: false },
    since: '2026-03-02T08:00:00Z',
  });
  assert.equal(isMarked(a), true);
  assert.deepEqual(onDisk(), ['a', 'b']);
});

test('the first version of a device has no way back, so no trial', async (context) => {
  const layout = emptyDevice(context);
  await installVersion(layout, 'a', { file: 'a' });
  await switchVersion(layout, a, { clock: () => 0, reporter: silentReporter });
  assert.equal(readTrial(layout), undefined);
  assert.equal(openBootPointer(layout).read().current, 'a');
});

test('where nothing tells what runs there are no trials, and the way back is what was booted before', async (context) => {
  const { layout, boot, switchTo } = await device(context);
  rmSync(layout.running);
  await switchTo(b);
  assert.equal(readTrial(layout), undefined);
  assert.deepEqual(boot.read(), { current: 'b', alternate: 'a' });
});

test('what was never booted is passed over by what comes next', async (context) => {
  const { layout, boot, switchTo, onDisk } = await device(context);
  await switchTo(b);
  await installVersion(layout, 'c', { file: 'c' });
  await switchTo(c);
  assert.deepEqual(boot.read(), { current: 'c', alternate: 'a' });
  assert.deepEqual(onDisk(), ['a', 'c']);
  assert.equal(activeTrial(layout)?.previous, 'a');
});

test('a switch back to what was kept ends the trial and starts none', async (context) => {
  const { layout, boot, switchTo, isMarked } = await device(context);
  await switchTo(b);
  await switchTo(a);
  assert.equal(readTrial(layout), undefined);
  assert.equal(isMarked(a), false);
  assert.deepEqual(boot.read(), { current: 'a', alternate: 'b' });
  assert.deepEqual(failedBuilds(layout), []);
});

test('what is proven is kept at once without a time to live with it', async (context) => {
  const { layout, trials, boot, run, switchTo, onDisk, isMarked } = await device(context);
  await switchTo(b);
  run(b);
  proveTrial(trials, activeTrial(layout)!);
  assert.deepEqual(keepIfDue(trials), { build: 'b', removed: ['a'] });
  assert.deepEqual(boot.read(), { current: 'b' });
  assert.deepEqual(onDisk(), ['b']);
  assert.equal(readTrial(layout), undefined);
  assert.equal(isMarked(a), false);
});

test('what is to be lived with is kept when its days are over', async (context) => {
  const { layout, time, trials, run, switchTo, onDisk } = await device(context);
  writeBootSettings(layout, { soakSeconds: 3 * 86_400 });
  await switchTo(b);
  run(b);
  proveTrial(trials, activeTrial(layout)!);
  time.now += 2 * day;
  assert.equal(keepIfDue(trials), undefined);
  assert.deepEqual(onDisk(), ['a', 'b']);
  time.now += day;
  assert.deepEqual(keepIfDue(trials)?.removed, ['a']);
});

test('a person keeps what is proven before its days are over, and nothing else', async (context) => {
  const { layout, trials, run, switchTo } = await device(context);
  const refuses = (code: 'keep-nothing' | 'keep-not-running' | 'trial-not-proven') =>
    assert.throws(
      () => keepNow(trials),
      (error) => isSatchelError(error, code),
    );
  refuses('keep-nothing');
  writeBootSettings(layout, { soakSeconds: 86_400 });
  await switchTo(b);
  refuses('keep-not-running');
  run(b);
  refuses('trial-not-proven');
  proveTrial(trials, activeTrial(layout)!);
  assert.equal(keepNow(trials).build, 'b');
});

test('a mark that people made stays when a version is kept, and so does the version', async (context) => {
  const { layout, trials, run, switchTo, onDisk } = await device(context);
  writeFileSync(join(layout.sticky, 'a'), 'mine\n');
  await switchTo(b);
  run(b);
  proveTrial(trials, activeTrial(layout)!);
  keepIfDue(trials);
  assert.deepEqual(onDisk(), ['a', 'b']);
  assert.equal(readFileSync(join(layout.sticky, 'a'), 'utf8'), 'mine\n');
});

test('a person who goes back ends the trial; it is told, and the version is not forgotten', async (context) => {
  const { layout, boot, run, switchTo, back, isMarked } = await device(context);
  await switchTo(b);
  run(b);
  const gone = await back();
  assert.deepEqual(gone, { from: 'b', to: 'a', rebootNeeded: true, gaveUp: 'b' });
  assert.deepEqual(boot.read(), { current: 'a', alternate: 'b' });
  assert.equal(readTrial(layout)?.state, 'failed');
  assert.equal(isMarked(a), false);
  assert.deepEqual(
    failedBuilds(layout).map(({ build, reason }) => [build, reason]),
    [['b', 'user']],
  );
  const [{ report } = { report: undefined }] = readQueue(layout);
  assert.equal(report?.event, 'rollback');
  assert.deepEqual(
    [report?.result?.build, report?.result?.from, report?.result?.result, report?.result?.code],
    ['a', 'b', 'done', 'trial-failed-user'],
  );
});

test('what a kernel left behind when it panicked is told with them', async (context) => {
  const { layout, trials, boot, switchTo } = await device(context);
  await switchTo(b);
  boot.switchTo(a, b);
  const { since } = readTrial(layout)!;
  writeTrial(layout, { ...readTrial(layout)!, state: 'failed', reason: 'boots', boots: 3 });
  appendBootLog(layout, b, ['satchel: boot 3 of 3']);
  const record = join(layout.root, 'sys/fs/pstore/dmesg-efi-1');
  mkdirSync(dirname(record), { recursive: true });
  writeFileSync(record, 'Panic#1 Part1\n<0>Kernel panic - not syncing\n');
  utimesSync(record, new Date(since), new Date(since));
  settleTrial(trials);
  const [queued] = readQueue(layout);
  assert.deepEqual(queued?.report.result?.lines, ['satchel: boot 3 of 3', '<0>Kernel panic - not syncing']);
});

test('what the initramfs has given up is told once, with the last lines of its boot', async (context) => {
  const { layout, trials, boot, switchTo } = await device(context);
  await switchTo(b);
  // As the hook does it: the pointer, then the file; this boot is one of `a`.
  boot.switchTo(a, b);
  writeTrial(layout, { ...readTrial(layout)!, state: 'failed', reason: 'boots', boots: 3 });
  appendBootLog(layout, b, ['satchel: boot 3 of 3', 'Kernel panic \u001b[31m- not syncing']);
  assert.equal(settleTrial(trials), undefined);
  assert.equal(settleTrial(trials), undefined);
  const queue = readQueue(layout);
  assert.equal(queue.length, 1);
  assert.equal(queue[0]?.report.result?.code, 'trial-failed-boots');
  assert.deepEqual(queue[0]?.report.result?.lines, ['satchel: boot 3 of 3', 'Kernel panic - not syncing']);
});

test('what failed its checks is told by the version that the device has gone back to', async (context) => {
  const { layout, trials, boot, run, switchTo } = await device(context);
  await switchTo(b);
  run(b);
  boot.switchTo(a, b);
  writeTrial(layout, { ...readTrial(layout)!, state: 'failed', reason: 'checks', boots: 3 });
  settleTrial(trials);
  assert.equal(readQueue(layout).length, 0);
  run(a);
  settleTrial(trials);
  assert.equal(readQueue(layout)[0]?.report.result?.code, 'trial-failed-checks');
});

test('the other version chosen in a boot menu that changes the pointer ends the trial', async (context) => {
  const { layout, trials, boot, run, switchTo } = await device(context);
  await switchTo(b);
  boot.switchTo(a, b);
  run(a);
  settleTrial(trials);
  assert.equal(readTrial(layout)?.reason, 'user');
});

test('what a power cut left of a switch that never came means nothing', async (context) => {
  const { layout, trials, boot, isMarked } = await device(context);
  startTrial(trials, { build: b, previous: a });
  assert.equal(activeTrial(layout), undefined);
  assert.deepEqual(purgeVersions(layout).removed, ['b', 'c']);
  assert.equal(isMarked(a), false);
  settleTrial(trials);
  assert.equal(readTrial(layout), undefined);
  assert.deepEqual(boot.read(), { current: 'a' });
  assert.deepEqual(failedBuilds(layout), []);
});

test('a keep that a power cut ended is done again', async (context) => {
  const { layout, trials, boot, run, switchTo, onDisk } = await device(context);
  await switchTo(b);
  run(b);
  const proven = proveTrial(trials, activeTrial(layout)!);
  // The pointer has let go of it, nothing else has happened.
  boot.switchTo(b);
  assert.deepEqual(settleTrial(trials), proven);
  assert.deepEqual(keepIfDue(trials)?.removed, ['a']);
  assert.deepEqual(onDisk(), ['b']);
});

test('a version on trial and its way back survive every purge', async (context) => {
  const { layout, boot, run, switchTo, onDisk } = await device(context);
  await switchTo(b);
  run(b);
  // Nothing but the trial names it any more.
  boot.switchTo(b);
  assert.deepEqual(purgeVersions(layout).removed, []);
  assert.deepEqual(onDisk(), ['a', 'b']);
});

test('a version that failed once and is kept later is forgotten as one that failed', async (context) => {
  const { layout, trials, run, switchTo, back } = await device(context);
  await switchTo(b);
  await back();
  await back(b);
  assert.equal(activeTrial(layout)?.build, 'b');
  run(b);
  proveTrial(trials, activeTrial(layout)!);
  keepIfDue(trials);
  assert.deepEqual(failedBuilds(layout), []);
});

test('a damaged file of a trial counts as none', (context) => {
  const layout = emptyDevice(context);
  for (const text of [
    '',
    'build=b\n',
    'build=../b\nprevious=a\nstate=waiting\n',
    'build=b\nprevious=a\nstate=x\n',
  ]) {
    writeFileSync(layout.trial, text);
    assert.equal(readTrial(layout), undefined);
  }
  mkdirSync(join(layout.sticky, 'x'));
  assert.equal(activeTrial(layout), undefined);
});
