import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { buildName } from '../base/identifiers.ts';
import { parseEntry } from './bls-entry.ts';
import { writeBootSettings } from './boot-settings.ts';
import { bootableVersion, emptyDevice } from './device.fixture.ts';
import { openBootPointer } from './open-boot-pointer.ts';

const one = buildName('one');
const two = buildName('two');
const three = buildName('three+1');

function deviceWithEntries(context: TestContext) {
  const layout = emptyDevice(context);
  for (const name of [one, two, three]) bootableVersion(layout, name);
  mkdirSync(join(layout.bootPartition, 'EFI/BOOT'), { recursive: true });
  writeBootSettings(layout, { kind: 'bls', options: 'root=LABEL=Root rw' });
  const folder = join(layout.bootPartition, 'loader/entries');
  const entries = () => readdirSync(folder).sort();
  const text = (file: string) => readFileSync(join(folder, file), 'utf8');
  return { layout, folder, entries, text, boot: openBootPointer(layout) };
}

/** What systemd-boot does before it starts a counted entry. */
function countBoot(folder: string, file: string): string {
  const [, name = '', left = '', done = '0'] = /^(.*)\+(\d+)(?:-(\d+))?\.conf$/.exec(file) ?? [];
  const next = `${name}+${Number(left) - 1}-${Number(done) + 1}.conf`;
  renameSync(join(folder, file), join(folder, next));
  return next;
}

test('a switch writes an entry that says everything, counted by its name', (context) => {
  const { layout, entries, text, boot } = deviceWithEntries(context);
  assert.deepEqual(boot.read(), {});
  boot.switchTo(one);
  boot.switchTo(two, one, { tries: 3 });
  assert.deepEqual(entries(), ['satchel-1-one.conf', 'satchel-2-two+3.conf']);
  const entry = parseEntry('satchel-2-two+3.conf', text('satchel-2-two+3.conf'));
  assert.equal(entry?.options, 'root=LABEL=Root rw satchel.version=two panic=10');
  for (const [path, content] of [
    [entry?.linux, 'kernel of two'],
    [entry?.initrd, 'initramfs of two'],
  ])
    assert.equal(readFileSync(join(layout.bootPartition, path!), 'utf8'), content);
  assert.match(text('satchel-2-two+3.conf'), /^sort-key\s+satchel$/m);
  assert.match(
    readFileSync(join(layout.bootPartition, 'loader/loader.conf'), 'utf8'),
    /^default satchel-\*$/m,
  );
  assert.deepEqual(boot.read(), { current: 'two', alternate: 'one' });
  assert.equal(boot.triesLeft(two), 3);
  assert.equal(boot.triesLeft(one), undefined);
});

test('a build that has proved itself is counted no longer, and marking it again does nothing', (context) => {
  const { folder, entries, boot } = deviceWithEntries(context);
  boot.switchTo(two, one, { tries: 3 });
  countBoot(folder, 'satchel-2-two+3.conf');
  assert.equal(boot.triesLeft(two), 2);
  boot.markGood(two);
  assert.deepEqual(entries(), ['satchel-1-one.conf', 'satchel-2-two.conf']);
  assert.equal(boot.triesLeft(two), undefined);
  boot.markGood(two);
  assert.deepEqual(entries(), ['satchel-1-one.conf', 'satchel-2-two.conf']);
});

test('when the boots are used up the other version boots, and can be replaced', (context) => {
  const { folder, boot, entries } = deviceWithEntries(context);
  boot.switchTo(two, one, { tries: 2 });
  countBoot(folder, countBoot(folder, 'satchel-2-two+2.conf'));
  assert.equal(boot.triesLeft(two), 0);
  assert.deepEqual(boot.read(), { current: 'one', alternate: 'two' });
  boot.switchTo(three, one, { tries: 3 });
  assert.deepEqual(boot.read(), { current: three, alternate: 'one' });
  assert.deepEqual(entries(), ['satchel-1-one.conf', 'satchel-3-three_1+3.conf']);
});

test('going back is a newer entry with the same files, and the kept files are never written again', (context) => {
  const { layout, entries, text, boot } = deviceWithEntries(context);
  boot.switchTo(two, one, { tries: 3 });
  const before = parseEntry('satchel-1-one.conf', text('satchel-1-one.conf'));
  boot.switchTo(one, two);
  assert.deepEqual(boot.read(), { current: 'one', alternate: 'two' });
  assert.deepEqual(entries(), ['satchel-2-two+3.conf', 'satchel-3-one.conf']);
  assert.equal(parseEntry('satchel-3-one.conf', text('satchel-3-one.conf'))?.linux, before?.linux);
  assert.equal(readdirSync(join(layout.bootPartition, 'EFI/satchel')).length, 2);
  boot.switchTo(one);
  assert.deepEqual(entries(), ['satchel-4-one.conf']);
  assert.equal(readdirSync(join(layout.bootPartition, 'EFI/satchel')).length, 1);
});

test('what a power cut left is no entry, and goes with the next switch', (context) => {
  const { layout, folder, text, entries, boot } = deviceWithEntries(context);
  boot.switchTo(one);
  const right = text('satchel-1-one.conf');
  writeFileSync(join(folder, 'satchel-7-two+3.conf'), '');
  writeFileSync(
    join(folder, 'satchel-8-two.conf'),
    right.replaceAll('one', 'two').replace('version    1', 'version    8').slice(0, -4),
  );
  writeFileSync(
    join(folder, 'satchel-9-two.conf'),
    right.replaceAll('one', 'gone').replace('version    1', 'version    9'),
  );
  mkdirSync(join(layout.bootPartition, 'EFI/satchel/two-000000000000'));
  assert.deepEqual(boot.read(), { current: 'one' });
  boot.switchTo(two, one);
  assert.deepEqual(entries(), ['satchel-1-one.conf', 'satchel-2-two.conf']);
  assert.equal(readdirSync(join(layout.bootPartition, 'EFI/satchel')).length, 2);
});

test('a blessing that was cut off in the middle can be done again', (context) => {
  const { folder, text, entries, boot } = deviceWithEntries(context);
  boot.switchTo(two, one, { tries: 3 });
  writeFileSync(join(folder, 'satchel-2-two.conf'), 'title');
  boot.markGood(two);
  assert.deepEqual(entries(), ['satchel-1-one.conf', 'satchel-2-two.conf']);
  writeFileSync(join(folder, 'satchel-2-two+2-1.conf'), text('satchel-2-two.conf'));
  assert.equal(boot.triesLeft(two), undefined);
  boot.markGood(two);
  assert.deepEqual(entries(), ['satchel-1-one.conf', 'satchel-2-two.conf']);
});

test('files on the partition that came back wrong are not used again', (context) => {
  const { layout, folder, text, boot } = deviceWithEntries(context);
  boot.switchTo(two, one);
  const linux = parseEntry('satchel-1-one.conf', text('satchel-1-one.conf'))?.linux ?? '';
  writeFileSync(join(layout.bootPartition, linux), 'kernel of 0ne');
  boot.switchTo(one, two);
  const entry = parseEntry('satchel-3-one.conf', readFileSync(join(folder, 'satchel-3-one.conf'), 'utf8'));
  assert.notEqual(dirname(entry!.linux), dirname(linux));
  assert.equal(readFileSync(join(layout.bootPartition, entry!.linux), 'utf8'), 'kernel of one');
});

test('a version that was made anew under its name gets its new kernel', (context) => {
  const { layout, entries, text, boot } = deviceWithEntries(context);
  boot.switchTo(two, one);
  writeFileSync(join(layout.pristine, two, 'boot/vmlinuz-6.1'), 'new kernel');
  boot.switchTo(two, one);
  assert.deepEqual(entries(), ['satchel-1-one.conf', 'satchel-3-two.conf']);
  const entry = parseEntry('satchel-3-two.conf', text('satchel-3-two.conf'));
  assert.equal(readFileSync(join(layout.bootPartition, entry!.linux), 'utf8'), 'new kernel');
});

test('what others keep on the partition stays, in the settings of the loader too', (context) => {
  const { layout, folder, boot } = deviceWithEntries(context);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'debian.conf'), 'title Debian\n');
  writeFileSync(join(layout.bootPartition, 'loader/loader.conf'), '# ours\ntimeout 3\ndefault debian*\n');
  boot.switchTo(one);
  boot.switchTo(two);
  boot.forgetOthers(new Set());
  assert.deepEqual(readdirSync(folder).sort(), ['debian.conf', 'satchel-2-two.conf']);
  assert.equal(
    readFileSync(join(layout.bootPartition, 'loader/loader.conf'), 'utf8'),
    'default satchel-*\n# ours\ntimeout 3\n',
  );
  assert.deepEqual(readdirSync(join(layout.bootPartition, 'EFI')).sort(), ['BOOT', 'satchel']);
});

test('without options for the kernel, or without kernel, nothing is changed', (context) => {
  const { layout, boot } = deviceWithEntries(context);
  rmSync(join(layout.pristine, two, 'boot/initrd.img'));
  assert.throws(
    () => boot.switchTo(two, one),
    (error) => isSatchelError(error, 'boot-files-missing'),
  );
  writeFileSync(layout.bootSettings, 'adapter=bls\n');
  assert.throws(
    () => openBootPointer(layout).switchTo(one),
    (error) => isSatchelError(error, 'boot-options-missing'),
  );
  assert.deepEqual(boot.read(), {});
});

test('new options for the kernel are taken by a switch to what boots already', (context) => {
  const { layout, entries, text, boot } = deviceWithEntries(context);
  boot.switchTo(two, one);
  boot.switchTo(two, one);
  assert.deepEqual(entries(), ['satchel-1-one.conf', 'satchel-2-two.conf']);
  writeBootSettings(layout, { options: 'root=LABEL=Root rw panic=5' });
  openBootPointer(layout).switchTo(two, one);
  assert.deepEqual(entries(), ['satchel-1-one.conf', 'satchel-3-two.conf']);
  assert.match(text('satchel-3-two.conf'), /panic=5 satchel.version=two$/m);
});
