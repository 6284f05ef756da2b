import { hasProgram } from '../scripts/run-program.ts';
import * as casync from './peers/casync.ts';
import * as ostree from './peers/ostree.ts';
import * as rsync from './peers/rsync.ts';
import * as satchel from './peers/satchel.ts';
import * as zchunk from './peers/zchunk.ts';
import { treeWithOstree } from './trees.ts';

/** The ostree programs that take part: the installed one, and the next release's. */
export type OstreePrograms = { readonly installed?: ostree.Ostree; readonly next?: ostree.Ostree };

const needed: readonly (readonly [program: string, peers: readonly string[], packages: string])[] = [
  ['/usr/bin/time', [], 'time'],
  ['getfattr', [], 'attr'],
  ['nsenter', [], 'util-linux'],
  ['rsync', ['rsync'], 'rsync'],
  ['ostree', ['ostree'], 'ostree'],
  ['nginx', ['ostree', 'casync', 'zchunk'], 'nginx-light'],
  ['casync', ['casync'], 'casync'],
  ['zck', ['zchunk'], 'zchunk'],
];

/** Throws a sentence when something is missing that takes part in the run. */
export async function requirePrograms(without: ReadonlySet<string>): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new Error('the bench needs root: owners and devices are part of every tree');
  for (const [program, peers, packages] of needed) {
    const isOut = peers.length > 0 && peers.every((peer) => without.has(peer));
    if (isOut || (await hasProgram(program))) continue;
    const way = peers.map((peer) => `--without ${peer}`).join(' ');
    throw new Error(
      `${program} is missing: apt-get install ${packages}${way === '' ? '' : `, or leave out what needs it with ${way}`}`,
    );
  }
}

/** Makes the ostree programs ready; `visible` is the directory that they work in. */
export async function openOstrees(
  without: ReadonlySet<string>,
  visible: string,
  say: (line: string) => void,
): Promise<OstreePrograms> {
  if (without.has('ostree')) return {};
  const installed = await ostree.installedOstree();
  if (without.has('ostree-trixie')) return { installed };
  try {
    return { installed, next: await ostree.ostreeOfTree(await treeWithOstree(say), visible) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${reason}\nLeave the next release's ostree out with --without ostree-trixie.`);
  }
}

/** Who takes part, by name, and in which version; who does not is said as well. */
export async function versionsOf(
  without: ReadonlySet<string>,
  { installed, next }: OstreePrograms,
): Promise<Record<string, string>> {
  const versions: Record<string, string> = {};
  if (!without.has('satchel')) versions.satchel = await satchel.satchelVersion();
  if (!without.has('rsync')) versions.rsync = await rsync.rsyncVersion();
  if (installed !== undefined) versions.ostree = `ostree ${installed.version} (installed)`;
  if (next !== undefined) versions['ostree-trixie'] = `ostree ${next.version} (of Debian 13)`;
  if (!without.has('casync')) versions.casync = await casync.casyncVersion();
  if (!without.has('zchunk')) versions.zchunk = await zchunk.zchunkVersion();
  for (const name of without) versions[name] = `${name}: left out by --without`;
  return versions;
}
