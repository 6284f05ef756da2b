/**
 * What the hook takes out of the way and what it leaves: by the rules of the old initramfs, and besides the way back, what
 * is on trial and what an update has begun. The old initramfs itself never deletes what a trial needs.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import { buildName } from '../../src/base/identifiers.ts';
import { writeJournal } from '../../src/device/journal.ts';
import { deviceLayout } from '../../src/device/layout.ts';
import { boot, hookShells, mustBoot, run } from '../doubles/boot-hook.ts';
import {
  type Adapter,
  addVersion,
  type HookDevice,
  indexOf,
  makeDevice,
  pointer,
  pointTo,
  startTrial,
  textOf,
  wordsFor,
  writeText,
} from '../doubles/boot-hook-device.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { isRoot } from '../doubles/story-trees.ts';

const skip = isRoot ? false : 'only root can mount';
const scratch = scratchFolder('boot-purge');
const shells = hookShells(scratch.path);
const [dash] = shells;
const oldPurge = resolve(import.meta.dirname, '../doubles/old-purge.sh');

import { copyLibraries } from '../doubles/linked-program.ts';

after(() => scratch.remove());

/** A device that starts `now`, with these versions; all that can lie of a version lies there. */
function withVersions(
  name: string,
  versions: readonly string[],
  options: Parameters<typeof makeDevice>[1] = {},
): HookDevice & Disposable {
  using stack = new DisposableStack();
  const device = makeDevice(scratch.file(name.replaceAll(/[ ,]+/g, '-')), options);
  stack.defer(() => device.remove());
  for (const version of versions) {
    addVersion(device, version);
    writeText(device.disk.file('versions/run', version, 'etc/name'), version);
    for (const path of [`ledgers/${version}`, `owed/${version}.jsonl`, `boots/${version}.log`])
      writeText(device.own(path), '');
    writeText(device.own('layers', version, 'upper/etc/user'), `user of ${version}\n`);
    writeText(device.own('layers', version, 'index'), `${indexOf(version)}\n`);
  }
  const made = stack.move();
  return { ...device, [Symbol.dispose]: () => made.dispose() };
}

const names = (...parts: [string, ...string[]]) => readdirSync(join(...parts)).sort();

describe('purging', { skip }, () => {
  const adapters: readonly Adapter[] = ['olpc', 'olpc-partitioned', 'bls'];
  for (const shell of shells)
    for (const adapter of adapters)
      test(`what no version in use needs goes: ${adapter}, ${shell.name}`, () => {
        using device = withVersions(`goes-${adapter}-${shell.name}`, ['now', 'alternate', 'sticky', 'old'], {
          adapter,
        });
        pointTo(device, 'now', 'alternate');
        writeText(device.disk.file('versions/sticky/sticky'), '');
        for (const name of ['tmp.half', '.hidden', 'run.tmp'])
          for (const folder of ['pristine', 'run', 'contents'])
            writeText(device.disk.file('versions', folder, name, 'file'), '');
        mkdirSync(device.disk.file('versions/configs/other'));
        const { said } = mustBoot(device.disk, { shell, words: wordsFor(device, 'now') });
        const kept = ['alternate', 'now', 'sticky'];
        for (const folder of ['pristine', 'run', 'contents'])
          assert.deepEqual(names(device.disk.file('versions', folder)), kept, folder);
        for (const folder of ['ledgers', 'layers']) assert.deepEqual(names(device.own(folder)), kept, folder);
        assert.deepEqual(
          names(device.own('builds')),
          kept.map((name) => `${name}.json`),
        );
        assert.deepEqual(
          names(device.own('boots')),
          kept.map((name) => `${name}.log`),
        );
        assert.match(said, /^satchel: removing old$/m);
        if (adapter === 'olpc') assert.deepEqual(names(device.disk.file('versions/configs')), ['first']);
        if (adapter === 'olpc-partitioned')
          assert.deepEqual(names(device.bootpart?.file('boot-versions') ?? ''), kept);
        if (adapter === 'bls')
          assert.equal(names(device.bootpart?.file('EFI/satchel') ?? '').length, 4, 'not ours to purge');
        assert.equal(names(device.own('trash')).length, 3 + 1 + 9, 'it is deleted later');
      });

  test('nothing goes while the version that starts is sticky', () => {
    using device = withVersions('sticky', ['now', 'old']);
    pointTo(device, 'now');
    symlinkSync('nothing', device.disk.file('versions/sticky/now'));
    mustBoot(device.disk, { shell: dash });
    assert.deepEqual(names(device.disk.file('versions/pristine')), ['now', 'old']);
  });

  test('what an update has begun stays', () => {
    using device = withVersions('pending', ['now', 'old', 'coming']);
    pointTo(device, 'now');
    const layout = deviceLayout(device.disk.root);
    writeJournal(layout, {
      pending: { build: buildName('coming'), index: indexOf('coming'), since: '2026-01-01T00:00:00Z' },
    });
    mustBoot(device.disk, { shell: dash });
    assert.deepEqual(names(device.disk.file('versions/pristine')), ['coming', 'now']);
  });

  test('what ran last and what is on trial stays', () => {
    using device = withVersions('trial', ['now', 'tried', 'before', 'last', 'old']);
    pointTo(device, 'now');
    symlinkSync('pristine/last', device.disk.file('versions/running'));
    startTrial(device, 'tried', 'before', { state: 'failed' });
    mustBoot(device.disk, { shell: dash });
    assert.deepEqual(names(device.disk.file('versions/pristine')), ['before', 'last', 'now', 'tried']);
    mustBoot(device.disk, { shell: dash });
    assert.deepEqual(names(device.disk.file('versions/pristine')), ['before', 'now', 'tried']);
  });

  test('trees that were held for an earlier boot go, also while all versions stay', () => {
    using device = withVersions('held', ['now']);
    pointTo(device, 'now');
    writeText(device.disk.file('versions/sticky/now'), '');
    const current = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    for (const id of ['12345678-earlier', current]) writeText(device.own('held', id, 'tree/file'), '');
    mustBoot(device.disk, { shell: dash });
    assert.deepEqual(names(device.own('held')), [current]);
  });

  test('the running system deletes what was taken out of the way', () => {
    using device = withVersions('trash', ['now', 'old']);
    pointTo(device, 'now');
    const tree = device.disk.file('versions/pristine/now');
    const busybox = run('sh', ['-c', 'command -v busybox']).trim();
    run('cp', [busybox, join(tree, 'bin/busybox')]);
    copyLibraries(busybox, tree);
    for (const name of ['sh', 'rm']) symlinkSync('busybox', join(tree, 'bin', name));
    const script = 'while [ -e versions/updates/satchel/trash ]; do sleep 0.01; done; ls versions/pristine';
    assert.equal(mustBoot(device.disk, { shell: dash, script }).output, 'now\n');
  });
});

describe('an old initramfs', { skip }, () => {
  for (const adapter of ['olpc', 'olpc-partitioned'] as const)
    for (const state of ['waiting', 'booting', 'proven'])
      test(`never deletes what a trial needs: ${adapter}, ${state}`, () => {
        using device = withVersions(`old ${adapter} ${state}`, ['before', 'tried', 'other'], { adapter });
        pointTo(device, 'tried', 'before');
        startTrial(device, 'tried', 'before', { state, boots: 3 });
        const purge = () => {
          const script = `[ "$0" = sh ] || mount --bind "$0" "$1/bootpart"; sh ${oldPurge} "$1" tried`;
          run('unshare', ['--mount', 'sh', '-c', script, device.bootpart?.root ?? 'sh', device.disk.root]);
        };
        mkdirSync(device.disk.file('bootpart'), { recursive: true });
        purge();
        for (const folder of ['pristine', 'run', 'contents'])
          assert.deepEqual(names(device.disk.file('versions', folder)), ['before', 'tried'], folder);
        assert.deepEqual(
          names(device.own('layers')),
          ['before', 'other', 'tried'],
          'it knows nothing of layers',
        );
        if (state === 'booting') {
          assert.equal(boot(device.disk, { shell: dash }).end, 'restarted');
          assert.equal(pointer(device), 'before tried');
        } else
          assert.equal(
            mustBoot(device.disk, { shell: dash, words: 'altboot', script: 'cat etc/name' }).output,
            'before\n',
          );
        purge();
        const { output } = mustBoot(device.disk, { shell: dash, script: 'cat etc/name etc/user' });
        assert.equal(output, 'before\nuser of before\n');
        assert.ok(existsSync(device.own('trial')));
        assert.equal(textOf(device.own('layers/before/index')), `${indexOf('before')}\n`);
      });
});
