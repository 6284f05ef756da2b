/**
 * Two real trees to publish: `node scripts/trees.ts [small|large]` makes them (or finds those made earlier) and
 * prints where they are. Demonstration, tests and measurements share them.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { languageFromEnvironment } from '../src/base/catalogue.ts';
import { makeDebianTree, provideMmdebstrap } from './trees/debian.ts';
import { makeInstalledTree } from './trees/installed.ts';
import { type Mirror, mirrorAnswers, mirrorOfThisMachine } from './trees/mirror.ts';
import { treeWords } from './trees/words.ts';

/** `small` takes half a minute to make and 400 MB; `large`, a desktop, many minutes and 5 GB. */
export type TreeSize = 'small' | 'large';

export type TreesOptions = {
  readonly size: TreeSize;
  readonly signal?: AbortSignal;
  /** Called with each line that says how the making goes. */
  readonly onLine?: (line: string) => void;
};

/** Two builds of the same system as tars. */
export type Trees = {
  /** The release alone. */
  readonly a: string;
  /** The same with all its updates. */
  readonly b: string;
  readonly kind: 'debian' | 'installed';
  /** Where it ended up otherwise than it should: why, for people. */
  readonly sentence?: string;
};

/** What each size contains beside the smallest Debian that boots nothing: `small-minor`, `large-minor`. */
const packagesOf: Readonly<Record<TreeSize, readonly string[]>> = {
  small: ['python3-minimal'],
  large: ['sucrose', 'firefox-esr', 'linux-image-amd64', 'fonts-noto', 'fonts-dejavu', 'network-manager'],
};

/** Where trees are kept: `SATCHEL_TREES`, else the user's cache directory, so that checkouts share them. */
export function treesDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.SATCHEL_TREES) return resolve(environment.SATCHEL_TREES);
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'satchel', 'trees');
}

/**
 * Makes the two trees, or returns those made earlier. Without root, or when no mirror of the machine's package
 * sources answers, they are smaller ones made of installed packages, and `sentence` says so. In CI, as root and
 * with a mirror that answers, failing to make the real trees throws instead.
 */
export async function debianTrees(options: TreesOptions): Promise<Trees> {
  const mirror = await mirrorOfThisMachine().catch(() => undefined);
  const suite = mirror?.suite ?? 'none';
  const cached = pairIn(join(treesDirectory(), `debian-${suite}-${options.size}`));
  if (cached !== undefined) return { ...cached, kind: 'debian' };
  if (process.getuid?.() !== 0) return await installedTrees('not-root', '', options);
  if (mirror === undefined || !(await answers(mirror, options.signal)))
    return await installedTrees('no-mirror', '', options);
  try {
    const pair = await makePair(`debian-${suite}-${options.size}`, (directory) =>
      makeBoth(mirror, directory, options),
    );
    return { ...pair, kind: 'debian' };
  } catch (error) {
    if (options.signal?.aborted || isContinuousIntegration()) throw error;
    const reason = error instanceof Error ? error.message.split('\n')[0]! : String(error);
    return await installedTrees('making-failed', reason, options);
  }
}

/** True where a missing tool or tree must fail a run instead of making it smaller. */
export function isContinuousIntegration(environment: NodeJS.ProcessEnv = process.env): boolean {
  return !['', '0', 'false'].includes((environment.CI ?? '').toLowerCase());
}

async function makeBoth(mirror: Mirror, directory: string, options: TreesOptions): Promise<void> {
  const missing = await provideMmdebstrap(options.signal);
  if (missing !== undefined) throw new Error(`mmdebstrap cannot be installed: ${missing}`);
  // One after the other: files that both trees get in the same second with other content would share size and
  // time by chance, which no two builds of a release do, and which tools that trust size and time fall for.
  for (const which of ['a', 'b'] as const) {
    const complaint = await makeDebianTree({
      mirror,
      withUpdates: which === 'b',
      packages: packagesOf[options.size],
      output: join(directory, `${which}.tar`),
      signal: options.signal,
      onLine: (line) => options.onLine?.(`${which.toUpperCase()}: ${line.replace(/^I: /, '')}`),
    });
    if (complaint !== undefined) throw new Error(`mmdebstrap failed: ${complaint}`);
  }
}

async function installedTrees(
  reason: keyof typeof treeWords,
  detail: string,
  options: TreesOptions,
): Promise<Trees> {
  const sentence = treeWords[reason][languageFromEnvironment()].text.replace('{reason}', detail);
  const pair =
    pairIn(join(treesDirectory(), 'installed')) ??
    (await makePair('installed', async (directory) => {
      for (const which of ['a', 'b'] as const) {
        const complaint = await makeInstalledTree(which, join(directory, `${which}.tar`), options.signal);
        if (complaint !== undefined) throw new Error(complaint);
      }
    }));
  return { ...pair, kind: 'installed', sentence };
}

/** Makes a pair in a directory of its own, which gets its name when both tars are complete. */
async function makePair(name: string, make: (directory: string) => Promise<void>) {
  const directory = join(treesDirectory(), name);
  mkdirSync(treesDirectory(), { recursive: true });
  const temporary = mkdtempSync(join(treesDirectory(), `.${name}-`));
  try {
    await make(temporary);
    chmodSync(temporary, 0o755);
    try {
      renameSync(temporary, directory);
    } catch (error) {
      // Another process was faster; its pair is as good.
      if (pairIn(directory) === undefined) throw error;
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return { a: join(directory, 'a.tar'), b: join(directory, 'b.tar') };
}

function pairIn(directory: string): { a: string; b: string } | undefined {
  const pair = { a: join(directory, 'a.tar'), b: join(directory, 'b.tar') };
  return existsSync(pair.a) && existsSync(pair.b) ? pair : undefined;
}

async function answers(mirror: Mirror, signal: AbortSignal | undefined): Promise<boolean> {
  // apt downloads as another user, who must be able to write there.
  const scratch = mkdtempSync(join('/tmp', 'satchel-probe-'));
  try {
    return await mirrorAnswers(mirror, join(scratch, 'InRelease'), signal);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const size = process.argv[2] ?? 'small';
  if (size !== 'small' && size !== 'large') {
    console.error('usage: node scripts/trees.ts [small|large]');
    process.exitCode = 2;
    return;
  }
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  try {
    const trees = await debianTrees({ size, signal: stop.signal, onLine: (line) => console.error(line) });
    if (trees.sentence !== undefined) console.error(trees.sentence);
    console.log(trees.a);
    console.log(trees.b);
  } catch (error) {
    if (!stop.signal.aborted) console.error(error instanceof Error ? error.message : error);
    process.exitCode = stop.signal.aborted ? 130 : 1;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
