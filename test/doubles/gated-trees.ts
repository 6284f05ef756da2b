/** Trees for rsync clients that become ready when a test says so; no engine takes part. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { throwIfCancelled, untilAborted } from '../../src/base/cancel.ts';
import { SatchelError } from '../../src/base/errors.ts';
import type { BuildName } from '../../src/base/identifiers.ts';
import type { RsyncLayout } from '../../src/rsync/layout.ts';
import type { openTrees, TreeProgress, Trees } from '../../src/rsync/trees.ts';

/** The trees, and the hands of the test on them. */
export type GatedTrees = {
  /** To be given to the service in the place of the engine. */
  readonly open: typeof openTrees;
  /** Builds whose tree was begun, once for each making. */
  readonly begun: string[];
  /** Finishes a tree, also one that nobody has asked for yet. */
  finish(name: string): void;
  /** Lets the making of a tree fail. */
  fail(name: string, error: Error): void;
  /** What is said about the making of a tree. */
  progress(name: string, done: number, total: number): void;
};

/** Every build of the repository can be made; what `elsewhere` names is made, but is not in the repository. */
export function gatedTrees(): GatedTrees {
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const gate = (name: string) => {
    const found = gates.get(name) ?? Promise.withResolvers<void>();
    found.promise.catch(() => undefined);
    gates.set(name, found);
    return found;
  };
  const making = new Map<string, { job: Promise<void>; progress: TreeProgress }>();
  const begun: string[] = [];
  let published: readonly BuildName[] = [];

  const make = async (layout: RsyncLayout, name: BuildName) => {
    begun.push(name);
    await gate(name).promise;
    writeTree(layout, name);
  };
  const open = async ({ layout }: { readonly layout: RsyncLayout }): Promise<Trees> => ({
    async prepare(names) {
      published = names;
      for (const name of names) mkdirSync(join(layout.module(name)), { recursive: true });
      for (const name of readdirSync(layout.builds))
        if (!names.some((one) => one === name))
          for (const path of [layout.readyMarks, layout.builds])
            rmSync(join(path, name), { recursive: true, force: true });
    },
    async make(name, { signal } = {}) {
      throwIfCancelled(signal);
      if (!published.includes(name)) throw new SatchelError('build-not-found', { name, location: 'here' });
      const job = making.get(name)?.job ?? make(layout, name).finally(() => making.delete(name));
      job.catch(() => undefined);
      if (!making.has(name)) making.set(name, { job, progress: { name, done: 0, total: 0 } });
      await untilAborted(job, signal);
    },
    making: () => [...making.values()].map(({ progress }) => progress),
    withdraw: async () => undefined,
    evict: async () => undefined,
    shrinkTo: async () => undefined,
    usage: () => ({ trees: readdirSync(layout.readyMarks).length, bytes: 0 }),
    close: async () => undefined,
  });
  return {
    open,
    begun,
    finish: (name) => gate(name).resolve(),
    fail: (name, error) => gate(name).reject(error),
    progress(name, done, total) {
      const found = making.get(name);
      if (found) found.progress = { ...found.progress, done, total };
    },
  };
}

function writeTree(layout: RsyncLayout, name: BuildName): void {
  mkdirSync(join(layout.module(name), 'root', 'etc'), { recursive: true });
  writeFileSync(join(layout.module(name), 'root', 'etc', 'name'), `${name}\n`);
  writeFileSync(join(layout.module(name), 'contents'), `contents of ${name}\n`);
  writeFileSync(layout.readyMark(name), '');
}
