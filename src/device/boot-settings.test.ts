import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { readBootFacts } from './boot-facts.ts';
import { readBootSettings, writeBootSettings } from './boot-settings.ts';
import { emptyDevice } from './device.fixture.ts';

test('a device of which nobody has said how it boots boots as the laptops with one partition', (context) => {
  const layout = emptyDevice(context);
  const partition = join(layout.root, 'bootpart');
  assert.deepEqual(readBootSettings(layout), {
    kind: 'olpc',
    mode: 'overlay',
    tries: 3,
    soakSeconds: 0,
    partition,
  });
  mkdirSync(join(partition, 'boot-versions'), { recursive: true });
  assert.equal(readBootSettings(layout).kind, 'olpc-partitioned');
});

test('what is set stands in lines that a shell can read, and what is not set stays', (context) => {
  const layout = emptyDevice(context);
  writeBootSettings(layout, { kind: 'bls', options: 'root=LABEL=Root rw quiet', soakSeconds: 86_400 });
  const after = writeBootSettings(layout, { mode: 'reflink', tries: 5 });
  assert.deepEqual(after, readBootSettings(layout));
  assert.deepEqual(readFileSync(layout.bootSettings, 'utf8').split('\n').sort(), [
    '',
    'adapter=bls',
    'bootpart=/dev/disk/by-label/Boot',
    'mode=reflink',
    'options=root=LABEL=Root rw quiet',
    'soak=86400',
    'tries=5',
  ]);
});

for (const [key, value] of [
  ['adapter', 'grub'],
  ['mode', 'zfs'],
  ['tries', '0'],
  ['tries', '3.5'],
  ['soak', 'soon'],
])
  test(`a line ${key}=${value} is refused, and can be set again`, (context) => {
    const layout = emptyDevice(context);
    writeFileSync(layout.bootSettings, `${key}=${value}\n`);
    assert.throws(
      () => readBootSettings(layout),
      (error) => isSatchelError(error, 'boot-setting-wrong'),
    );
    const after = writeBootSettings(layout, { kind: 'olpc', mode: 'overlay', tries: 3, soakSeconds: 0 });
    assert.deepEqual(after, readBootSettings(layout));
  });

test('kernel options with what a shell could take for its own are refused and change nothing', (context) => {
  const layout = emptyDevice(context);
  assert.throws(
    () => writeBootSettings(layout, { options: 'quiet $(reboot)' }),
    (error) => isSatchelError(error, 'shared-value-not-allowed'),
  );
  assert.throws(() => readFileSync(layout.bootSettings));
});

test('what the initramfs says about a boot is read, and nonsense in it counts as absent', (context) => {
  const layout = emptyDevice(context);
  assert.equal(readBootFacts(layout), undefined);
  mkdirSync(dirname(layout.bootFacts), { recursive: true });
  writeFileSync(
    layout.bootFacts,
    'build=b2\nmode=overlay\nlayer=layers/b2\ncounted=yes\nfellback=b3\nmilliseconds=41\n',
  );
  assert.deepEqual(readBootFacts(layout), {
    build: 'b2',
    mode: 'overlay',
    layer: 'layers/b2',
    counted: true,
    fellBack: 'b3',
    milliseconds: 41,
  });
  writeFileSync(layout.bootFacts, 'build=../b2\nmode=zfs\nfellback=\nmilliseconds=-1\nwhatever\n');
  assert.deepEqual(readBootFacts(layout), { counted: false });
});
