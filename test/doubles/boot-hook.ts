/**
 * Boots without a machine: a disk image with a device on it, and the real hook of the initramfs, which runs in mount and
 * process namespaces of its own. What it mounts vanishes with them, as with the power; `reboot` ends them.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The script that is tested. */
export const bootHook = resolve(import.meta.dirname, '../../initramfs/satchel-boot');

/** A shell that the hook has to run under, with the commands that it finds there. */
export type HookShell = { readonly name: string; readonly words: readonly string[]; readonly path: string };

/**
 * dash with the commands of Debian, and busybox with nothing but its own; in both, `reboot` must not ask the service
 * manager of this machine.
 */
export function hookShells(folder: string): readonly [dash: HookShell, busybox: HookShell] {
  const [stubs, bin] = [join(folder, 'stubs'), join(folder, 'busybox-bin')];
  mkdirSync(stubs, { recursive: true });
  mkdirSync(bin);
  writeFileSync(join(stubs, 'reboot'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  const busybox = run('sh', ['-c', 'command -v busybox']).trim();
  for (const name of run(busybox, ['--list']).split('\n'))
    if (name !== '' && name !== 'reboot') symlinkSync(busybox, join(bin, name));
  return [
    { name: 'dash', words: ['dash'], path: `${stubs}:${process.env.PATH}` },
    { name: 'busybox', words: [busybox, 'sh'], path: `${stubs}:${bin}` },
  ];
}

/** A file system in an image, mounted for the test to look at. */
export type Disk = {
  readonly kind: 'ext4' | 'btrfs';
  /** Where it is mounted: the `/` of the device. */
  readonly root: string;
  /** The block device. */
  readonly device: string;
  /** A path on it. */
  file(...names: string[]): string;
  remove(): void;
};

/** Makes and mounts a file system; `megabytes` are its size. */
export function makeDisk(folder: string, kind: Disk['kind'] = 'ext4', megabytes = 128): Disk {
  mkdirSync(folder, { recursive: true });
  const [image, root] = [join(folder, 'image'), join(folder, 'root')];
  mkdirSync(root);
  run('truncate', ['-s', `${megabytes}M`, image]);
  if (kind === 'ext4') run('mkfs.ext4', ['-q', '-m', '0', '-E', 'lazy_itable_init=1,nodiscard', image]);
  else run('mkfs.btrfs', ['-q', image]);
  run('mount', ['-o', 'loop', image, root]);
  return {
    kind,
    root,
    device: run('findmnt', ['--noheadings', '--output', 'SOURCE', root]).trim(),
    file: (...names) => join(root, ...names),
    remove: () => {
      run('umount', [root]);
      rmSync(folder, { recursive: true });
    },
  };
}

/** How the machine starts, and what is done on it afterwards. */
export type BootOptions = {
  readonly shell: HookShell;
  /** Words of the kernel's command line. */
  readonly words?: string;
  /** A shell script that runs when the hook has ended well, with the running tree at `$ROOT`. */
  readonly script?: string;
  /** A folder of programs that come first; a busybox may prefer its own. */
  readonly programs?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Functions of shell that stand in for those of the hook. */
  readonly functions?: string;
};

/** What came of a boot. */
export type Booted = {
  /** `started`: the running tree is there, or the file system was left as it is; `stopped`: the hook gave up. */
  readonly end: 'started' | 'stopped' | 'restarted' | 'killed';
  /** What the hook said. */
  readonly said: string;
  /** What its script wrote. */
  readonly output: string;
  /** `/run/satchel/boot` by its keys. */
  readonly facts: Readonly<Record<string, string>>;
  /** Seconds after which a kernel that panics starts again, as the hook left it; 0: never. */
  readonly panic: number;
};

/** Boots the device on a disk. */
export function boot(disk: Disk, options: BootOptions): Booted {
  const { shell, words = 'root=LABEL=root ro quiet' } = options;
  const machine = join(disk.root, '../machine');
  rmSync(machine, { recursive: true, force: true });
  const proc = makeProc(join(machine, 'proc'), words);
  mkdirSync(join(machine, 'run'));
  const script = `PATH=$HOOK_PATH
. ${bootHook}
${options.functions ?? ''}
(satchel_boot "$ROOT") >&2
case $? in
  0) echo started >"$MACHINE/end" ;;
  137) exit ;;
  *) echo stopped >"$MACHINE/end"; exit ;;
esac
cd "$ROOT" || exit
PATH=$OWN_PATH
${options.script ?? ''}
`;
  const ran = spawnSync(
    'unshare',
    ['--mount', '--pid', '--fork', '--mount-proc', '--kill-child', ...shell.words, '-u', '-c', script],
    {
      encoding: 'utf8',
      cwd: '/',
      timeout: 120_000,
      env: {
        PATH: process.env.PATH,
        OWN_PATH: process.env.PATH,
        HOOK_PATH: options.programs === undefined ? shell.path : `${options.programs}:${shell.path}`,
        ROOT: disk.root,
        MACHINE: machine,
        SATCHEL_PROC: proc,
        SATCHEL_RUN: join(machine, 'run'),
        ...options.environment,
      },
    },
  );
  assert.equal(ran.error, undefined);
  const facts = join(machine, 'run/satchel/boot');
  return {
    end: endOf(machine, ran.stderr),
    said: ran.stderr,
    output: ran.stdout,
    facts: existsSync(facts) ? keyValues(facts) : {},
    panic: Number(readFileSync(join(proc, 'sys/kernel/panic'), 'utf8')),
  };
}

/** Boots, and fails unless the system starts. */
export function mustBoot(disk: Disk, options: BootOptions): Booted {
  const booted = boot(disk, options);
  assert.equal(booted.end, 'started', booted.said);
  return booted;
}

/** The lines `key=value` of a file. */
export function keyValues(path: string): Record<string, string> {
  const lines = readFileSync(path, 'utf8').split('\n');
  return Object.fromEntries(
    lines
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** Runs a program and gives what it said; one that fails fails the test. */
export function run(program: string, words: readonly string[]): string {
  const ran = spawnSync(program, words, { encoding: 'utf8' });
  assert.equal(ran.status, 0, `${program} ${words.join(' ')}: ${ran.stderr}`);
  return ran.stdout;
}

/** What the hook reads of `/proc`, with this command line and without what would restart this machine. */
function makeProc(proc: string, words: string): string {
  mkdirSync(join(proc, 'sys/kernel'), { recursive: true });
  writeFileSync(join(proc, 'cmdline'), `${words}\n`);
  writeFileSync(join(proc, 'sys/kernel/panic'), '0\n');
  symlinkSync('/proc/sys/kernel/random', join(proc, 'sys/kernel/random'));
  symlinkSync('/proc/uptime', join(proc, 'uptime'));
  return proc;
}

function endOf(machine: string, said: string): Booted['end'] {
  // Where the program could not restart it, the kernel was asked to.
  if (existsSync(join(machine, 'proc/sysrq-trigger')) || said.endsWith('satchel: restarting\n'))
    return 'restarted';
  const end = join(machine, 'end');
  return existsSync(end) ? (readFileSync(end, 'utf8').trim() as 'started' | 'stopped') : 'killed';
}
