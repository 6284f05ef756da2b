/**
 * The hooks for initramfs-tools and dracut bring along what the hook of the initramfs needs: it boots with nothing but the
 * programs that they name. All of it is clean shell.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import { boot, type HookShell, hookShells, keyValues, mustBoot, run } from '../doubles/boot-hook.ts';
import { addVersion, makeDevice, pointer, pointTo, startTrial } from '../doubles/boot-hook-device.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { isRoot } from '../doubles/story-trees.ts';

const skip = isRoot ? false : 'only root can mount';
const scratch = scratchFolder('boot-generators');
const [dash] = hookShells(scratch.path);
after(() => scratch.remove());

const initramfs = resolve(import.meta.dirname, '../../initramfs');
const ofInitramfsTools = join(initramfs, 'initramfs-tools/hooks/satchel');
const ofDracut = join(initramfs, 'dracut/90satchel/module-setup.sh');

/** The programs that a hook of a generator names. */
function programsOf(path: string, line: RegExp): string[] {
  const [, names = ''] = line.exec(readFileSync(path, 'utf8')) ?? [];
  return names.split(' ').sort();
}

describe('the hooks of the generators', { skip }, () => {
  const programs = programsOf(ofInitramfsTools, /^for name in (chmod .*); do$/m);

  test('name the same programs and modules', () => {
    assert.ok(programs.length > 10);
    assert.deepEqual(programsOf(ofDracut, /^ {2}inst_multiple (chmod .*)$/m), programs);
    const modules = programsOf(ofInitramfsTools, /^manual_add_modules (.*)$/m);
    assert.ok(modules.includes('overlay') && modules.includes('vfat'));
    assert.deepEqual(programsOf(ofDracut, /instmods (.*)$/m), modules);
  });

  for (const adapter of ['olpc', 'olpc-partitioned'] as const)
    test(`name all that is called: ${adapter}`, () => {
      const bin = scratch.file(`bin-${adapter}`);
      mkdirSync(bin);
      for (const name of programs)
        symlinkSync(run('sh', ['-c', `command -v ${name}`]).trim(), join(bin, name));
      const [stubs = ''] = dash.path.split(':');
      const words = [run('sh', ['-c', 'command -v dash']).trim()];
      const shell: HookShell = { name: 'bare dash', words, path: `${bin}:${stubs}` };
      const device = makeDevice(scratch.file(`device-${adapter}`), { adapter });
      using stack = new DisposableStack();
      stack.defer(() => device.remove());
      const clean = (said: string) => assert.doesNotMatch(said, /not found/);
      addVersion(device, 'one', { files: { 'etc/satchel/persist.d/a.list': '/etc/hostname\n' } });
      pointTo(device, 'one');
      clean(mustBoot(device.disk, { shell, script: 'echo named >etc/hostname' }).said);
      addVersion(device, 'two', { files: { 'etc/satchel/persist.d/a.list': '/etc/hostname\n' } });
      pointTo(device, 'two', 'one');
      startTrial(device, 'two', 'one', { tries: 1 });
      const { said, output } = mustBoot(device.disk, { shell, script: 'cat etc/hostname' });
      clean(said);
      assert.equal(output, 'named\n');
      const back = boot(device.disk, { shell });
      clean(back.said);
      assert.equal(back.end, 'restarted');
      assert.equal(pointer(device), 'one two');
      assert.equal(keyValues(device.own('trial')).state, 'failed');
    });

  test('are run by the generator after its questions', () => {
    for (const path of ['hooks/satchel', 'scripts/local-bottom/satchel']) {
      const asked = spawnSync(join(initramfs, 'initramfs-tools', path), ['prereqs'], { encoding: 'utf8' });
      assert.deepEqual([asked.status, asked.stdout], [0, '\n'], path);
    }
    const check = spawnSync('bash', ['-c', '. "$1"; check && depends', 'bash', ofDracut], {
      encoding: 'utf8',
    });
    assert.deepEqual([check.status, check.stdout], [0, 'base\n']);
  });

  test('put the hook where the script that sources it looks', () => {
    const fakes = `inst_multiple() { :; }; inst_simple() { echo "file $1"; }
      inst_hook() { echo "hook $1 \${3##*/}"; }; . "$1"; moddir=/modules; install`;
    const { stdout } = spawnSync('bash', ['-c', fakes, 'bash', ofDracut], { encoding: 'utf8' });
    assert.match(stdout, /^file \/usr\/lib\/satchel\/satchel-boot$/m);
    assert.match(stdout, /^hook pre-pivot satchel-pre-pivot\.sh$/m);
    for (const path of [
      'dracut/90satchel/satchel-pre-pivot.sh',
      'initramfs-tools/scripts/local-bottom/satchel',
    ])
      assert.match(readFileSync(join(initramfs, path), 'utf8'), /\. \/usr\/lib\/satchel\/satchel-boot$/m);
  });

  test('are clean shell', () => {
    const posix = [
      'satchel-boot',
      'initramfs-tools/hooks/satchel',
      'initramfs-tools/scripts/local-bottom/satchel',
      'dracut/90satchel/satchel-pre-pivot.sh',
    ].map((path) => join(initramfs, path));
    // What they source is on the device only.
    run('shellcheck', [
      '-s',
      'sh',
      '-e',
      'SC1091',
      ...posix,
      resolve(import.meta.dirname, '../doubles/old-purge.sh'),
    ]);
    run('shellcheck', ['-e', 'SC1091', ofDracut]);
  });
});
