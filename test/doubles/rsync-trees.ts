/** Trees for rsync clients over a repository on disk, and a real client that fetches from them as root. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { MessageCode } from '../../src/base/catalogue.ts';
import { buildName } from '../../src/base/identifiers.ts';
import { openCatalog } from '../../src/repository/catalog.ts';
import { type RsyncLayout, rsyncLayout } from '../../src/rsync/layout.ts';
import { defaultSettings, type RsyncSettings } from '../../src/rsync/settings.ts';
import { openTrees, type Trees, type TreesOptions } from '../../src/rsync/trees.ts';
import { openDirectoryStore } from '../../src/store/directory.ts';
import { isRoot } from './story-trees.ts';

/** Opened trees, and what was said of them. */
export type TestTrees = {
  readonly trees: Trees;
  readonly layout: RsyncLayout;
  readonly said: readonly { readonly code: MessageCode; readonly build: unknown }[];
  /** Changes what the operator has set. */
  set(settings: Partial<RsyncSettings>): void;
  /** Makes the modules those of all builds that are published. */
  prepareAll(): Promise<void>;
  close(): Promise<void>;
};

/** Opens the trees of a repository in a directory. */
export async function openTestTrees(
  repository: string,
  directory: string,
  more: Partial<TreesOptions> = {},
): Promise<TestTrees> {
  const layout = rsyncLayout(directory);
  const said: { code: MessageCode; build: unknown }[] = [];
  let settings = defaultSettings;
  const store = openDirectoryStore(repository);
  const trees = await openTrees({
    ...{ layout, repository, store, settings: () => settings },
    reporter: {
      progress() {},
      notice: (code, parameters) => said.push({ code, build: parameters?.build }),
    },
    ...more,
  });
  return {
    trees,
    layout,
    said,
    set(changed) {
      settings = { ...settings, ...changed };
    },
    async prepareAll() {
      await trees.prepare((await openCatalog(store)).buildNames());
    },
    async close() {
      await trees.close();
      await store.close();
    },
  };
}

/** Fetches from a build's module with the real rsync client and a real daemon that has no rights. */
export function fetchTree(
  layout: RsyncLayout,
  build: string,
  what: string,
  options: readonly string[],
): void {
  const configuration = join(layout.directory, 'test.conf');
  const lines = ['numeric ids = yes', 'read only = yes', 'fake super = yes'];
  lines.push(...(isRoot ? ['use chroot = yes', 'uid = nobody', 'gid = nogroup'] : ['use chroot = no']));
  lines.push(`[build-${build}]`, `path = ${layout.module(buildName(build))}`, '');
  writeFileSync(configuration, lines.join('\n'));
  execFileSync('rsync', ['-aHAX', '--numeric-ids', `rsync://test/build-${build}/${what}`, ...options], {
    env: { ...process.env, RSYNC_CONNECT_PROG: `rsync --config=${configuration} --daemon` },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** A transfer that has begun, as the daemon's scripts note it; it goes on until it is ended. */
export type TestTransfer = {
  end(): Promise<void>;
};

/** Begins a transfer of a build by a process that is called like the daemon; it ends with the test at the latest. */
export async function beginTransfer(
  context: TestContext,
  layout: RsyncLayout,
  build: string,
): Promise<TestTransfer> {
  const program = join(layout.run, 'rsync');
  rmSync(program, { force: true });
  symlinkSync('/bin/sleep', program);
  const child = spawn(program, ['1000']);
  const ended = once(child, 'exit');
  await once(child, 'spawn');
  const use = join(layout.uses, `${build},192.0.2.7,${child.pid}`);
  writeFileSync(use, '', { flag: 'wx' });
  const end = async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(use, { force: true });
  };
  context.after(end);
  return { end };
}
