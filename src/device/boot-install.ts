import { lstatSync } from 'node:fs';
import { SatchelError } from '../base/errors.ts';
import type { Reporter } from '../base/progress.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { syncFilesystem } from '../os/system-calls.ts';
import { filesToInstall, type InitramfsGenerator, linksToInstall } from './boot-install-files.ts';
import { generatorOf, hasGenerator, kernelsOf, makeInitramfs } from './boot-install-generator.ts';
import { placeBootName, placeFile, placeIn, placeLink } from './boot-install-place.ts';
import { type LoaderMenu, loaderMenu } from './boot-loader-menu.ts';
import { findBootFile, resolveInTree } from './boot-tree.ts';

/** Where the program is expected by its services. */
const programPath = 'opt/satchel/satchel';

export type BootInstallOptions = {
  /** The system, as an absolute path. */
  readonly tree: string;
  /** What makes its initramfs; absent: what it has. */
  readonly generator?: InitramfsGenerator | undefined;
  /** True: somebody else makes the initramfs. */
  readonly filesOnly?: boolean | undefined;
  readonly loader?: (LoaderMenu & { readonly file?: string | undefined }) | undefined;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

export type BootInstalled = {
  readonly tree: string;
  readonly generator: InitramfsGenerator;
  /** Paths in the system that were written. */
  readonly files: readonly string[];
  /** Settings that stood there and stay. */
  readonly kept: readonly string[];
  /** Kernels whose initramfs was made. */
  readonly kernels: readonly string[];
  /** Where the menu entries are. */
  readonly loaderFile: string | null;
};

/**
 * Puts into a system what starts its versions, and has its initramfs made anew. Everything that can be wrong is looked
 * at first. Throws `boot-tree-wrong`, `boot-generator-unknown`, `boot-generator-missing`, `boot-kernel-missing`,
 * `boot-generator-failed`, `cancelled`.
 */
export async function installBoot(options: BootInstallOptions): Promise<BootInstalled> {
  const { tree, filesOnly = false, reporter, signal } = options;
  requireSystem(tree);
  const generator = chooseGenerator(options);
  const kernels = filesOnly ? [] : kernelsOf(tree);
  if (!filesOnly && kernels.length === 0) throw new SatchelError('boot-kernel-missing', { tree });
  const hasSystemd = resolveInTree(tree, 'lib/systemd/systemd') !== undefined;
  const files = filesToInstall(generator, hasSystemd);
  const placed = files.map((file) => ({ ...file, isPlaced: placeFile(tree, file) }));
  const links = linksToInstall(files, hasSystemd).filter((link) => placeLink(tree, link));
  if (resolveInTree(tree, programPath) === undefined)
    reporter.notice('boot-program-missing', { path: `/${programPath}` });
  for (const kernel of kernels) await makeInitramfs(tree, generator, kernel, signal);
  const names = placeBootNames(tree);
  const loaderFile = options.loader === undefined ? null : placeMenu(tree, options.loader);
  syncFilesystem(tree);
  return {
    ...{ tree, generator, kernels, loaderFile },
    files: [...placed.filter(({ isPlaced }) => isPlaced), ...links].map(({ to }) => to).concat(names),
    kept: placed.filter(({ isPlaced }) => !isPlaced).map(({ to }) => to),
  };
}

/** A mistyped directory must not become half a system. */
function requireSystem(tree: string): void {
  const isFolder = (path: string) => {
    const found = resolveInTree(tree, path);
    return found !== undefined && lstatSync(found).isDirectory();
  };
  for (const path of ['', 'etc', 'usr'])
    if (!lstatSync(tree, { throwIfNoEntry: false })?.isDirectory() || !isFolder(path))
      throw new SatchelError('boot-tree-wrong', { tree, path: `/${path}` });
}

function chooseGenerator({ tree, generator, filesOnly }: BootInstallOptions): InitramfsGenerator {
  if (generator === undefined) return generatorOf(tree);
  if (!filesOnly && !hasGenerator(tree, generator))
    throw new SatchelError('boot-generator-missing', { tree, generator });
  return generator;
}

/** Kernel and initramfs under the names that loaders know. */
function placeBootNames(tree: string): string[] {
  const newest = [
    ['vmlinuz', findBootFile(tree, [], /^vmlinuz-/)],
    ['initrd.img', findBootFile(tree, [], /^(initrd\.img|initramfs|initrd)-/)],
  ] as const;
  return newest
    .filter(([name, file]) => file !== undefined && placeBootName(tree, name, file))
    .map(([name]) => `boot/${name}`);
}

function placeMenu(tree: string, loader: NonNullable<BootInstallOptions['loader']>): string {
  const usual = loader.loader === 'grub' ? 'grub.cfg' : 'extlinux.conf';
  const file = loader.file ?? placeIn(tree, `etc/satchel/loader/${usual}`);
  writeFileAtomic(file, loaderMenu(loader));
  return file;
}
