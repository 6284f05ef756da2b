/**
 * The writable layer of a version is never mounted over another tree, and what the operator's lists name follows the
 * device from version to version, forth and back.
 */
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { byteStringFromText } from '../../src/base/byte-string.ts';
import { setXattr } from '../../src/os/system-calls.ts';
import { type HookShell, hookShells, mustBoot, run } from '../doubles/boot-hook.ts';
import {
  addVersion,
  type HookDevice,
  indexOf,
  makeDevice,
  pointTo,
  textOf,
  writeText,
} from '../doubles/boot-hook-device.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { isRoot } from '../doubles/story-trees.ts';

const skip = isRoot ? false : 'only root can mount';
const scratch = scratchFolder('boot-layer');
const shells = hookShells(scratch.path);
const [dash] = shells;
after(() => scratch.remove());

type Version = Parameters<typeof addVersion>[2];

/** A device with versions, of which the first starts. */
function withVersions(
  name: string,
  versions: Readonly<Record<string, Version>>,
  options: Parameters<typeof makeDevice>[1] = {},
): HookDevice & Disposable {
  using stack = new DisposableStack();
  const device = makeDevice(scratch.file(name.replaceAll(/[ ,]+/g, '-')), options);
  stack.defer(() => device.remove());
  for (const [version, what] of Object.entries(versions)) addVersion(device, version, what);
  const [first = '', second] = Object.keys(versions);
  pointTo(device, first, second);
  const made = stack.move();
  return { ...device, [Symbol.dispose]: () => made.dispose() };
}

describe('the writable layer', { skip }, () => {
  for (const shell of shells) {
    test(`is put aside when it was made for another tree: ${shell.name}`, () => {
      using device = withVersions(`other-${shell.name}`, { one: {} });
      mustBoot(device.disk, { shell, script: 'echo mine >etc/user' });
      assert.equal(textOf(device.own('layers/one/index')), `${indexOf('one')}\n`);
      for (const index of [`${indexOf('another')}\n`, '', undefined]) {
        if (index === undefined) rmSync(device.own('layers/one/index'));
        else writeFileSync(device.own('layers/one/index'), index);
        const { output, said } = mustBoot(device.disk, { shell, script: 'ls etc; echo mine >etc/user' });
        assert.equal(output, 'name\n');
        assert.match(said, /the changes to another tree with the name one are put aside/);
        assert.equal(textOf(device.own('layers/one/index')), `${indexOf('one')}\n`);
      }
      const aside = readdirSync(device.own('trash'));
      assert.equal(aside.length, 3);
      assert.equal(mustBoot(device.disk, { shell, script: 'cat etc/user' }).output, 'mine\n');
    });

    test(`has an empty work folder at each boot, and the modes of the tree: ${shell.name}`, () => {
      using device = withVersions(`work-${shell.name}`, { one: {} });
      chownSync(device.disk.file('versions/pristine/one'), 12, 34);
      chmodSync(device.disk.file('versions/pristine/one'), 0o2750);
      mustBoot(device.disk, { shell });
      writeText(device.own('layers/one/work/work/left'), 'half a copy');
      writeText(device.own('layers/one/work/left'), 'half a copy');
      writeText(device.own('layers/one/carried'), '');
      const { output } = mustBoot(device.disk, { shell, script: 'stat -c "%a %u:%g" .' });
      assert.equal(output, '2750 12:34\n');
      assert.deepEqual(readdirSync(device.own('layers/one/work')), ['work']);
      assert.deepEqual(readdirSync(device.own('layers/one/work/work')), []);
      assert.ok(!existsSync(device.own('layers/one/carried')), 'it is used from now on');
    });

    test(`of a tree without a record is known by the tree: ${shell.name}`, () => {
      using device = withVersions(`legacy-${shell.name}`, { one: { recorded: false } });
      mustBoot(device.disk, { shell, script: 'echo mine >etc/user' });
      const { ino } = lstatSync(device.disk.file('versions/pristine/one'));
      assert.equal(textOf(device.own('layers/one/index')), `inode-${ino}\n`);
      assert.equal(mustBoot(device.disk, { shell, script: 'cat etc/user' }).output, 'mine\n');
      addVersion(device, 'one');
      assert.equal(mustBoot(device.disk, { shell, script: 'cat etc/user' }).output, 'mine\n', 'adopted');
      assert.equal(textOf(device.own('layers/one/index')), `${indexOf('one')}\n`);
      rmSync(device.own('builds/one.json'));
      assert.equal(mustBoot(device.disk, { shell, script: 'cat etc/user' }).output, 'mine\n', 'under repair');
      writeFileSync(device.own('layers/one/index'), 'inode-1\n');
      assert.equal(mustBoot(device.disk, { shell, script: 'ls etc' }).output, 'name\n', 'another tree');
    });
  }

  test('is mounted without what depends on the kernel that made it', () => {
    using device = withVersions('options', { one: {} });
    const script = "grep ' / overlay\\| overlay ' /proc/self/mountinfo";
    const { output } = mustBoot(device.disk, { shell: dash, script });
    assert.doesNotMatch(output, /(index|metacopy|redirect_dir|xino)=on/);
    assert.match(output, /rw,/);
  });
});

describe('persistent paths', { skip }, () => {
  const list = `# what follows the device
/etc/hostname
/etc/ssh/ssh_host_*
/etc/wifi/
/etc/spaced name
/etc/absent
/etc/linked/inside
relative/path
/etc/../escape
`;
  const persistent = { 'etc/satchel/persist.d/device.list': list };
  const one: Version = {
    files: {
      ...persistent,
      'etc/hostname': 'unnamed\n',
      'etc/wifi/shipped': 'one\n',
      'etc/wifi/dropped': 'one\n',
    },
  };
  const two: Version = {
    files: {
      ...persistent,
      'etc/hostname': 'unnamed two\n',
      'etc/absent': 'of the build\n',
      'etc/wifi/dropped': 'two\n',
      'etc/wifi/deep/new': 'two\n',
      'etc/wifi/shipped': 'two\n',
    },
  };
  const user = `rm etc/hostname; echo named >etc/hostname; mkdir etc/ssh; echo key >etc/ssh/ssh_host_rsa; echo "k 2" >"etc/ssh/ssh_host_e d"
    chmod 600 etc/ssh/ssh_host_rsa; chown 7:8 etc/ssh/ssh_host_rsa; echo school >etc/wifi/school; rm etc/wifi/dropped
    echo spaced >"etc/spaced name"; touch -d '2001-02-03 04:05:06' etc/hostname; ln -s /tmp etc/linked; echo other >etc/other`;
  const look = `cat etc/hostname etc/absent "etc/spaced name"; cd etc/wifi; grep -r . . | sort; cd ../ssh
    cat ssh_host*; stat -c '%a %u:%g' ssh_host_rsa; date -ur ../hostname +%Y; ls -A ../.. | grep tmp; ls ../other ../linked 2>&1 | wc -l`;
  const followed = `named
of the build
spaced
./deep/new:two
./school:school
./shipped:one
k 2
key
600 7:8
2001
2
`;

  const places: [HookShell, 'ext4' | 'btrfs', string][] = shells.flatMap((shell) => [
    [shell, 'ext4', 'overlay'],
    [shell, 'ext4', 'hardlink'],
    [shell, 'btrfs', 'reflink'],
  ]);
  for (const [shell, kind, mode] of places)
    test(`follow the device forth and back: ${mode}, ${shell.name}`, () => {
      using device = withVersions(
        `persist-${mode}-${shell.name}`,
        { one, two },
        { kind, settings: [`mode=${mode}`] },
      );
      mustBoot(device.disk, { shell, script: user });
      pointTo(device, 'two', 'one');
      const { output, said } = mustBoot(device.disk, { shell, script: look });
      assert.equal(output, followed, said);
      const changes = `echo renamed >etc/hostname; rm etc/wifi/school; echo home >etc/wifi/home; rm etc/ssh/ssh_host_rsa`;
      mustBoot(device.disk, { shell, script: changes });
      assert.equal(mustBoot(device.disk, { shell, script: 'cat etc/hostname' }).output, 'renamed\n');

      pointTo(device, 'one', 'two');
      const back = 'cat etc/hostname etc/ssh/ssh_host_rsa etc/other; ls etc/wifi; cat etc/wifi/shipped';
      const expected = 'renamed\nkey\nother\ndeep\nhome\nshipped\none\n';
      assert.equal(mustBoot(device.disk, { shell, script: back }).output, expected);
      assert.equal(textOf(device.disk.file('versions/pristine/one/etc/hostname')), 'unnamed\n');
      assert.equal(textOf(device.disk.file('versions/pristine/two/etc/hostname')), 'unnamed two\n');
    });

  test('come from a version that knows of no list, without taking anything away', () => {
    const before: Version = { files: { 'etc/wifi/school': 'school\n', 'etc/hostname': 'named\n' } };
    using device = withVersions('no list', { before, two });
    mustBoot(device.disk, { shell: dash });
    pointTo(device, 'two', 'before');
    mustBoot(device.disk, { shell: dash, script: 'echo key >etc/wifi/second' });
    pointTo(device, 'before', 'two');
    mustBoot(device.disk, { shell: dash });
    pointTo(device, 'two', 'before');
    const { output } = mustBoot(device.disk, { shell: dash, script: 'cat etc/hostname; ls etc/wifi' });
    assert.equal(output, 'named\ndeep\ndropped\nschool\nsecond\nshipped\n');
  });

  test('come from a version that ran with an old initramfs', () => {
    using device = withVersions('old initramfs', { one, two });
    writeText(device.disk.file('versions/run/one/etc/hostname'), 'named long ago\n');
    symlinkSync('pristine/one', device.disk.file('versions/running'));
    pointTo(device, 'two', 'one');
    assert.equal(
      mustBoot(device.disk, { shell: dash, script: 'cat etc/hostname' }).output,
      'named long ago\n',
    );
  });

  test('are brought one by one where they cannot be copied together', () => {
    using device = withVersions('one by one', { one, two });
    mustBoot(device.disk, { shell: dash, script: user });
    pointTo(device, 'two', 'one');
    const programs = scratch.file('single-files');
    mkdirSync(programs);
    const real = run('sh', ['-c', 'command -v cp']).trim();
    const script = `#!/bin/sh\n[ $# -le 3 ] || exit 1\ncase $2 in */ssh_host_rsa) exit 1 ;; esac\nexec ${real} "$@"\n`;
    writeFileSync(join(programs, 'cp'), script, { mode: 0o755 });
    const { output, said } = mustBoot(device.disk, {
      ...{ shell: dash, programs },
      script: 'cat etc/hostname "etc/spaced name"; ls etc/ssh; ls -A | grep tmp',
    });
    assert.equal(output, 'named\nspaced\nssh_host_e d\n');
    assert.match(said, /could not be brought from one: \/etc\/ssh\/ssh_host_rsa/);
  });

  test('keep their attributes', () => {
    using device = withVersions('attributes', { one, two });
    setXattr(
      device.disk.file('versions/pristine/one/etc/hostname'),
      byteStringFromText('user.label'),
      byteStringFromText('kept'),
    );
    mustBoot(device.disk, { shell: dash });
    pointTo(device, 'two', 'one');
    const script = 'getfattr -n user.label --only-values etc/hostname';
    assert.equal(mustBoot(device.disk, { shell: dash, script }).output, 'kept');
  });

  test('that lead out of the tree are left alone, and said', () => {
    using device = withVersions('links', { one, two });
    symlinkSync('/tmp', device.disk.file('versions/pristine/two/etc/linked'));
    writeText(device.disk.file('versions/pristine/one/etc/linked/inside'), 'must not leave\n');
    mustBoot(device.disk, { shell: dash });
    pointTo(device, 'two', 'one');
    const { said } = mustBoot(device.disk, { shell: dash });
    assert.match(said, /could not be brought from one: \/etc\/linked\/inside/);
    assert.ok(!existsSync('/tmp/inside'));
    assert.equal(
      readFileSync(device.disk.file('versions/pristine/one/etc/linked/inside'), 'utf8'),
      'must not leave\n',
    );
  });
});
