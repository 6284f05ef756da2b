import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { buildName } from '../base/identifiers.ts';
import { configureDevice } from '../device/configure.ts';
import { installVersion } from '../device/device.fixture.ts';
import { lockDevice } from '../device/lock.ts';
import { openBootPointer } from '../device/open-boot-pointer.ts';
import { switchVersion } from '../device/switch-version.ts';
import { symlinkAtomic } from '../os/atomic-file.ts';
import { testLaptop } from './agent.fixture.ts';
import { runRound } from './round.ts';

const [a, b] = [buildName('a'), buildName('b')];

/** A laptop that asks nobody, runs `a`, and seals what comes; it runs in a mode in which nothing is sealed. */
async function sealing(context: TestContext) {
  const laptop = testLaptop(context);
  const { layout, agent, said } = laptop;
  for (const name of [a, b]) await installVersion(layout, name, { file: name });
  openBootPointer(layout).switchTo(a);
  symlinkAtomic('pristine/a', layout.running);
  laptop.write('run/satchel/boot', 'build=a\nmode=reflink\n');
  configureDevice(layout.root, { seal: true });
  /** How often it was said that the version cannot be sealed, in one round. */
  const tries = async () => {
    const before = said.length;
    await runRound(agent);
    return said.slice(before).filter(({ code }) => code === 'update-not-sealed').length;
  };
  return { laptop, layout, agent, tries };
}

test('what runs and came without seals gets them, tried once in each boot', async (context) => {
  const { laptop, layout, tries } = await sealing(context);
  assert.deepEqual([await tries(), await tries()], [1, 0]);
  laptop.off(60_000);
  assert.deepEqual([await tries(), await tries()], [1, 0]);
  configureDevice(layout.root, { seal: false });
  laptop.off(60_000);
  assert.equal(await tries(), 0);
});

test('nobody is disturbed: it waits for the end of a lesson', async (context) => {
  const { laptop, layout, tries } = await sealing(context);
  laptop.write('run/satchel/inhibit', 'a lesson\n');
  assert.equal(await tries(), 0);
  rmSync(join(layout.root, 'run/satchel/inhibit'));
  assert.equal(await tries(), 1);
});

test('nothing is sealed while a version is on trial', async (context) => {
  const { layout, agent, tries } = await sealing(context);
  await switchVersion(layout, b, agent);
  assert.equal(await tries(), 0);
});

test('while another command changes the device there is time until the next boot', async (context) => {
  const { layout, tries } = await sealing(context);
  using _lock = lockDevice(layout);
  assert.equal(await tries(), 0);
});
