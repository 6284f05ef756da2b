import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { type BuildName, buildName } from '../base/identifiers.ts';
import { silentReporter } from '../base/progress.ts';
import { symlinkAtomic } from '../os/atomic-file.ts';
import { emptyDevice, installVersion } from './device.fixture.ts';
import { readInstalled, writeInstalled } from './installed.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import { rollback } from './rollback.ts';
import { deviceStatus } from './status.ts';

const old = buildName('old');
const present = buildName('present');
const january = () => Date.parse('2026-01-15T00:00:00Z');

async function device(context: TestContext) {
  const layout = emptyDevice(context);
  for (const name of ['old', 'other', 'present'])
    await installVersion(layout, name, { file: `content of ${name}` });
  const boot = openBootPointer(layout);
  boot.switchTo(present, old);
  symlinkAtomic('pristine/present', layout.running);
  const back = (to?: BuildName) => rollback({ layout, clock: january, to, reporter: silentReporter });
  return { layout, boot, back };
}

test('going back makes the previous version boot next and the present one the way back', async (context) => {
  const { boot, back } = await device(context);
  assert.deepEqual(await back(), { from: 'present', to: 'old', rebootNeeded: true });
  assert.deepEqual(boot.read(), { current: 'old', alternate: 'present' });
  assert.deepEqual(await back(), { from: 'old', to: 'present', rebootNeeded: false, gaveUp: 'old' });
  assert.deepEqual(boot.read(), { current: 'present', alternate: 'old' });
});

test('a named version is gone back to', async (context) => {
  const { boot, back } = await device(context);
  assert.equal((await back(buildName('other'))).to, 'other');
  assert.deepEqual(boot.read(), { current: 'other', alternate: 'present' });
});

test('going back to what boots next anyway changes nothing', async (context) => {
  const { boot, back } = await device(context);
  assert.deepEqual(await back(present), { from: 'present', to: 'present', rebootNeeded: false });
  assert.deepEqual(boot.read(), { current: 'present', alternate: 'old' });
});

test('without a previous version it is refused', async (context) => {
  const { boot, back } = await device(context);
  boot.switchTo(present);
  await assert.rejects(back(), (error) => isSatchelError(error, 'rollback-nothing') && error.exitCode === 3);
});

test('a damaged version is not gone back to', async (context) => {
  const { layout, boot, back } = await device(context);
  writeFileSync(join(layout.pristine, 'old/file'), 'changed');
  // It came from no repository, so that none can repair it.
  await assert.rejects(
    back(),
    (error) => isSatchelError(error, 'rollback-target-damaged-rsync') && error.parameters.path === 'file',
  );
  writeInstalled(layout, { ...readInstalled(layout, old)!, sequence: 1 });
  await assert.rejects(back(), (error) => isSatchelError(error, 'rollback-target-damaged'));
  assert.equal(boot.read().current, present);
});

test('a version that is not installed is refused', async (context) => {
  const { back } = await device(context);
  await assert.rejects(back(buildName('none')), (error) => isSatchelError(error, 'version-not-installed'));
});

test('a previous version from before Satchel is gone back to, and it is said', async (context) => {
  const { layout, boot } = await device(context);
  mkdirSync(join(layout.pristine, '802'));
  boot.switchTo(present, buildName('802'));
  const notices: string[] = [];
  const reporter = { progress() {}, notice: (code: string) => void notices.push(code) };
  const { to } = await rollback({ layout, clock: january, reporter });
  assert.equal(to, '802');
  assert.deepEqual(notices, ['rollback-unverified']);
});

const nothingReceived = {
  month: '2026-01',
  bytes: 0,
  budget: null,
  left: null,
  nextBegins: '2026-02-01T00:00:00.000Z',
};

test('the status tells what runs, what boots next, and what there is', async (context) => {
  const { layout, back } = await device(context);
  await back();
  writeFileSync(join(layout.spool, 'piece'), '12345');
  writeFileSync(join(layout.sticky, 'other'), '');
  mkdirSync(join(layout.pristine, '802'));
  const status = deviceStatus(layout.root, january);
  assert.deepEqual(
    { ...status, versions: status.versions.map(({ name, complete, sticky }) => [name, complete, sticky]) },
    {
      root: layout.root,
      running: 'present',
      nextBoot: 'old',
      previous: 'present',
      rebootNeeded: true,
      trial: {
        ...{ build: 'old', previous: 'present', state: 'waiting', tries: 3, boots: 0 },
        since: '2026-01-15T00:00:00Z',
      },
      versions: [
        ['802', false, false],
        ['old', true, false],
        ['other', true, true],
        ['present', true, false],
      ],
      stream: 'stable',
      streamSaidBy: 'default',
      spoolBytes: 5,
      data: nothingReceived,
    },
  );
  assert.equal(status.versions[1]?.size, 'content of old'.length);
});

test('an empty device has a status too', (context) => {
  const layout = emptyDevice(context);
  assert.deepEqual(deviceStatus(layout.root, january), {
    root: layout.root,
    rebootNeeded: false,
    versions: [],
    stream: 'stable',
    streamSaidBy: 'default',
    spoolBytes: 0,
    data: nothingReceived,
  });
});
