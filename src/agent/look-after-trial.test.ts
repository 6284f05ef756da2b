import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type BuildName, buildName } from '../base/identifiers.ts';
import { writeBootSettings } from '../device/boot-settings.ts';
import { installVersion } from '../device/device.fixture.ts';
import { lockDevice } from '../device/lock.ts';
import { openBootPointer } from '../device/open-boot-pointer.ts';
import { switchVersion } from '../device/switch-version.ts';
import { activeTrial, proveTrial, readTrial, writeTrial } from '../device/trial.ts';
import { rememberFailure } from '../device/trial-failures.ts';
import { symlinkAtomic } from '../os/atomic-file.ts';
import { day, testLaptop } from './agent.fixture.ts';
import { runRound } from './round.ts';

const [a, b] = [buildName('a'), buildName('b')];

/** A laptop that asks nobody and was switched from `a` to `b`, which runs. */
async function onTrial(context: TestContext, { soakSeconds = 0 } = {}) {
  const laptop = testLaptop(context);
  const { layout, agent } = laptop;
  for (const name of [a, b]) await installVersion(layout, name, { file: name });
  openBootPointer(layout).switchTo(a);
  const run = (name: BuildName) => symlinkAtomic(`pristine/${name}`, layout.running);
  run(a);
  writeBootSettings(layout, { soakSeconds });
  await switchVersion(layout, b, agent);
  run(b);
  const log = join(layout.root, 'log');
  const addCheck = (script: string) => {
    laptop.write('etc/satchel/check/required.d/10-x', `#!/bin/sh\necho looked >> ${log}\n${script}\n`);
    chmodSync(join(layout.root, 'etc/satchel/check/required.d/10-x'), 0o755);
  };
  const looks = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').length : 0);
  return { ...{ laptop, layout, agent, run, addCheck, looks }, round: () => runRound(agent) };
}

test('what is proven is kept by the first round after its days, without any server', async (context) => {
  const { laptop, layout, agent, round } = await onTrial(context, { soakSeconds: 2 * 86_400 });
  proveTrial(agent, activeTrial(layout)!);
  laptop.off(day);
  assert.equal((await round()).kept, undefined);
  laptop.off(day);
  assert.equal((await round()).kept, 'b');
  assert.equal(readTrial(layout), undefined);
  assert.deepEqual(openBootPointer(layout).read(), { current: 'b' });
});

test('where no initramfs of ours started the system, the agent looks at its health and keeps it', async (context) => {
  const { layout, round, addCheck, looks } = await onTrial(context);
  addCheck('exit 0');
  assert.equal((await round()).kept, 'b');
  assert.equal(looks(), 1);
  assert.equal(readTrial(layout), undefined);
});

test('there it looks once in each boot, and goes back after the last', async (context) => {
  const { laptop, layout, round, addCheck, looks, run } = await onTrial(context);
  addCheck('exit 1');
  for (const boots of [1, 2]) {
    await round();
    await round();
    assert.deepEqual([looks(), activeTrial(layout)?.boots], [boots, boots]);
    laptop.off(60_000);
  }
  await round();
  assert.deepEqual(openBootPointer(layout).read(), { current: 'a', alternate: 'b' });
  run(a);
  laptop.off(60_000);
  const { notices } = await round();
  assert.equal(notices.includes('agent-trial-failed'), true);
  assert.equal(readTrial(layout)?.told, true);
  laptop.off(4 * day);
  assert.equal((await round()).notices.includes('agent-trial-failed'), false);
});

test('where an initramfs of ours and systemd did, a unit has a quarter of an hour to look first', async (context) => {
  const { laptop, layout, round, addCheck, looks } = await onTrial(context);
  addCheck('exit 1');
  laptop.write('run/satchel/boot', 'build=b\ncounted=yes\n');
  laptop.write('run/systemd/system/x', '');
  laptop.uptime = 10 * 60_000;
  await round();
  assert.equal(looks(), 0);
  laptop.on(10 * 60_000);
  await round();
  assert.equal(looks(), 1);
  // The initramfs has counted this boot.
  assert.equal(activeTrial(layout)?.boots, 0);
});

test('just after a boot it is too early to look', async (context) => {
  const { laptop, layout, round, addCheck, looks } = await onTrial(context);
  addCheck('exit 0');
  laptop.uptime = 60_000;
  await round();
  assert.deepEqual([looks(), activeTrial(layout)?.state], [0, 'waiting']);
  laptop.on(120_000);
  assert.equal((await round()).kept, 'b');
});

test('while another command changes the device there is time until the next round', async (context) => {
  const { layout, agent, round } = await onTrial(context);
  proveTrial(agent, activeTrial(layout)!);
  {
    using _lock = lockDevice(layout);
    const { kept, failures } = await round();
    assert.deepEqual([kept, failures], [undefined, []]);
  }
  assert.equal((await round()).kept, 'b');
});

test('what its user left is no news to him', async (context) => {
  const { layout, agent, round } = await onTrial(context);
  writeTrial(layout, { ...activeTrial(layout)!, state: 'failed', reason: 'user', told: true });
  rememberFailure(agent, { build: b, reason: 'user' });
  assert.equal((await round()).notices.includes('agent-trial-failed'), false);
});
