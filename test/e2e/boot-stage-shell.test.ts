/** What the initramfs makes of an order to stage an update in place, and of what the program says. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { needsRoot } from '../../src/formats/gnu-tar.testkit.ts';
import { copyLibraries } from '../doubles/linked-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';

const hook = resolve(import.meta.dirname, '../../initramfs/satchel-boot-stage');
const scratch = scratchFolder('boot-stage-shell');
after(() => scratch.remove());

/** A real root with an order whose program is this shell script. */
function ordered(name: string, script: string): { root: string; stage: string; own: string } {
  const root = scratch.file(name);
  const own = join(root, 'versions/updates/satchel');
  const stage = join(own, 'boot-stage');
  const kit = join(stage, 'kit');
  for (const folder of ['bin', 'versions', 'bootpart', 'proc', 'dev'])
    mkdirSync(join(kit, folder), { recursive: true });
  execFileSync('cp', [execFileSync('which', ['busybox'], { encoding: 'utf8' }).trim(), join(kit, 'bin/sh')]);
  copyLibraries(join(kit, 'bin/sh'), kit);
  writeFileSync(join(kit, 'script'), script);
  writeFileSync(join(stage, 'order'), 'from=os-1\nto=os-2\nprogram=/bin/sh /script\n');
  return { root, stage, own };
}

/** Boots a version; the function's result and what is on the console. */
function boot(shell: readonly string[], root: string, version: string) {
  const call = `. ${hook}; satchel_boot_stage ${root} ${version}`;
  const { status, stdout, stderr } = spawnSync('unshare', ['-m', ...shell, '-uc', call], {
    encoding: 'utf8',
  });
  return { status, said: stdout + stderr };
}

for (const shell of [['dash'], ['busybox', 'ash']]) {
  const name = shell.at(-1)!;

  test(`${name}: without an order nothing happens`, { skip: needsRoot }, () => {
    const root = scratch.file(`none-${name}`);
    mkdirSync(root);
    assert.deepEqual(boot(shell, root, 'os-1'), { status: 0, said: '' });
  });

  test(`${name}: the program sees the versions, and what it has done boots next`, { skip: needsRoot }, () => {
    const { root } = ordered(`done-${name}`, 'echo "$@" >/versions/told; [ -d /proc/1 ] && [ -e /dev/null ]');
    const { status, said } = boot(shell, root, 'os-1');
    assert.equal(status, 10, said);
    assert.equal(execFileSync('cat', [join(root, 'versions/told')], { encoding: 'utf8' }), 'boot stage\n');
    assert.match(said, /^satchel: staging os-2 in place of os-1;.*\nsatchel: os-2 is complete/);
  });

  test(`${name}: what fails before anything is lost is given up`, { skip: needsRoot }, () => {
    const { root, stage, own } = ordered(`given-up-${name}`, 'exit 4');
    const { status, said } = boot(shell, root, 'os-1');
    assert.equal(status, 0, said);
    assert.match(said, /given up \(4\); nothing of os-1 is lost/);
    assert.ok(!existsSync(stage));
    assert.equal(readdirSync(join(own, 'trash')).length, 1);
  });

  test(`${name}: what fails later keeps the version from booting, and stands`, { skip: needsRoot }, () => {
    const { root, stage } = ordered(
      `failed-${name}`,
      'true >/versions/updates/satchel/boot-stage/begun; exit 1',
    );
    const { status, said } = boot(shell, root, 'os-1');
    assert.equal(status, 1, said);
    assert.ok(existsSync(join(stage, 'order')));
  });

  test(`${name}: another version boots without it, and the new one ends it`, { skip: needsRoot }, () => {
    const { root, stage } = ordered(`other-${name}`, 'true');
    assert.deepEqual(boot(shell, root, 'os-0'), { status: 0, said: '' });
    assert.ok(existsSync(stage));
    assert.deepEqual(boot(shell, root, 'os-2'), { status: 0, said: '' });
    assert.ok(!existsSync(stage));
  });
}

test('shellcheck finds nothing', () => {
  execFileSync('shellcheck', ['-s', 'sh', hook], { stdio: 'inherit' });
});
