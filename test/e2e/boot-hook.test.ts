/**
 * The hook of the initramfs finds the version, makes its running tree and mounts what all versions share: in every way of
 * running, with every kind of pointer, under both shells, on disks in images.
 */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { after, describe, test } from 'node:test';
import { boot, hookShells, mustBoot } from '../doubles/boot-hook.ts';
import {
  type Adapter,
  addVersion,
  type HookDevice,
  makeDevice,
  pointer,
  pointTo,
  textOf,
  wordsFor,
  writeText,
} from '../doubles/boot-hook-device.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { isRoot } from '../doubles/story-trees.ts';

const skip = isRoot ? false : 'only root can mount';
const scratch = scratchFolder('boot-hook');
const shells = hookShells(scratch.path);
const [dash] = shells;
after(() => scratch.remove());

/** A device with the versions `one`, which starts, and `two`. */
function withTwo(name: string, options: Parameters<typeof makeDevice>[1] = {}): HookDevice & Disposable {
  using stack = new DisposableStack();
  const device = makeDevice(scratch.file(name.replaceAll(/[ ,]+/g, '-')), options);
  stack.defer(() => device.remove());
  for (const version of ['one', 'two']) addVersion(device, version);
  pointTo(device, 'one', 'two');
  const made = stack.move();
  return { ...device, [Symbol.dispose]: () => made.dispose() };
}

const adapters: readonly Adapter[] = ['olpc', 'olpc-partitioned', 'bls'];

describe('the hook of the initramfs', { skip }, () => {
  for (const shell of shells)
    for (const adapter of adapters)
      test(`starts the version of the pointer: ${adapter}, ${shell.name}`, () => {
        using device = withTwo(`${adapter}-${shell.name}`, { adapter });
        writeText(device.disk.file('home/user'), 'at home\n');
        if (adapter !== 'olpc') writeText(device.bootpart?.file('security/lease.sig') ?? '', 'leased\n');
        const { output, facts, said } = mustBoot(device.disk, {
          shell,
          words: wordsFor(device, 'one'),
          script: `cat etc/name home/user; ls -d versions/pristine/* security/* bootpart/*
            echo written >etc/new; echo changed >etc/name; echo shared >home/new`,
        });
        const shared = ['versions/pristine/one', 'versions/pristine/two'];
        const boots = { olpc: [], 'olpc-partitioned': ['boot', 'boot-versions'], bls: ['EFI', 'loader'] };
        const parts = ['lost+found', 'security'].map((name) => `bootpart/${name}`);
        const partition = [...boots[adapter].map((name) => `bootpart/${name}`), ...parts];
        const more = adapter === 'olpc' ? [] : [...partition, 'security/lease.sig'];
        const expected = ['one', 'at home', ...[...shared, ...more].sort()];
        assert.deepEqual(
          [...output.trim().split('\n').slice(0, 2), ...output.trim().split('\n').slice(2).sort()],
          expected,
        );
        assert.equal(textOf(device.disk.file('home/new')), 'shared\n');
        assert.equal(textOf(device.disk.file('versions/pristine/one/etc/name')), 'one\n');
        assert.ok(!existsSync(device.disk.file('versions/pristine/one/etc/new')));
        assert.equal(textOf(device.own('layers/one/upper/etc/new')), 'written\n');
        assert.equal(readlinkSync(device.disk.file('versions/running')), 'pristine/one');
        assert.match(said, /^satchel: one starts \(overlay\)$/m);
        assert.match(textOf(device.own('boots/one.log')) ?? '', /satchel: one starts/);
        const { milliseconds = '', ...rest } = facts;
        assert.deepEqual(rest, {
          build: 'one',
          mode: 'overlay',
          layer: 'layers/one',
          counted: 'no',
          fellback: '',
        });
        assert.match(milliseconds, /^\d+$/);

        const again = mustBoot(device.disk, {
          shell,
          words: wordsFor(device, 'one'),
          script: 'cat etc/name etc/new',
        });
        assert.equal(again.output, 'changed\nwritten\n', 'the changes of the user are there again');
      });

  const modes = ['overlay', 'reflink', 'copy', 'hardlink'] as const;
  const ways = [
    ...modes.map((mode) => ['ext4', mode] as const),
    ['btrfs', 'overlay'] as const,
    ['btrfs', 'reflink'] as const,
  ];
  for (const shell of shells)
    for (const [kind, mode] of ways)
      test(`runs in the way ${mode} on ${kind}, ${shell.name}`, () => {
        using device = withTwo(`${kind}-${mode}-${shell.name}`, { kind, settings: [`mode=${mode}`] });
        const really = kind === 'ext4' && mode === 'reflink' ? 'copy' : mode;
        const first = mustBoot(device.disk, {
          shell,
          script: 'rm etc/name; echo new >etc/name; ls -d versions/run/one/*',
        });
        assert.equal(first.facts.mode, really, first.said);
        assert.equal(textOf(device.disk.file('versions/pristine/one/etc/name')), 'one\n');
        const second = mustBoot(device.disk, { shell, script: 'cat etc/name' });
        assert.equal(second.output, 'new\n');
        if (mode === 'overlay') {
          assert.deepEqual(readdirSync(device.disk.file('versions/run/one')), []);
          return;
        }
        assert.equal(first.facts.layer, '');
        const inode = (tree: string) => lstatSync(device.disk.file('versions', tree, 'one/boot/vmlinuz')).ino;
        assert.equal(inode('run') === inode('pristine'), mode === 'hardlink');
      });

  test('takes the next way when the kernel has no overlayfs', () => {
    using device = withTwo('no overlayfs');
    writeText(
      scratch.file('no-overlay/mount'),
      '#!/bin/sh\ncase " $* " in *" -t overlay "*) exit 32 ;; esac\nexec /bin/mount "$@"\n',
    );
    writeText(scratch.file('no-overlay/modprobe'), '#!/bin/sh\nexit 1\n');
    for (const name of ['mount', 'modprobe']) chmodSync(scratch.file('no-overlay', name), 0o755);
    const { facts, output } = mustBoot(device.disk, {
      shell: dash,
      programs: scratch.file('no-overlay'),
      script: 'cat etc/name',
    });
    assert.deepEqual([facts.mode, facts.layer, output], ['copy', '', 'one\n']);
  });

  test('leaves a file system without versions as it is', () => {
    using device = withTwo('not versioned');
    for (const name of ['boot', 'running']) rmSync(device.disk.file('versions', name), { force: true });
    assert.equal(
      mustBoot(device.disk, { shell: dash, script: 'ls' }).output,
      'home\nlost+found\nsecurity\nversions\n',
    );
    rmSync(device.disk.file('versions'), { recursive: true });
    assert.equal(mustBoot(device.disk, { shell: dash }).said, '');
  });

  test('leaves the file system as it is when the kernel is told so', () => {
    using device = withTwo('off');
    const { output } = mustBoot(device.disk, { shell: dash, words: 'ro satchel.off', script: 'ls' });
    assert.equal(output, 'home\nlost+found\nsecurity\nversions\n');
    assert.ok(!existsSync(device.disk.file('versions/running')));
  });

  for (const shell of shells)
    for (const adapter of ['olpc', 'olpc-partitioned'] as const)
      for (const words of ['ro altboot', 'ro bootpath=nand:\\boot-alt\\vmlinuz'])
        test(`exchanges the versions for the alternate boot: ${adapter}, ${words}, ${shell.name}`, () => {
          using device = withTwo(`alt-${adapter}-${words.length}-${shell.name}`, { adapter });
          const { output } = mustBoot(device.disk, { shell, words, script: 'cat etc/name' });
          assert.equal(output, 'two\n');
          assert.equal(pointer(device), 'two one');
          assert.equal(mustBoot(device.disk, { shell, script: 'cat etc/name' }).output, 'two\n');
          if (adapter === 'olpc') assert.equal(readdirSync(device.disk.file('versions/configs')).length, 1);
        });

  test('starts what there is when there is no alternate', () => {
    using device = withTwo('no alternate');
    pointTo(device, 'one');
    const { output, said } = mustBoot(device.disk, { shell: dash, words: 'altboot', script: 'cat etc/name' });
    assert.equal(output, 'one\n');
    assert.match(said, /no other version/);
  });

  test('starts what ran last when the pointer is mangled, and mends the pointer', () => {
    using device = withTwo('mangled');
    mustBoot(device.disk, { shell: dash });
    for (const target of ['configs/none', '/etc/passwd', 'configs/../pristine']) {
      rmSync(device.disk.file('versions/boot'));
      symlinkSync(target, device.disk.file('versions/boot'));
      const { output } = mustBoot(device.disk, { shell: dash, script: 'cat etc/name' });
      assert.equal(output, 'one\n');
      assert.equal(pointer(device), 'one two');
    }
    pointTo(device, 'gone', 'two');
    assert.equal(mustBoot(device.disk, { shell: dash, script: 'cat etc/name' }).output, 'one\n');
    assert.equal(pointer(device), 'one two');
    assert.ok(existsSync(device.disk.file('versions/pristine/two')));
  });

  test('starts the version of the pointer from whichever folder the link may name', () => {
    using device = withTwo('run links');
    for (const target of ['/versions/run/two', '../../run/two']) {
      rmSync(device.disk.file('versions/configs/first/current'), { force: true });
      mkdirSync(device.disk.file('versions/configs/first'), { recursive: true });
      symlinkSync(target, device.disk.file('versions/configs/first/current'));
      assert.equal(mustBoot(device.disk, { shell: dash, script: 'cat etc/name' }).output, 'two\n');
    }
  });

  test('gives up with a sentence when there is no version at all', () => {
    using device = withTwo('nothing');
    for (const version of ['one', 'two'])
      rmSync(device.disk.file('versions/pristine', version), { recursive: true });
    const { end, said } = boot(device.disk, { shell: dash });
    assert.equal(end, 'stopped');
    assert.match(said, /there is no version one\nsatchel: one cannot be started/);
  });

  for (const adapter of ['olpc-partitioned', 'bls'] as const)
    test(`starts without its boot partition: ${adapter}`, () => {
      using device = withTwo(`lost partition ${adapter}`, { adapter });
      const words = wordsFor(device, 'one');
      mustBoot(device.disk, { shell: dash, words });
      writeText(device.own('boot.conf'), `adapter=${adapter}\nbootpart=LABEL=nothing-of-this-name\n`);
      const { output, said } = mustBoot(device.disk, { shell: dash, words, script: 'cat etc/name' });
      assert.equal(output, 'one\n');
      assert.match(said, /the boot partition LABEL=nothing-of-this-name cannot be mounted/);
      assert.ok(existsSync(device.disk.file('versions/pristine/two')), 'nothing was purged blindly');
    });
});
