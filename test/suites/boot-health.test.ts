/** What comes with Satchel and judges a version that has started: the checks, and the guard that starts it anew. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { needsRoot } from '../../src/formats/gnu-tar.testkit.ts';
import { findProgram } from '../../src/os/process.ts';
import { scratchFolder } from '../doubles/scratch.ts';

const packaging = join(import.meta.dirname, '../../packaging');
const scratch = scratchFolder('boot-health');
after(() => scratch.remove());

/** The only programs that the scripts find: what they call beside them is missing, and says so on standard error. */
const programs = scratch.file('bin');
const root = scratch.file('root');
const own = join(root, 'versions/updates/satchel');

/** Puts a program there that does what the text says. */
function addProgram(name: string, text: string): void {
  writeFileSync(join(programs, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(programs, name), 0o755);
}

/** A machine that has come up, where nothing has failed; `show` tells after which units one comes. */
function addSystemd({ state = 'running', failed = '', after: order = '' } = {}): void {
  addProgram(
    'systemctl',
    `case $1 in
      is-system-running) echo ${state} ;;
      list-units) printf '%s' '${failed}' ;;
      show) echo '${order}' ;;
      --force) echo "$*" >> ${scratch.file('reboots')} ;;
    esac`,
  );
}

beforeEach(() => {
  for (const path of [programs, root, scratch.file('reboots')])
    rmSync(path, { recursive: true, force: true });
  for (const path of [programs, join(root, 'home'), join(own, 'boots'), join(root, 'run/satchel')])
    mkdirSync(path, { recursive: true });
  for (const name of ['cut', 'sync']) symlinkSync(findProgram(name) ?? '', join(programs, name));
  addSystemd();
});

type Ended = { readonly status: number | null; readonly stdout: string; readonly stderr: string };

function run(
  script: string,
  { before = [], shell }: { before?: readonly string[]; shell?: readonly string[] } = {},
) {
  const [program = '', ...words] = [...before, ...(shell ?? ['/bin/sh']), join(packaging, script)];
  const env = { PATH: programs, SATCHEL_ROOT: root, SATCHEL_BUILD: 'b' };
  const guarded = script.endsWith('boot-guard') ? [root] : [];
  return spawnSync(program, [...words, ...guarded], { env, encoding: 'utf8' }) satisfies Ended;
}

const checks = ['required', 'wanted'].flatMap((kind) =>
  readdirSync(join(packaging, 'check', `${kind}.d`)).map((name) => `check/${kind}.d/${name}`),
);
const passed = { status: 0, stdout: '', stderr: '' };
const endOf = ({ status, stdout, stderr }: Ended) => ({ status, stdout, stderr });

describe('a shipped check passes', () => {
  for (const check of checks) {
    test(`${check}, in good health`, () => assert.deepEqual(endOf(run(check)), passed));

    // Neither is there a program that could ask a server or tell the time.
    test(`${check}, without any network`, { skip: needsRoot }, () => {
      const before = [findProgram('unshare') ?? '', '--net', '--'];
      assert.deepEqual(endOf(run(check, { before })), passed);
    });

    test(`${check}, where nothing manages the system`, () => {
      rmSync(join(programs, 'systemctl'));
      assert.deepEqual(endOf(run(check)), passed);
    });

    for (const unit of ['systemd-networkd-wait-online', 'systemd-timesyncd', 'NetworkManager', 'chrony'])
      test(`${check}, although ${unit} has failed`, () => {
        addSystemd({ state: 'degraded', failed: `${unit}.service loaded failed failed x\n` });
        assert.deepEqual(endOf(run(check)), passed);
      });

    test(`${check}, although something failed that comes after the network`, () => {
      addSystemd({
        state: 'degraded',
        failed: 'home-remote.mount loaded failed failed x\n',
        after: '-.mount network-online.target basic.target',
      });
      assert.deepEqual(endOf(run(check)), passed);
    });
  }
});

describe('a shipped check fails', () => {
  test('in the emergency mode', () => {
    addSystemd({ state: 'maintenance' });
    assert.equal(run('check/required.d/10-up').status, 1);
  });

  test('where a unit failed that needs nobody', () => {
    addSystemd({
      state: 'degraded',
      failed: 'greeter.service loaded failed failed x\n',
      after: 'basic.target sysinit.target',
    });
    const { status, stdout } = run('check/wanted.d/10-units');
    assert.deepEqual([status, stdout], [1, 'greeter.service has failed.\n']);
    assert.equal(run('check/required.d/10-up').status, 0);
  });

  test('where the versions are read-only', { skip: needsRoot }, () => {
    const script = `mount --bind ${root} ${root} && mount -o remount,bind,ro ${root} && PATH=${programs} exec "$@"`;
    const before = [
      findProgram('unshare') ?? '',
      '--mount',
      '--',
      '/bin/sh',
      '-c',
      `PATH=/usr/sbin:/usr/bin:/sbin:/bin; ${script}`,
      'sh',
    ];
    const { status, stdout } = run('check/required.d/20-writable', { before });
    assert.equal(status, 1);
    assert.match(stdout, /versions\/updates\/satchel is read-only/);
  });
});

describe('the guard', () => {
  const shells: readonly (readonly string[])[] = [
    [findProgram('dash') ?? '/bin/sh'],
    [findProgram('busybox') ?? '', 'ash'],
  ];
  const reboots = () => {
    try {
      return readFileSync(scratch.file('reboots'), 'utf8');
    } catch {
      return '';
    }
  };
  const write = (trial: string, facts: string | undefined) => {
    writeFileSync(join(own, 'trial'), trial);
    if (facts !== undefined) writeFileSync(join(root, 'run/satchel/boot'), facts);
  };

  for (const shell of shells) {
    const name = shell.at(-1)?.split('/').at(-1);
    for (const state of ['waiting', 'booting'])
      test(`of ${name} starts a version on trial anew that is ${state}, and notes its last words`, () => {
        addProgram('journalctl', 'echo the display is gone');
        write(`build=b\nprevious=a\nstate=${state}\n`, 'build=b\nmode=overlay\n');
        const { status, stderr } = run('boot/boot-guard', { shell });
        assert.deepEqual([status, stderr, reboots()], [0, '', '--force reboot\n']);
        assert.equal(
          readFileSync(join(own, 'boots/b.log'), 'utf8'),
          'satchel: b has not come up\nthe display is gone\n',
        );
      });

    for (const [why, trial, facts] of [
      ['is proven', 'build=b\nstate=proven\n', 'build=b\n'],
      ['has failed already', 'build=b\nstate=failed\n', 'build=b\n'],
      ['does not run', 'build=b\nstate=booting\n', 'build=a\n'],
      ['was not started by our initramfs', 'build=b\nstate=booting\n', undefined],
      ['has no name that a file could have', 'build=../b\nstate=booting\n', 'build=../b\n'],
      ['is damaged', 'x', 'build=b\n'],
    ] as const)
      test(`of ${name} leaves a version alone that ${why}`, () => {
        write(trial, facts);
        assert.deepEqual([endOf(run('boot/boot-guard', { shell })), reboots()], [passed, '']);
      });

    test(`of ${name} starts anew although the disk takes nothing`, () => {
      write('build=b\nstate=booting\n', 'build=b\n');
      rmSync(join(own, 'boots'), { recursive: true });
      const { status } = run('boot/boot-guard', { shell });
      assert.deepEqual([status, reboots()], [0, '--force reboot\n']);
    });
  }
});
