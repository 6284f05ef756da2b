import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { buildName } from '../base/identifiers.ts';
import { symlinkAtomic } from '../os/atomic-file.ts';
import { olpcBootPointer } from './boot-olpc.ts';
import { emptyDevice } from './device.fixture.ts';
import { runningVersion } from './running-version.ts';

const one = buildName('one');
const two = buildName('two');

function deviceWithTrees(context: TestContext) {
  const layout = emptyDevice(context);
  for (const name of ['one', 'two']) mkdirSync(join(layout.pristine, name));
  return { layout, boot: olpcBootPointer(layout) };
}

test('a device without a pointer is not versioned', (context) => {
  const { layout, boot } = deviceWithTrees(context);
  assert.deepEqual(boot.read(), {});
  assert.equal(runningVersion(layout), undefined);
});

test('a switch leaves one configuration with absolute links, as the initramfs wants them', (context) => {
  const { layout, boot } = deviceWithTrees(context);
  boot.switchTo(one);
  boot.switchTo(two, one);
  assert.deepEqual(boot.read(), { current: 'two', alternate: 'one' });
  const [config, ...others] = readdirSync(layout.configs);
  assert.deepEqual(others, []);
  assert.equal(readlinkSync(layout.boot), `configs/${config}`);
  assert.equal(readlinkSync(join(layout.configs, config!, 'current')), '/versions/pristine/two');
  assert.equal(readlinkSync(join(layout.configs, config!, 'alt')), '/versions/pristine/one');
});

test('a switch without an alternate leaves none', (context) => {
  const { boot } = deviceWithTrees(context);
  boot.switchTo(two, one);
  boot.switchTo(two);
  assert.deepEqual(boot.read(), { current: 'two' });
});

test('a switch to what is set already changes nothing', (context) => {
  const { layout, boot } = deviceWithTrees(context);
  boot.switchTo(two, one);
  const before = readlinkSync(layout.boot);
  boot.switchTo(two, one);
  assert.equal(readlinkSync(layout.boot), before);
});

test('a switch to a version without a tree is refused and changes nothing', (context) => {
  const { boot } = deviceWithTrees(context);
  boot.switchTo(one);
  for (const [build, alternate] of [
    [buildName('none'), one],
    [two, buildName('none')],
  ] as const)
    assert.throws(
      () => boot.switchTo(build, alternate),
      (error) => isSatchelError(error, 'version-not-on-disk'),
    );
  assert.deepEqual(boot.read(), { current: 'one' });
});

test('what a power cut left of earlier switches goes with the next', (context) => {
  const { layout, boot } = deviceWithTrees(context);
  mkdirSync(join(layout.configs, 'cfg.0123456789'));
  symlinkSync('configs/x', join(layout.versions, '.tmp.0123456789abcdef.boot'));
  boot.switchTo(one);
  assert.equal(readdirSync(layout.configs).length, 1);
  assert.ok(!readdirSync(layout.versions).some((name) => name.startsWith('.tmp')));
});

for (const target of ['/versions/pristine/one', '/versions/run/one', '../../run/one'])
  test(`the initramfs accepts ${target}, so do we`, (context) => {
    const { layout, boot } = deviceWithTrees(context);
    mkdirSync(join(layout.configs, '5'));
    symlinkSync(target, join(layout.configs, '5/current'));
    symlinkSync('configs/5', layout.boot);
    assert.deepEqual(boot.read(), { current: 'one' });
  });

for (const target of [
  '/versions/other/one',
  '../pristine/one',
  'one',
  '/versions/pristine/..',
  '/versions/pristine/-x',
])
  test(`a version at ${target} is refused, because the laptop would not boot`, (context) => {
    const { layout, boot } = deviceWithTrees(context);
    mkdirSync(join(layout.configs, '5'));
    symlinkSync(target, join(layout.configs, '5/current'));
    symlinkSync('configs/5', layout.boot);
    assert.throws(
      () => boot.read(),
      (error) => isSatchelError(error, 'boot-pointer-wrong'),
    );
    assert.throws(
      () => boot.switchTo(two),
      (error) => isSatchelError(error, 'boot-pointer-wrong'),
    );
  });

for (const target of ['../elsewhere', '/versions/configs/5', 'configs/..', 'configs/a/b'])
  test(`a boot link to ${target} is refused`, (context) => {
    const { layout, boot } = deviceWithTrees(context);
    symlinkSync(target, layout.boot);
    assert.throws(
      () => boot.read(),
      (error) => isSatchelError(error, 'boot-pointer-wrong'),
    );
  });

test('a file instead of the boot link is refused', (context) => {
  const { layout, boot } = deviceWithTrees(context);
  writeFileSync(layout.boot, '');
  assert.throws(
    () => boot.read(),
    (error) => isSatchelError(error, 'boot-pointer-wrong'),
  );
});

test('a boot link to a configuration that is gone counts as not versioned, as for the initramfs', (context) => {
  const { layout, boot } = deviceWithTrees(context);
  symlinkSync('configs/gone', layout.boot);
  assert.deepEqual(boot.read(), {});
  boot.switchTo(one);
  assert.deepEqual(boot.read(), { current: 'one' });
});

test('the running version is read from its link', (context) => {
  const { layout } = deviceWithTrees(context);
  symlinkAtomic('pristine/two', layout.running);
  assert.equal(runningVersion(layout), 'two');
  rmSync(layout.running);
  symlinkAtomic('/somewhere/two', layout.running);
  assert.throws(
    () => runningVersion(layout),
    (error) => isSatchelError(error, 'boot-pointer-wrong'),
  );
});
