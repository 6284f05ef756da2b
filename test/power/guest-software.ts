/**
 * What a guest is made of and this machine does not run itself: Debian's kernel for virtual machines with its modules,
 * and the busybox that needs no libraries. Downloaded once, kept beside the trees of the other tests.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { treesDirectory } from '../../scripts/trees.ts';

/** Where the software lies. */
export type GuestSoftware = {
  readonly kernel: string;
  /** The kernel's release: `uname -r`. */
  readonly release: string;
  readonly busybox: string;
  /** Files of the named modules and of all that they need, in the order in which they have to be loaded. */
  modules(names: readonly string[]): readonly string[];
};

const architecture = 'amd64';

/** Finds the software, or downloads it from the machine's Debian mirror. */
export function provideGuestSoftware(): GuestSoftware {
  const folder = join(treesDirectory(), 'guest-software');
  if (!existsSync(folder)) download(folder);
  const [kernel] = globSync(join(folder, 'boot/vmlinuz-*'));
  const busybox = join(folder, 'bin/busybox');
  if (kernel === undefined || !existsSync(busybox)) throw new Error(`${folder} is incomplete: remove it`);
  const release = basename(kernel).slice('vmlinuz-'.length);
  const byName = new Map(
    globSync(join(folder, `lib/modules/${release}/**/*.ko`)).map((file) => [nameOf(file), file]),
  );
  return { kernel, release, busybox, modules: (names) => inOrder(names, byName) };
}

function download(folder: string): void {
  mkdirSync(treesDirectory(), { recursive: true });
  const temporary = mkdtempSync(`${folder}-`);
  try {
    const apt = (...words: string[]) =>
      execFileSync(words[0]!, words.slice(1), { cwd: temporary, encoding: 'utf8', stdio: 'pipe' });
    const kernel = () =>
      /Depends: (linux-image-\S+)/.exec(
        apt('apt-cache', 'depends', `linux-image-cloud-${architecture}`),
      )?.[1];
    let name = kernel();
    if (name === undefined) {
      apt('apt-get', '-q', 'update');
      name = kernel();
    }
    if (name === undefined) throw new Error('apt does not know Debian’s kernel for virtual machines');
    apt('apt-get', '-q', '-o', 'APT::Sandbox::User=root', 'download', name, 'busybox-static');
    mkdirSync(join(temporary, 'all'));
    for (const archive of globSync(join(temporary, '*.deb'))) apt('dpkg', '-x', archive, 'all');
    try {
      renameSync(join(temporary, 'all'), folder);
    } catch (error) {
      // Another process was faster; what it got is as good.
      if (!existsSync(folder)) throw error;
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** The kernel takes `-` and `_` for the same. */
function nameOf(file: string): string {
  return basename(file, '.ko').replaceAll('-', '_');
}

function inOrder(names: readonly string[], byName: ReadonlyMap<string, string>): readonly string[] {
  const files = new Set<string>();
  const add = (name: string) => {
    const file = byName.get(name.replaceAll('-', '_'));
    if (file === undefined) throw new Error(`the guest's kernel has no module ${name}`);
    if (files.has(file)) return;
    const [, needed = ''] = /\0depends=([^\0]*)\0/.exec(readFileSync(file, 'latin1')) ?? [];
    for (const other of needed.split(',').filter(Boolean)) add(other);
    files.add(file);
  };
  names.forEach(add);
  return [...files];
}
