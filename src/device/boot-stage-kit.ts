import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  constants,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SatchelError } from '../base/errors.ts';
import { syncFilesystem } from '../os/system-calls.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { pristineTree } from './layout.ts';
import { contentAt } from './restore-inode.ts';
import type { KitMaker } from './update-options.ts';

/** What is mounted into the kit by the initramfs, see `initramfs/satchel-boot-stage`. */
const mountPoints = ['versions', 'bootpart', 'proc', 'dev', 'tmp', 'run', 'etc'];

/** How the loader of programs is called, whatever the machine: `ld-linux-x86-64.so.2`, `ld-linux-aarch64.so.1`. */
const loaderName = /^ld[-.].*\.so(\.\d+)*$/;

/**
 * Makes the kit from what this process runs on: Node.js, its libraries, and the folder of the bundled program. It has
 * names of its own for all of them, so that files of the old version can go while it runs, also after a power cut. The
 * program has to start inside before the kit counts.
 */
export const makeBootKit: KitMaker = async ({ layout, from, kit, signal }) => {
  const program = bundledProgram();
  const tree = pristineTree(layout, from);
  for (const name of ['bin', 'lib', 'program', ...mountPoints]) makeFolder(join(kit, name));
  place(realpathSync(process.execPath), join(kit, 'bin/node'), tree);
  placeFolder(dirname(program), join(kit, 'program'), tree);
  // Loads the library for foreign calls, so that all that it needs is seen below.
  syncFilesystem(layout.own);
  let loader = '';
  for (const library of mappedLibraries()) {
    for (const name of namesOf(library)) place(library, join(kit, 'lib', name), tree);
    if (loaderName.test(basename(library))) loader = `/lib/${basename(library)} --library-path /lib `;
  }
  const words = `${loader}/bin/node /program/${basename(program)}`;
  await probe(kit, words, signal);
  return words;
};

/** The program of a bundle: of a checkout there is too much to take along. */
function bundledProgram(): string {
  const program = fileURLToPath(import.meta.url);
  if (!program.endsWith('.cjs')) throw new SatchelError('in-place-not-installed', {});
  return join(dirname(program), 'main.cjs');
}

/** Files that are mapped to be executed, but for the program itself. */
function mappedLibraries(): string[] {
  const node = realpathSync(process.execPath);
  const found = new Set<string>();
  for (const line of readFileSync('/proc/self/maps', 'utf8').split('\n')) {
    const [, permissions = '', , , , path] = line.split(/\s+/);
    if (path?.startsWith('/') && permissions.includes('x') && path !== node && !path.endsWith('.node'))
      found.add(path);
  }
  return [...found];
}

/** Its name, and those of symlinks beside it that lead to it: programs ask for `libfoo.so.1`. */
function namesOf(library: string): string[] {
  const folder = dirname(library);
  const names = [basename(library)];
  for (const found of readdirSync(folder, { withFileTypes: true })) {
    if (!found.isSymbolicLink() || !found.name.includes('.so')) continue;
    if (realPathOrNothing(join(folder, found.name)) === library) names.push(found.name);
  }
  return names;
}

function realPathOrNothing(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function placeFolder(from: string, to: string, tree: string): void {
  makeFolder(to);
  for (const found of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, found.name), join(to, found.name)];
    if (found.isDirectory()) placeFolder(source, target, tree);
    else if (found.isFile()) place(source, target, tree);
  }
}

/** Links the file from the old version when it is the same there, else copies it. */
function place(source: string, target: string, tree: string): void {
  const own = join(tree, source);
  withSystemErrors('create', target, () => {
    if (lstatSync(target, { throwIfNoEntry: false }) !== undefined) return;
    if (isSame(source, own)) linkSync(own, target);
    else copyFileSync(source, target, constants.COPYFILE_FICLONE);
  });
}

function isSame(source: string, own: string): boolean {
  const [one, other] = [lstatSync(source), lstatSync(own, { throwIfNoEntry: false })];
  return other?.isFile() === true && one.size === other.size && digestOf(source) === digestOf(own);
}

function digestOf(path: string): string {
  const digest = createHash('sha256');
  for (const piece of contentAt(path)) digest.update(piece);
  return digest.digest('hex');
}

function makeFolder(path: string): void {
  withSystemErrors('mkdir', path, () => mkdirSync(path, { recursive: true, mode: 0o755 }));
}

/** Lets the program say inside the kit that it runs. Throws `in-place-kit-useless`. */
async function probe(kit: string, words: string, signal: AbortSignal | undefined): Promise<void> {
  const command = [kit, ...words.split(' '), 'boot', 'stage', '--root', '/', '--probe', '--json'];
  const child = spawn('chroot', command, {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(signal ? { signal } : {}),
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-500);
  });
  const failed = once(child, 'error').then(([error]) => String(error));
  const ended = once(child, 'close').then(([code]) =>
    code === 0 ? undefined : said.trim() || `exit ${code}`,
  );
  const reason = await Promise.race([failed, ended]);
  signal?.throwIfAborted();
  if (reason !== undefined) throw new SatchelError('in-place-kit-useless', { reason });
}
