import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Language } from '../base/catalogue.ts';
import { SatchelError } from '../base/errors.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { openCatalog } from '../repository/catalog.ts';
import type { Store } from '../store/store.ts';
import { configurationPath } from './configuration-path.ts';
import { daemonFiles } from './daemon-files.ts';
import { isOurModule, type ModuleOptions, moduleLines, type OfferedBuild } from './daemon-modules.ts';
import { messageLine } from './daemon-motd.ts';
import { postTransferScript, preTransferScript } from './daemon-scripts.ts';
import { type ConfigurationNotice, readDaemonTemplate } from './daemon-template.ts';
import { configurationFault } from './daemon-trial.ts';
import { daemonUser } from './daemon-user.ts';
import type { RsyncLayout } from './layout.ts';
import { type RsyncSettings, readRsyncSettings } from './settings.ts';

/** What the configuration of the daemon is written from. */
export type ConfigurationOptions = {
  readonly layout: RsyncLayout;
  /** The repository's directory. */
  readonly repository: string;
  /** What is offered, see {@link offeredBuilds}. */
  readonly builds: readonly OfferedBuild[];
  /** Read from the rsync directory when absent. */
  readonly settings?: RsyncSettings;
  /** The language of what clients read. */
  readonly language: Language;
};

/**
 * Writes `rsyncd.conf` and the scripts that it names, each in one atomic step; the daemon reads them at the next
 * connection. Gives what the operator should know about it. A configuration with which the daemon would serve nobody
 * is not written, so that the one before stays.
 * Throws `rsync-configuration-refused`, `rsync-user-absent`, `rsync-path-not-allowed`, and what reading settings throws.
 */
export function writeDaemonConfiguration(options: ConfigurationOptions): readonly ConfigurationNotice[] {
  const { layout, repository, builds, language } = options;
  const settings = options.settings ?? readRsyncSettings(layout);
  const { text, notices } = daemonConfiguration({
    layout,
    settings,
    builds,
    packed: directoryOrNone(settings.packed ?? layout.packed),
    lite: directoryOrNone(join(repository, 'lite')),
    activities: directoryOrNone(layout.activities),
    user: daemonUser(settings.user),
    language,
  });
  const { preTransfer, postTransfer } = daemonFiles(layout);
  withSystemErrors('mkdir', layout.run, () => mkdirSync(layout.run, { recursive: true }));
  if (!existsSync(layout.motd)) writeFileAtomic(layout.motd, '');
  const reason = configurationFault(layout, text);
  if (reason !== undefined)
    throw new SatchelError('rsync-configuration-refused', { reason, path: layout.template });
  writeFileAtomic(preTransfer, preTransferScript({ perSource: settings.perSource, language }), {
    mode: 0o755,
  });
  writeFileAtomic(postTransfer, postTransferScript(), { mode: 0o755 });
  writeFileAtomic(layout.configuration, text);
  return notices;
}

/** True when a configuration is there that was written for this directory, and not before it was moved. */
export function hasConfiguration(layout: RsyncLayout): boolean {
  if (!existsSync(layout.configuration)) return false;
  return readFileSync(layout.configuration, 'utf8').includes(`\npid file = ${daemonFiles(layout).pid}\n`);
}

/**
 * The builds that repositories offer, with what a list of modules says about them. A name that several have stands for
 * the first one's.
 */
export async function offeredBuilds(stores: readonly Store[], signal?: AbortSignal): Promise<OfferedBuild[]> {
  const offered = new Map<string, OfferedBuild>();
  for (const store of stores)
    for (const build of await buildsOf(store, signal))
      if (!offered.has(build.name)) offered.set(build.name, build);
  return [...offered.values()];
}

async function buildsOf(store: Store, signal: AbortSignal | undefined): Promise<OfferedBuild[]> {
  const catalog = await openCatalog(store, signal);
  return Promise.all(
    catalog.buildNames().map(async (name) => {
      const { tree, published } = await catalog.build(name);
      return { name, published: { bytes: tree.bytes, time: published } };
    }),
  );
}

/** The text of the configuration: the operator's settings, Satchel's, the operator's modules, Satchel's. */
export function daemonConfiguration(options: ModuleOptions): {
  readonly text: string;
  readonly notices: readonly ConfigurationNotice[];
} {
  const { layout } = options;
  const files = daemonFiles(layout);
  const template = readDaemonTemplate(layout.template, (name) => isOurModule(name, options));
  const ours = moduleLines(options);
  const lines = [
    '# Written by Satchel; what is changed here is lost. Additions belong in rsyncd.conf.in.',
    // What an operator may set otherwise. With another log, Satchel's has no lines of the daemon.
    'listen backlog = 128',
    // Where clients have no names, asking for them takes long.
    'reverse lookup = no',
    `log file = ${configurationPath(files.log)}`,
    ...template.globals,
    ...messageLine(layout),
    `pid file = ${configurationPath(files.pid)}`,
    ...template.modules.flatMap((module) => module.lines),
    ...ours.lines,
  ];
  return { text: `${lines.join('\n')}\n`, notices: [...template.notices, ...ours.notices] };
}

function directoryOrNone(path: string): string | undefined {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ? path : undefined;
}
