import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hasProgram, runProgram } from '../scripts/run-program.ts';
import { makeDebianTree, provideMmdebstrap } from '../scripts/trees/debian.ts';
import { acquireSettings, type Mirror, mirrorOfThisMachine } from '../scripts/trees/mirror.ts';
import { debianTrees, type TreeSize, treesDirectory } from '../scripts/trees.ts';
import { run } from './measure.ts';
import { writeSyntheticTree } from './trees-synthetic.ts';

/** The tars of two builds. */
export type TarPair = { readonly from: string; readonly to: string };

type Say = (line: string) => void;

/** The next release after the one that the shared trees are made of. */
const nextSuite = 'trixie';

/** The packages of the shared trees in `scripts/trees.ts`. */
const packagesOf: Readonly<Record<TreeSize, readonly string[]>> = {
  small: ['python3-minimal'],
  large: ['sucrose', 'firefox-esr', 'linux-image-amd64', 'fonts-noto', 'fonts-dejavu', 'network-manager'],
};

/** What somebody adds for a school: office, drawing, learning. */
const applications = [
  'libreoffice-writer',
  'libreoffice-calc',
  'libreoffice-impress',
  'gimp',
  'inkscape',
  'tuxpaint',
  'tuxmath',
  'gcompris-qt',
  'kgeography',
];

/** One release: alone, and with all its updates. */
export async function minorPair(size: TreeSize, say: Say): Promise<TarPair> {
  const trees = await debianTrees({ size, onLine: say });
  if (trees.sentence !== undefined) throw new Error(`figures need the real trees. ${trees.sentence}`);
  return { from: trees.a, to: trees.b };
}

/** One release with all its updates, and the next. */
export async function majorPair(size: TreeSize, say: Say): Promise<TarPair> {
  const { to: from } = await minorPair(size, say);
  return { from, to: await cachedTree(`debian-${nextSuite}-${size}`, nextSuite, packagesOf[size], say) };
}

/** The desktop, and the same with applications. */
export async function appsPair(say: Say): Promise<TarPair> {
  const { to: from } = await minorPair('large', say);
  const { suite } = await mirror();
  const packages = [...packagesOf.large, ...applications];
  return { from, to: await cachedTree(`debian-${suite}-apps`, suite, packages, say) };
}

/** 200 000 small files of which 100 change. */
export function smallFilesPair(directory: string): TarPair {
  const pair = { from: join(directory, 'from.tar'), to: join(directory, 'to.tar') };
  writeSyntheticTree(pair.from, 200_000);
  writeSyntheticTree(pair.to, 200_000, 100);
  return pair;
}

/** The whole of a tree as one would download it, `tar.xz`; kept beside the other trees, for it takes minutes. */
export async function fullImage(pair: string, tar: string, say: Say): Promise<string> {
  const image = join(treesDirectory(), `full-${pair}.tar.xz`);
  if (existsSync(image) && statSync(image).mtimeMs > statSync(tar).mtimeMs) return image;
  say(`compressing the full image of ${pair}`);
  await completely(image, async (temporary) => {
    await run({ program: 'sh', parameters: ['-c', 'xz -6 -T0 -c "$1" >"$2"', 'sh', tar, temporary] });
  });
  return image;
}

/** A directory that holds the next release's ostree and what it needs to run. */
export async function treeWithOstree(say: Say): Promise<string> {
  const tree = join(treesDirectory(), `ostree-${nextSuite}`);
  if (existsSync(tree)) return tree;
  const { release } = inSuite(await mirror(), nextSuite);
  await requireMmdebstrap();
  const settings = await acquireSettings();
  await completely(tree, async (temporary) => {
    const parameters = [
      '--mode=root',
      '--format=directory',
      '--variant=minbase',
      '--include=ostree,ca-certificates',
      ...settings.map((setting) => `--aptopt=${setting}`),
      nextSuite,
      temporary,
      release,
    ];
    const { code, complaint } = await runProgram('mmdebstrap', parameters, { onLine: say });
    if (code !== 0) throw new Error(`the tree with ostree could not be made: ${complaint}`);
  });
  return tree;
}

async function cachedTree(
  name: string,
  suite: string,
  packages: readonly string[],
  say: Say,
): Promise<string> {
  const tar = join(treesDirectory(), `${name}.tar`);
  if (existsSync(tar)) return tar;
  const from = inSuite(await mirror(), suite);
  await requireMmdebstrap();
  await completely(tar, async (output) => {
    const options = { mirror: from, withUpdates: true, packages, output, signal: undefined };
    const complaint = await makeDebianTree({ ...options, onLine: (line) => say(`${name}: ${line}`) });
    if (complaint !== undefined) throw new Error(`${name} could not be made: ${complaint}`);
  });
  return tar;
}

/** Has something made under a temporary name in the cache, which gets its own when it is complete. */
async function completely(path: string, make: (temporary: string) => Promise<void>): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const scratch = mkdtempSync(join(dirname(path), '.making-'));
  try {
    // The ending decides what mmdebstrap writes.
    const temporary = join(scratch, path.endsWith('.tar') ? 'tree.tar' : 'tree');
    await make(temporary);
    renameSync(temporary, path);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function mirror(): Promise<Mirror> {
  const found = await mirrorOfThisMachine();
  if (found === undefined) throw new Error('no package source of this machine leads to a Debian mirror');
  return found;
}

/** The same mirror, another release. */
function inSuite(from: Mirror, suite: string): Mirror {
  const translated = (line: string) => line.replace(` ${from.suite}`, ` ${suite}`);
  return {
    ...from,
    suite,
    release: translated(from.release),
    updates: from.updates.map(translated),
  };
}

async function requireMmdebstrap(): Promise<void> {
  const complaint = (await hasProgram('mmdebstrap')) ? undefined : await provideMmdebstrap(undefined);
  if (complaint !== undefined) throw new Error(`mmdebstrap cannot be installed: ${complaint}`);
}
