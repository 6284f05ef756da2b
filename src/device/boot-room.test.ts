import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { type BuildName, buildName } from '../base/identifiers.ts';
import { needsRoot } from '../formats/gnu-tar.testkit.ts';
import { freeSpace } from '../os/disk.ts';
import type { BootKind } from './boot-pointer.ts';
import { requireStartable } from './boot-room.ts';
import { writeBootSettings } from './boot-settings.ts';
import { bootableVersion, emptyDevice, entriesFrom } from './device.fixture.ts';
import { openBootPointer } from './open-boot-pointer.ts';

const build = buildName('new');

function deviceOf(context: TestContext, kind: BootKind) {
  const layout = emptyDevice(context);
  mkdirSync(join(layout.bootPartition, 'EFI'), { recursive: true });
  writeBootSettings(layout, { kind, options: 'root=LABEL=Root' });
  return layout;
}

/** The index of a build whose kernel is said to have this size. */
function indexWith(kernelSize: number) {
  const { entries } = entriesFrom({
    boot: { directory: true },
    'boot/initrd.img': 'initramfs of new',
    'boot/vmlinuz': { symlink: 'vmlinuz-6.1' },
    'boot/vmlinuz-6.1': 'kernel of new',
    etc: { directory: true },
  });
  return entries.map((entry) =>
    entry.type === 'file' && entry.path === 'boot/vmlinuz-6.1' ? { ...entry, size: kernelSize } : entry,
  );
}

for (const kind of ['olpc-partitioned', 'bls'] as const) {
  test(`${kind}: a build that does not fit the boot partition is refused with the numbers before it moves`, (context) => {
    const layout = deviceOf(context, kind);
    requireStartable(layout, build, indexWith(1000));
    const tooMuch = freeSpace(layout.bootPartition).bytes + 1_000_000;
    assert.throws(
      () => requireStartable(layout, build, indexWith(tooMuch)),
      (error) => isSatchelError(error, 'boot-partition-full'),
    );
  });

  test(`${kind}: what lies on the boot partition already needs no room`, (context) => {
    const layout = deviceOf(context, kind);
    bootableVersion(layout, 'new');
    openBootPointer(layout).switchTo(build);
    requireStartable(layout, build, indexWith(kind === 'bls' ? 13 : 1e15));
  });
}

for (const kind of ['olpc-partitioned', 'bls'] as const)
  test(`${kind}: a third version takes the room of the first, and one too large changes nothing that boots`, {
    skip: needsRoot,
  }, (context) => {
    const layout = deviceOf(context, kind);
    const kernel = (name: string, size: number) => {
      bootableVersion(layout, name);
      writeFileSync(join(layout.pristine, name, 'boot/vmlinuz-6.1'), randomBytes(size));
    };
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', layout.bootPartition]);
    using _mounted = { [Symbol.dispose]: () => execFileSync('umount', [layout.bootPartition]) };
    const [one, two, three] = ['one', 'two', 'three'].map((name) => buildName(name)) as [
      BuildName,
      BuildName,
      BuildName,
    ];
    for (const name of [one, two, three]) kernel(name, 100_000);
    kernel('huge', 300_000);
    const boot = openBootPointer(layout);
    boot.switchTo(one);
    boot.switchTo(two, one);
    boot.switchTo(three, two);
    assert.deepEqual(boot.read(), { current: 'three', alternate: 'two' });
    assert.throws(
      () => boot.switchTo(buildName('huge'), three),
      (error) => isSatchelError(error, 'boot-partition-full'),
    );
    assert.equal(boot.read().current, 'three');
    const folder = kind === 'bls' ? 'EFI/satchel' : 'boot-versions';
    const kept = readdirSync(join(layout.bootPartition, folder)).filter((name) => name.startsWith('three'));
    assert.equal(kept.length, 1);
    boot.switchTo(two, three);
    assert.deepEqual(boot.read(), { current: 'two', alternate: 'three' });
  });

test('a build without a kernel, a device without options or without its partition are refused early', (context) => {
  const { entries } = entriesFrom({ etc: { directory: true } });
  const partitioned = deviceOf(context, 'olpc-partitioned');
  assert.throws(
    () => requireStartable(partitioned, build, entries),
    (error) => isSatchelError(error, 'boot-files-missing'),
  );
  const entered = deviceOf(context, 'bls');
  writeFileSync(entered.bootSettings, 'adapter=bls\n');
  assert.throws(
    () => requireStartable(entered, build, indexWith(1)),
    (error) => isSatchelError(error, 'boot-options-missing'),
  );
  const bare = emptyDevice(context);
  requireStartable(bare, build, entries);
  writeFileSync(bare.bootSettings, 'adapter=bls\noptions=rw\n');
  assert.throws(
    () => requireStartable(bare, build, indexWith(1)),
    (error) => isSatchelError(error, 'boot-partition-missing'),
  );
});
