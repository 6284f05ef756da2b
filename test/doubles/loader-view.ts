/** What the loaders of a device would start, read as they do and not as Satchel does. */
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Something that a loader would start. */
export type Startable = {
  /** The version that the initramfs will take: by the kernel's arguments, or by the link that it reads. */
  readonly build: string;
  /** What is in the kernel and in the initramfs. */
  readonly kernel: string;
  readonly initramfs: string;
  /** Boots that the loader still gives it; absent: it does not count. */
  readonly left?: number;
};

/** By the links `boot` and `boot-alt` of the real root or of a boot partition: the first is started by itself. */
export function startableByLinks(root: string, kind: 'olpc' | 'olpc-partitioned'): Startable[] {
  const top = kind === 'olpc' ? root : join(root, 'bootpart');
  const links =
    kind === 'olpc' ? ['versions/boot/current/boot', 'versions/boot/alt/boot'] : ['boot', 'boot-alt'];
  return links.flatMap((link) => {
    const kernel = followed(top, `${link}/vmlinuz`);
    const initramfs = followed(top, `${link}/initrd.img`);
    if (kernel === undefined || initramfs === undefined) return [];
    const folder = kind === 'olpc' ? dirname(dirname(initramfs)) : dirname(initramfs);
    return [
      {
        build: folder.slice(folder.lastIndexOf('/') + 1),
        kernel: readFileSync(kernel, 'utf8'),
        initramfs: readFileSync(initramfs, 'utf8'),
      },
    ];
  });
}

/** Follows links with the top as `/`, as GRUB does on a file system. */
function followed(top: string, path: string): string | undefined {
  let parts = path.split('/');
  let done: string[] = [];
  for (let steps = 0; parts.length > 0 && steps < 100; steps += 1) {
    const [part = '', ...rest] = parts;
    const here = join(top, ...done, part);
    const found = lstatSync(here, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    parts = rest;
    if (!found.isSymbolicLink()) done.push(part);
    else {
      const target = readlinkSync(here);
      const absolute = target.startsWith('/') ? target : resolve(`/${done.join('/')}`, target);
      done = [];
      parts = [...absolute.split('/').filter(Boolean), ...rest];
    }
  }
  return join(top, ...done);
}

/**
 * By the entries on a boot partition, in the order of systemd-boot (its `config_entry_compare`): the first is started
 * by itself. Whatever has a kernel that exists is an entry, whoever left it.
 */
export function startableByEntries(root: string): Startable[] {
  const partition = join(root, 'bootpart');
  const folder = join(partition, 'loader/entries');
  const entries = (existsSync(folder) ? readdirSync(folder) : [])
    .filter((file) => /\.conf$/i.test(file))
    .flatMap((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      const field = (name: string) => new RegExp(`^\\s*${name}\\s+(.*\\S)\\s*$`, 'm').exec(text)?.[1] ?? '';
      const linux = field('linux');
      if (linux === '' || !existsSync(join(partition, linux))) return [];
      const counter = /\+(\d+)(?:-\d+)?\.conf$/i.exec(file)?.[1];
      return [{ file, field, linux, left: counter === undefined ? undefined : Number(counter) }];
    });
  const number = (entry: (typeof entries)[number]) => Number(entry.field('version') || 0);
  const usedUp = (entry: (typeof entries)[number]) => (entry.left === 0 ? 1 : 0);
  entries.sort((one, other) => usedUp(one) - usedUp(other) || number(other) - number(one));
  return entries.map(({ field, linux, left }) => {
    const initrd = join(partition, field('initrd'));
    return {
      build: /(?:^| )satchel\.version=(\S+)/.exec(field('options'))?.[1] ?? '',
      kernel: readFileSync(join(partition, linux), 'utf8'),
      initramfs: lstatSync(initrd).isFile() ? readFileSync(initrd, 'utf8') : '',
      ...(left === undefined ? {} : { left }),
    };
  });
}
