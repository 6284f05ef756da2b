/** The builds that the boot tests publish: one Debian that works, and what becomes of it when somebody spoils it. */

import { createCipheriv } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { baseTree } from './base-tree.ts';
import { command } from './tool.ts';

const checkout = resolve(import.meta.dirname, '../..');

/** Where the program lies in every build; the units of `packaging/` expect it there. */
export const programFolder = 'opt/satchel';

/** A file of each version with its name. */
export const nameFile = 'etc/version-of-the-test';

/** What makes the initramfs. */
export type Generator = 'initramfs-tools' | 'dracut';

/** Unpacks Debian into a folder and makes it a system of ours: the program, its hooks, and a way to be asked. */
export async function makeSystem(tree: string, generator: Generator): Promise<void> {
  const tar = await baseTree((line) => console.error(line));
  mkdirSync(tree, { recursive: true });
  const exact = ['--numeric-owner', '--xattrs', '--xattrs-include=*'];
  command('tar', ['--extract', ...exact, `--file=${tar}`, `--directory=${tree}`]);
  leaveOut(tree);
  configure(tree);
  listen(tree);
  addProgram(tree);
  if (generator === 'dracut')
    command('chroot', [
      tree,
      'dpkg',
      '--purge',
      '--force-depends',
      'initramfs-tools',
      'initramfs-tools-core',
    ]);
  bootInstall(['--tree', tree, '--with', generator]);
}

/** Makes a system larger by programs of 4 MiB that nobody calls: what a desktop has, and this small Debian has not. */
export function addPrograms(tree: string, mebibytes: number): void {
  const folder = join(tree, 'usr/lib/programs');
  mkdirSync(folder);
  // A key stream is noise to every compressor, and the same noise every time.
  const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16, 2));
  const zeros = Buffer.alloc(4 * 1024 * 1024);
  for (let number = 0; number < mebibytes / 4; number += 1)
    writeFileSync(
      join(folder, `program-${number}`),
      Buffer.concat([Buffer.from('\x7fELF'), noise.update(zeros)]),
    );
}

/** Calls `boot install`; what it writes for a loader comes from the same command. */
export function bootInstall(words: readonly string[]): void {
  command(join(checkout, 'satchel'), ['boot', 'install', ...words], {
    environment: { SATCHEL_LANG: 'en' },
  });
}

/** What no machine needs to boot. */
function leaveOut(tree: string): void {
  for (const folder of [
    'usr/share/doc',
    'usr/share/man',
    'usr/share/locale',
    'var/lib/apt/lists',
    'var/cache/apt',
  ])
    for (const name of readdirSync(join(tree, folder))) rmSync(join(tree, folder, name), { recursive: true });
}

function configure(tree: string): void {
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    rmSync(join(tree, path), { force: true });
    writeFileSync(join(tree, path), text);
  };
  write('etc/hostname', 'from-the-build\n');
  write('etc/fstab', '');
  write('etc/machine-id', '');
  // The neighbours on the cable and nobody else: there is no gateway and no server of names.
  write(
    'etc/systemd/network/10-cable.network',
    '[Match]\nName=e*\n\n[Network]\nAddress=10.0.2.15/24\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n',
  );
  // How fast this machine emulates another says nothing about it.
  write(
    'etc/systemd/system.conf.d/tests.conf',
    '[Manager]\nDefaultTimeoutStartSec=15min\nDefaultTimeoutStopSec=15min\n',
  );
  write(nameFile, 'A\n');
  write(sharedSettings, settingsWith(0, 'line 0'));
  // A small initramfs: the drivers of an emulated machine. What our hook needs it adds itself.
  write('etc/initramfs-tools/conf.d/small', 'MODULES=list\nCOMPRESS=zstd\n');
  write('etc/initramfs-tools/modules', 'virtio_pci\nvirtio_blk\next4\nbtrfs\n');
  const units = join(tree, 'etc/systemd/system');
  mkdirSync(join(units, 'multi-user.target.wants'), { recursive: true });
  for (const unit of unwanted) replaceLink('/dev/null', join(units, unit));
  replaceLink(
    '/lib/systemd/system/systemd-networkd.service',
    join(units, 'multi-user.target.wants/systemd-networkd.service'),
  );
}

/** Emulated machines are slow: what no test looks at does not start. */
const unwanted = [
  ...[
    'apt-daily.timer',
    'apt-daily-upgrade.timer',
    'dpkg-db-backup.timer',
    'fstrim.timer',
    'e2scrub_all.timer',
  ],
  ...['e2scrub_reap.service', 'systemd-timesyncd.service', 'systemd-networkd-wait-online.service'],
  ...['getty@tty1.service', 'getty-static.service', 'serial-getty@ttyS0.service', 'systemd-binfmt.service'],
  ...['sys-kernel-debug.mount', 'sys-kernel-tracing.mount', 'dev-hugepages.mount', 'dev-mqueue.mount'],
  ...['sys-fs-fuse-connections.mount', 'sys-kernel-config.mount', 'proc-sys-fs-binfmt_misc.automount'],
  ...[
    'modprobe@configfs.service',
    'modprobe@drm.service',
    'modprobe@fuse.service',
    'modprobe@dm_mod.service',
  ],
  ...['modprobe@efi_pstore.service', 'modprobe@loop.service', 'systemd-update-utmp.service'],
  ...['systemd-update-utmp-runlevel.service', 'systemd-pstore.service', 'ldconfig.service'],
];

/** A second serial line on which the test asks and a shell answers; each greeting is one boot. */
function listen(tree: string): void {
  const script = join(tree, 'usr/local/sbin/test-listener');
  writeFileSync(
    script,
    `#!/bin/sh
stty -F /dev/ttyS1 raw -echo
exec 3<>/dev/ttyS1
echo "test-listener: ready" >/dev/console
while IFS=' ' read -r number question <&3; do
  printf '%s' "$question" | base64 -d >/run/test-question
  sh /run/test-question >/run/test-output 2>/run/test-errors </dev/null
  printf 'answer %s %s %s %s\\n' "$number" "$?" "$(base64 -w0 /run/test-output)" "$(base64 -w0 /run/test-errors)" >&3
done
`,
  );
  chmodSync(script, 0o755);
  const unit = join(tree, 'etc/systemd/system/test-listener.service');
  writeFileSync(
    unit,
    '[Unit]\nDescription=Answers the test\nAfter=systemd-networkd.service\n\n[Service]\nType=simple\nEnvironment=SATCHEL_ROOT=/ SATCHEL_LANG=en\nExecStart=/usr/local/sbin/test-listener\nKillMode=process\n',
  );
  replaceLink(
    '../test-listener.service',
    join(dirname(unit), 'multi-user.target.wants/test-listener.service'),
  );
}

/** The bundle with the Node.js that runs here. */
function addProgram(tree: string): void {
  const folder = join(tree, programFolder);
  mkdirSync(dirname(folder), { recursive: true });
  command(process.execPath, [join(checkout, 'scripts/bundle.ts'), folder]);
  const node = join(folder, 'node_modules/.bin/node');
  unlinkSync(node);
  copyFileSync(process.execPath, node);
  chmodSync(node, 0o755);
  rmSync(join(folder, 'node_modules/.cache'), { recursive: true, force: true });
  replaceLink(`/${programFolder}/satchel`, join(tree, 'usr/local/bin/satchel'));
}

/** What makes one build another. */
export type Spoiling = (tree: string) => void;

/** A file of the settings of which each side changes another line. */
export const sharedSettings = 'etc/shared-settings';

function settingsWith(line: number, text: string): string {
  return Array.from({ length: 9 }, (_, index) => (index === line ? `${text}\n` : `line ${index}\n`)).join('');
}

/** A version that works: a file changed, one added, one gone. */
export const nextVersion =
  (name: string): Spoiling =>
  (tree) => {
    writeFileSync(join(tree, nameFile), `${name}\n`);
    writeFileSync(join(tree, `usr/share/only-in-${name}`), 'new\n');
    writeFileSync(join(tree, sharedSettings), settingsWith(8, 'line of the next version'));
    rmSync(join(tree, 'etc/issue.net'));
  };

/** The first program of the system ends at once. */
export const brokenInit: Spoiling = (tree) => {
  writeFileSync(join(tree, nameFile), 'C\n');
  rmSync(join(tree, 'sbin/init'));
  writeFileSync(join(tree, 'sbin/init'), '#!/bin/sh\necho "this init is broken" >/dev/console\nexit 1\n');
  chmodSync(join(tree, 'sbin/init'), 0o755);
};

/** It starts, and says itself that it is ill. */
export const failingCheck: Spoiling = (tree) => {
  writeFileSync(join(tree, nameFile), 'D\n');
  const check = join(tree, 'etc/satchel/check/required.d/50-of-the-test');
  mkdirSync(dirname(check), { recursive: true });
  writeFileSync(check, '#!/bin/sh\necho "the loudspeaker is missing"\nexit 1\n');
  chmodSync(check, 0o755);
};

function replaceLink(target: string, path: string): void {
  rmSync(path, { force: true });
  symlinkSync(target, path);
}
