import { execFileSync } from 'node:child_process';
import { compareTrees, describeDifferences } from './check-tree.ts';
import type { Sample, Wire } from './contest.ts';
import { startCountingProxy } from './counting-proxy.ts';
import type { Measured } from './measure.ts';
import type { Address, Server } from './servers.ts';
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
    // With --acls, tar passes over ACLs that the archive carries as attributes, as mmdebstrap's do.
    '--xattrs-include=*',
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
  const { wall, cpu, peak, written } = await job();
  return { wall, cpu, peak, written, serverCpu: server.cpu() - before, serverPeak: server.peak() };
}

/** Added to every request while bytes are counted, in milliseconds. */
const countedDelay = 10;

/** Counts what crosses the socket while the job talks to the server through a proxy. */
export async function countedOnTheWire(
  server: Server,
  job: (at: Address) => Promise<unknown>,
): Promise<Wire> {
  const proxy = await startCountingProxy(server.at.port, { delay: countedDelay });
  try {
    await job({ host: '127.0.0.1', port: proxy.port });
    const { toClient, toServer, requests, inTurn } = proxy.passed();
    // Only HTTP has requests that can be told apart.
    return { bytes: toClient + toServer, ...(requests > 0 ? { requests, inTurn } : {}) };
  } finally {
    await proxy.close();
  }
}
