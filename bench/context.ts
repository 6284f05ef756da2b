import { execFileSync } from 'node:child_process';
import { compareTrees, describeDifferences } from './check-tree.ts';
import type { Sample } from './contest.ts';
import { startCountingProxy } from './counting-proxy.ts';
import type { Measured } from './measure.ts';
import type { Server } from './servers.ts';
import { describeTree, type TreeDescription } from './tree-description.ts';
import type { Workspace } from './workspace.ts';

/** What every row needs. */
export type Context = {
  readonly workspace: Workspace;
  readonly runs: number;
  readonly quick: boolean;
  /** Names of contenders that are left out because the caller said so. */
  readonly without: ReadonlySet<string>;
  readonly say: (line: string) => void;
};

/** One build of a pair: its tar, and what GNU tar made of it. */
export type Build = {
  readonly name: string;
  readonly tar: string;
  readonly extracted: string;
  readonly description: TreeDescription;
  /** Whether the tar has an entry for the tree's root. */
  readonly withRoot: boolean;
};

/** Extracts a tar with GNU tar, the oracle, and describes the result. */
export function openBuild(name: string, tar: string, directory: string): Build {
  execFileSync('tar', [
    '--numeric-owner',
    '-xp',
    '--xattrs',
    '--xattrs-include=*',
    '--acls',
    '-C',
    directory,
    '-f',
    tar,
  ]);
  const first = execFileSync('sh', ['-c', 'tar -tf "$1" 2>/dev/null | head -n 1', 'sh', tar], {
    encoding: 'latin1',
  });
  return {
    name,
    tar,
    extracted: directory,
    description: describeTree(directory),
    withRoot: first.trim() === './',
  };
}

/** Throws unless the tree is exactly the build; `clampedTo` (seconds) when it was published with that one time. */
export function checkExact(build: Build, directory: string, clampedTo?: number): string {
  const differences = differencesFrom(build, directory, clampedTo);
  if (differences.length > 0) {
    const first = differences.slice(0, 10).map(({ path, what }) => `  ${what}: ${path}`);
    throw new Error(
      `Satchel's tree of ${build.name} is wrong: ${describeDifferences(differences, build.description.size)}\n${first.join('\n')}`,
    );
  }
  return 'exact';
}

/** How far a peer's tree is from the build. */
export function checkPeer(build: Build, directory: string): string {
  return describeDifferences(differencesFrom(build, directory), build.description.size);
}

function differencesFrom(build: Build, directory: string, clampedTo?: number) {
  return compareTrees(build.description, describeTree(directory), {
    withRoot: build.withRoot,
    ...(clampedTo === undefined ? {} : { clampedTo: BigInt(clampedTo) * 1_000_000_000n }),
  });
}

/** Adds to a run what the server spent during it. */
export async function withServer(server: Server, job: () => Promise<Measured>): Promise<Sample> {
  const before = server.cpu();
  const { wall, cpu, peak } = await job();
  return { wall, cpu, peak, serverCpu: server.cpu() - before, serverPeak: server.peak() };
}

/** Counts what crosses the socket while the job talks to the server through a proxy. `before` is not counted. */
export async function countedOnTheWire(
  server: Server,
  before: (port: number) => Promise<void>,
  job: (port: number) => Promise<unknown>,
): Promise<{ bytes: number; requests: number }> {
  const proxy = await startCountingProxy(server.port);
  try {
    await before(proxy.port);
    const start = proxy.passed();
    await job(proxy.port);
    const end = proxy.passed();
    return {
      bytes: end.toClient + end.toServer - start.toClient - start.toServer,
      requests: end.requests - start.requests,
    };
  } finally {
    await proxy.close();
  }
}
