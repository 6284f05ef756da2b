import { execFileSync, spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';

/** What a loader would start. */
export type LoaderView = { readonly kernelBytes: number; readonly initramfs: string };

/**
 * What GRUB finds behind `/boot` on the ext4 of an image's first partition: like a loader, and unlike a kernel,
 * debugfs does not replay the journal. Undefined when there is nothing to start. `initramfs` is its SHA-256.
 */
export function viewOfLoader(image: string): LoaderView | undefined {
  const dump = `${image}.initramfs`;
  rmSync(dump, { force: true });
  const commands = `stat /boot/vmlinuz\ndump /boot/initrd.img ${dump}\n`;
  const { stdout } = spawnSync('debugfs', ['-c', '-f', '-', `${image}?offset=${1024 * 1024}`], {
    input: commands,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
  const [, size] = /Type: regular[\s\S]*?Size: (\d+)/.exec(stdout) ?? [];
  try {
    if (size === undefined) return undefined;
    return { kernelBytes: Number(size), initramfs: hash('sha256', readFileSync(dump)) };
  } catch {
    return undefined;
  } finally {
    rmSync(dump, { force: true });
  }
}

/** A copy that takes no more room than what it holds. */
export function copyImage(from: string, to: string): void {
  execFileSync('cp', ['--sparse=always', '--', from, to]);
}
