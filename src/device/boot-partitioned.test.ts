import assert from 'node:assert/strict';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { buildName } from '../base/identifiers.ts';
import { bootableVersion, emptyDevice } from './device.fixture.ts';
import { openBootPointer } from './open-boot-pointer.ts';

const one = buildName('one');
const two = buildName('two');
const three = buildName('three');

function deviceWithPartition(context: TestContext) {
  const layout = emptyDevice(context);
  for (const name of ['one', 'two', 'three']) bootableVersion(layout, name);
  const partition = layout.bootPartition;
  mkdirSync(join(partition, 'boot-versions'), { recursive: true });
  const kernel = (link: string) => readFileSync(join(partition, link, 'vmlinuz'), 'utf8');
  return { layout, partition, kernel, boot: openBootPointer(layout) };
}

test('a switch copies kernels and leaves the links of the old images, which lead through each other', (context) => {
  const { partition, kernel, boot } = deviceWithPartition(context);
  assert.deepEqual(boot.read(), {});
  boot.switchTo(one);
  assert.deepEqual(boot.read(), { current: 'one' });
  boot.switchTo(two, one);
  assert.deepEqual(boot.read(), { current: 'two', alternate: 'one' });
  assert.equal(readlinkSync(join(partition, 'boot')), 'boot-versions/two');
  assert.equal(readlinkSync(join(partition, 'boot-alt')), 'boot/alt');
  assert.equal(kernel('boot'), 'kernel of two');
  assert.equal(kernel('boot-alt'), 'kernel of one');
  assert.deepEqual(readdirSync(join(partition, 'boot')).sort(), [
    'alt',
    'initrd.img',
    'vmlinuz',
    'vmlinuz-6.1',
  ]);
});

test('going back and a switch without a way back need no new copies', (context) => {
  const { kernel, boot } = deviceWithPartition(context);
  boot.switchTo(two, one);
  boot.switchTo(one, two);
  assert.deepEqual(boot.read(), { current: 'one', alternate: 'two' });
  assert.equal(kernel('boot-alt'), 'kernel of two');
  boot.switchTo(one);
  assert.deepEqual(boot.read(), { current: 'one' });
});

test('a copy that is no longer right is made again, also the one that boots', (context) => {
  const { layout, partition, kernel, boot } = deviceWithPartition(context);
  boot.switchTo(two, one);
  writeFileSync(join(partition, 'boot-versions/two/vmlinuz-6.1'), 'kernel of tw0');
  boot.switchTo(two, one);
  assert.equal(kernel('boot'), 'kernel of two');
  assert.deepEqual(boot.read(), { current: 'two', alternate: 'one' });
  // A name that was used for another build before.
  writeFileSync(join(layout.pristine, 'one/boot/vmlinuz-6.1'), 'another kernel');
  boot.switchTo(one, two);
  assert.equal(kernel('boot'), 'another kernel');
});

test('copies of others go, but never what boots, and no link to them stays', (context) => {
  const { partition, boot } = deviceWithPartition(context);
  boot.switchTo(one);
  boot.switchTo(two, one);
  boot.switchTo(three, two);
  mkdirSync(join(partition, 'boot-versions/tmp.four'));
  boot.forgetOthers(new Set(['two']));
  assert.deepEqual(readdirSync(join(partition, 'boot-versions')).sort(), ['three', 'two']);
  boot.forgetOthers(new Set());
  assert.deepEqual(readdirSync(join(partition, 'boot-versions')), ['three']);
  assert.deepEqual(boot.read(), { current: 'three' });
});

test('a version without a kernel is refused, and what booted before boots', (context) => {
  const { layout, boot } = deviceWithPartition(context);
  boot.switchTo(one);
  rmSync(join(layout.pristine, 'two/boot'), { recursive: true });
  assert.throws(
    () => boot.switchTo(two, one),
    (error) => isSatchelError(error, 'boot-files-missing'),
  );
  assert.deepEqual(boot.read(), { current: 'one' });
});

test('an empty mount point is no boot partition', (context) => {
  const { layout, partition } = deviceWithPartition(context);
  writeFileSync(layout.bootSettings, 'adapter=olpc-partitioned\n');
  rmSync(join(partition, 'boot-versions'), { recursive: true });
  assert.throws(
    () => openBootPointer(layout).switchTo(one),
    (error) => isSatchelError(error, 'boot-partition-missing'),
  );
  assert.deepEqual(readdirSync(partition), []);
});

for (const target of [
  'boot-versions/..',
  '/boot-versions/one',
  'one',
  'boot-versions/a/b',
  '../boot-versions/one',
])
  test(`a boot link to ${target} is refused`, (context) => {
    const { partition, boot } = deviceWithPartition(context);
    symlinkSync(target, join(partition, 'boot'));
    for (const attempt of [() => boot.read(), () => boot.switchTo(two)])
      assert.throws(attempt, (error) => isSatchelError(error, 'boot-pointer-wrong'));
  });
