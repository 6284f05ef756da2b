/** A small signed repository behind a web server that fails as told, and the directory of a site below it. */
import { hash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { emptyRepository } from '../../src/repository/repository.fixture.ts';
import { type SiteLayout, siteLayout } from '../../src/site/layout.ts';
import {
  createPullThrough,
  type PullThrough,
  type PullThroughOptions,
  type PullUpstream,
} from '../../src/site/pull.ts';
import { openHttpStore } from '../../src/store/http.ts';
import { readAll } from '../../src/store/read-all.ts';
import { type FaultRule, type FaultServer, startFaultServer } from './fault-server.ts';
import { scratchFolder } from './scratch.ts';
import { noise as namedNoise } from './story-trees.ts';

export type PullScene = {
  /** The upstream's directory. */
  readonly origin: string;
  readonly server: FaultServer;
  readonly layout: SiteLayout;
  /** Another server over the same directory. */
  serve(rules?: readonly FaultRule[]): Promise<FaultServer>;
  /** Starts a pull-through, as a new process would; closed with the test. */
  start(options?: Partial<PullThroughOptions> & { readonly from?: FaultServer }): PullThrough;
  /** The bytes of a file at the upstream. */
  bytes(name: string): Buffer;
  /** Names of the files in a folder of the upstream, with the folder. */
  names(folder: string): string[];
  /** Adds a file named by its hash; returns its name. */
  add(folder: 'contents' | 'deltas', bytes: Uint8Array): string;
  /** Whether the site has a file as a whole. */
  has(name: string): boolean;
};

/** Bytes that do not compress, the same on every machine. */
export function noise(length: number, seed: number): Buffer {
  return namedNoise(`pull ${seed}`, length);
}

/** Two builds of a few megabytes; the second shares half of the first's files. The site has the metadata. */
export async function pullScene(test: TestContext, rules: readonly FaultRule[] = []): Promise<PullScene> {
  const scratch = scratchFolder('pull');
  const origin = scratch.file('origin');
  const repository = await emptyRepository(test);
  await repository.publish('b1', files(1, 6));
  await repository.publish('b2', files(4, 6));
  for await (const { name } of repository.store.list('')) {
    const path = join(origin, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, await readAll(repository.store, name, { limit: 1e9 }));
  }
  const layout = siteLayout(scratch.file('site'));
  for (const folder of ['metadata', 'targets'])
    cpSync(join(origin, folder), join(layout.repository, folder), { recursive: true });
  const closing: (() => Promise<void>)[] = [];
  test.after(async () => {
    for (const close of closing) await close();
    scratch.remove();
  });
  const serve = async (faults: readonly FaultRule[] = []) => {
    const started = await startFaultServer(origin, faults);
    closing.push(() => started.close());
    return started;
  };
  const server = await serve(rules);
  const bytes = (name: string) => readFileSync(join(origin, name));
  return {
    ...{ origin, server, layout, serve, bytes },
    start({ from = server, ...options } = {}) {
      const upstream: PullUpstream = openHttpStore(from.url, { idleTimeout: 5000 });
      const timing = { patience: 0, sleep: async () => {}, random: () => 0 };
      const pull = createPullThrough({
        layout,
        upstream,
        ...options,
        timing: { ...timing, ...options.timing },
      });
      closing.unshift(async () => {
        await pull.close();
        await upstream.close();
      });
      return pull;
    },
    names: (folder) => readdirSync(join(origin, folder)).map((file) => `${folder}/${file}`),
    add(folder, content) {
      const name = `${folder}/${hash('sha256', content)}${folder === 'deltas' ? '.delta' : ''}`;
      mkdirSync(join(origin, folder), { recursive: true });
      writeFileSync(join(origin, name), content);
      return name;
    },
    has: (name) => existsSync(join(layout.repository, name)),
  };
}

function files(first: number, count: number): Record<string, Buffer> {
  const numbers = Array.from({ length: count }, (_, i) => first + i);
  return Object.fromEntries(numbers.map((number) => [`f${number}`, noise(300_000, number)]));
}

/** Reads a part of a file, or all of it. */
export async function pulled(
  pull: PullThrough,
  name: string,
  part?: { readonly offset: number; readonly length: number },
  signal?: AbortSignal,
): Promise<Buffer> {
  const file = await pull.open(name, { signal });
  try {
    const pieces = await Array.fromAsync(file.read(part ?? { offset: 0, length: file.size }, { signal }));
    return Buffer.concat(pieces);
  } finally {
    file.close();
  }
}
