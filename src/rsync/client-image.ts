import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { throwIfCancelled } from '../base/cancel.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { contentsLimit } from '../build/entry-rules.ts';
import type { ContentsEntry } from '../formats/olpc-contents.ts';
import { findProgram, tiedToParent } from '../os/process.ts';
import { removeTree } from '../os/remove-tree.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { lastWords } from './client-failure.ts';
import { readManifest } from './client-manifest.ts';
import { endOf, mountingFirst, stopWith } from './client-run.ts';

export type OpenImageOptions = {
  /** An image or block device. */
  readonly image: string;
  /** Where there is room for what it holds. */
  readonly below: string;
  readonly signal?: AbortSignal | undefined;
};

/** How an image can be read. */
export type OpenImage = {
  /** The folder where its tree lies, or is mounted while rsync reads it. */
  readonly folder: string;
  readonly isMounted: boolean;
  [Symbol.dispose](): void;
};

/**
 * Makes an image readable: by mounting it, or, where the kernel cannot, by unpacking it when it is ISO 9660. Throws
 * `rsync-mount-failed`, `cancelled`. Only root can do either.
 */
export async function openImage({ image, below, signal }: OpenImageOptions): Promise<OpenImage> {
  withSystemErrors('mkdir', below, () => mkdirSync(below, { recursive: true }));
  removeLeft(below);
  const folder = withSystemErrors('mkdir', below, () => mkdtempSync(join(below, `${prefix}${process.pid}-`)));
  const dispose = () => removeTree(folder);
  try {
    const tree = join(folder, 'tree');
    withSystemErrors('mkdir', tree, () => mkdirSync(tree));
    const mounted = await run([...mountingFirst(image, tree), 'true'], signal);
    if (mounted.exitCode !== 0) await unpack(image, tree, mounted.said, signal);
    return { folder: tree, isMounted: mounted.exitCode === 0, [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** No build has such a name, since they do not begin with a full stop. */
const prefix = '.medium-';

/** What a killed run has left; the number in the name is that of its process. */
function removeLeft(below: string): void {
  for (const name of withSystemErrors('readdir', below, () => readdirSync(below))) {
    const [, process] = name.startsWith(prefix) ? (/^(\d+)-/.exec(name.slice(prefix.length)) ?? []) : [];
    if (process !== undefined && !existsSync(`/proc/${process}`)) removeTree(join(below, name));
  }
}

async function unpack(
  image: string,
  tree: string,
  whyNot: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const program = findProgram('bsdtar');
  if (program === undefined || !isIso9660(image)) throw failed(image, whyNot);
  // Without -P it writes nothing outside of the folder: no name with "..", nothing through a symlink.
  const extract = [program, '-x', '-p', '--numeric-owner', '-f', image, '-C', tree];
  const names = ['contents', 'contents.sig', 'contents.name'];
  // Those that are not there are its only complaint.
  await run([...extract, ...names], signal);
  const devices = devicesOf(join(tree, 'contents')).flatMap((path) => ['--exclude', `^${literally(path)}`]);
  const { exitCode, said } = await run([...extract, ...devices], signal);
  if (exitCode !== 0) throw failed(image, said);
}

/** Its root volume descriptor comes after sixteen sectors of 2048 bytes, and its name after one byte. */
function isIso9660(image: string): boolean {
  return withSystemErrors('read', image, () => {
    const fd = openSync(image, 'r');
    try {
      const name = Buffer.alloc(5);
      readSync(fd, name, 0, name.length, 16 * 2048 + 1);
      return name.toString('latin1') === 'CD001';
    } finally {
      closeSync(fd);
    }
  });
}

/** Paths of device nodes: their numbers in an image are understood in several ways, and the manifest knows them. */
function devicesOf(contents: string): Buffer[] {
  const found = statSync(contents, { throwIfNoEntry: false });
  if (found?.isFile() !== true || found.size > contentsLimit) return [];
  return entriesIn(contents)
    .filter(({ device }) => device !== undefined)
    .map(({ path }) => Buffer.from(path, 'latin1'));
}

function entriesIn(contents: string): readonly ContentsEntry[] {
  const bytes = withSystemErrors('read', contents, () => readFileSync(contents));
  try {
    return readManifest(bytes).entries ?? [];
  } catch (error) {
    // What is wrong with it is said when the tree is there.
    if (isSatchelError(error)) return [];
    throw error;
  }
}

/** As a pattern that matches nothing else. */
function literally(path: Buffer): string {
  return path.toString('utf8').replace(/[\\*?[\]$^]/g, '\\$&');
}

function failed(image: string, said: string): SatchelError {
  return new SatchelError('rsync-mount-failed', { place: image, reason: lastWords(said) });
}

/** Most of what a program says on standard error that is looked at. */
const errorLimit = 16 * 1024;

/** Runs a program to its end; it never outlives this process. */
async function run(
  words: readonly string[],
  signal: AbortSignal | undefined,
): Promise<{ exitCode: number | null; said: string }> {
  throwIfCancelled(signal);
  const [program = '', ...rest] = [...tiedToParent(), ...words];
  const child = spawn(program, rest, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  });
  const letGo = stopWith(child, signal);
  let said = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString('utf8')).slice(0, errorLimit);
  });
  try {
    const exitCode = await endOf(child);
    throwIfCancelled(signal);
    return { exitCode, said };
  } finally {
    letGo();
  }
}
