import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, type Measured, measure, run } from '../measure.ts';
import { type Address, urlOf } from '../servers.ts';

/** One version of the program: the installed one, or one that lives in a tree of another release. */
export type Ostree = {
  readonly version: string;
  /** The command as it must be started so that it finds this version. */
  inside(command: Command): Command;
};

/** The version that is installed on this machine. */
export async function installedOstree(): Promise<Ostree> {
  const inside = (command: Command) => command;
  return { version: await versionOf(inside), inside };
}

/**
 * The version inside a tree, run with that tree as its root; `visible` is the directory of this machine that it
 * works in, at the same path. What leads inside costs some 10 ms of each run.
 */
export async function ostreeOfTree(tree: string, visible: string): Promise<Ostree> {
  mkdirSync(join(tree, visible), { recursive: true });
  const enter =
    'mount --bind "$2" "$1/$2" && mount --bind /proc "$1/proc" && tree=$1 && shift 2 && exec chroot "$tree" "$@"';
  const inside = (command: Command): Command => ({
    ...command,
    program: 'unshare',
    parameters: ['--mount', 'sh', '-c', enter, 'sh', tree, visible, command.program, ...command.parameters],
  });
  return { version: await versionOf(inside), inside };
}

async function versionOf(inside: Ostree['inside']): Promise<string> {
  const output = await run(inside({ program: 'ostree', parameters: ['--version'] }));
  return /Version: '([^']+)'/.exec(output)?.[1] ?? 'of unknown version';
}

/** An empty repository as a server keeps it: every object compressed by itself. */
export async function initArchive(repository: string): Promise<void> {
  await run({ program: 'ostree', parameters: ['init', `--repo=${repository}`, '--mode=archive'] });
}

/** Commits a directory, measured. It must hold no device nodes: ostree refuses them. */
export function commit(
  repository: string,
  branch: string,
  directory: string,
  ...options: string[]
): Promise<Measured> {
  return commitFrom(repository, branch, `dir=${directory}`, ...options);
}

/** Commits a tar, measured. It must hold no device nodes either. */
export function commitTar(repository: string, branch: string, archive: string): Promise<Measured> {
  return commitFrom(repository, branch, `tar=${archive}`, '--tar-autocreate-parents');
}

function commitFrom(
  repository: string,
  branch: string,
  tree: string,
  ...options: string[]
): Promise<Measured> {
  return measure({
    program: 'ostree',
    parameters: [
      'commit',
      `--repo=${repository}`,
      `--branch=${branch}`,
      `--tree=${tree}`,
      '--subject=bench',
      ...options,
    ],
  });
}

/** Makes a static delta and names it in the summary, where clients look for it; the making is measured. */
export async function makeDelta(
  ostree: Ostree,
  repository: string,
  from: string,
  to: string,
): Promise<Measured> {
  const parameters = ['static-delta', 'generate', `--repo=${repository}`, `--from=${from}`, `--to=${to}`];
  const made = await measure(ostree.inside({ program: 'ostree', parameters }));
  await run(ostree.inside({ program: 'ostree', parameters: ['summary', '-u', `--repo=${repository}`] }));
  return made;
}

/** A client's repository with a server as its remote; files lie in it as they are, ready to be linked. */
export async function initClient(repository: string, at: Address): Promise<void> {
  await initBare(repository);
  await pointClientAt(repository, at);
}

/** An empty repository whose files lie in it as they are, ready to be linked. */
export async function initBare(repository: string): Promise<void> {
  await run({ program: 'ostree', parameters: ['init', `--repo=${repository}`, '--mode=bare'] });
}

/** Changes the address of the remote. */
export async function pointClientAt(repository: string, at: Address): Promise<void> {
  const remote = ['remote', 'add', `--repo=${repository}`, '--force', '--no-gpg-verify', 'origin', urlOf(at)];
  await run({ program: 'ostree', parameters: remote });
}

/** Fetches a branch, measured. */
export function pull(repository: string, branch: string): Promise<Measured> {
  return measure({ program: 'ostree', parameters: ['pull', `--repo=${repository}`, 'origin', branch] });
}

export type PullOptions = {
  readonly ostree: Ostree;
  /** Take a static delta where there is one; else objects alone. */
  readonly deltas: boolean;
  readonly network?: string | undefined;
};

/** Fetches a branch and checks it out with hard links, measured as one. */
export function pullAndCheckout(
  repository: string,
  branch: string,
  directory: string,
  { ostree, deltas, network }: PullOptions,
): Promise<Measured> {
  const option = deltas ? '' : '--disable-static-deltas';
  const script = `ostree pull ${option} --repo="$1" origin "$2" && ostree checkout --repo="$1" -H "origin:$2" "$3"`;
  const command = ostree.inside({
    program: 'sh',
    parameters: ['-c', script, 'sh', repository, branch, directory],
  });
  return measure(network === undefined ? command : { ...command, network });
}

/** Lays a commit of a repository out as a tree of hard links, measured. */
export function checkout(repository: string, branch: string, directory: string): Promise<Measured> {
  const parameters = ['checkout', `--repo=${repository}`, '-H', branch, directory];
  return measure({ program: 'ostree', parameters });
}
