import { type Language, say } from '../base/catalogue.ts';
import { type BuildName, buildName } from '../base/identifiers.ts';
import { formatBytes } from '../base/units.ts';
import { configurationPath } from './configuration-path.ts';
import { daemonFiles } from './daemon-files.ts';
import { shellQuoted } from './daemon-scripts.ts';
import { type ConfigurationNotice, isSameName } from './daemon-template.ts';
import type { DaemonUser } from './daemon-user.ts';
import type { RsyncLayout } from './layout.ts';
import type { RsyncSettings } from './settings.ts';

/** A build that has a module. */
export type OfferedBuild = {
  readonly name: BuildName;
  /** Bytes of its tree's files and when it was published; absent for a build that is still elsewhere. */
  readonly published?: { readonly bytes: number; readonly time: string };
};

/** What the modules are made of. */
export type ModuleOptions = {
  readonly layout: RsyncLayout;
  readonly settings: RsyncSettings;
  readonly builds: readonly OfferedBuild[];
  /** The drop directory, when it is there. */
  readonly packed: string | undefined;
  /** The repository's lists for satchel-lite, when they are there. */
  readonly lite: string | undefined;
  /** Bundles as files, when there are any. */
  readonly activities?: string | undefined;
  /** As whom transfers run when root starts the daemon. */
  readonly user: DaemonUser | undefined;
  /** The language of what clients read. */
  readonly language: Language;
};

/** Seconds in which nothing moves after which a client is taken for dead. */
const idleLimit = 600;

/** True when Satchel has a module of this name, now or as soon as the build is published. */
export function isOurModule(name: string, options: ModuleOptions): boolean {
  const { lite, activities } = options;
  const fixed = ['builds', 'os', ...(lite ? ['lite'] : []), ...(activities ? ['activities'] : [])];
  const builds = options.builds.map((build) => `build-${build.name}`);
  return [...fixed, ...builds].some((ours) => isSameName(ours, name));
}

/** The lines of Satchel's own modules. */
export function moduleLines(options: ModuleOptions): { lines: string[]; notices: ConfigurationNotice[] } {
  const { layout, packed, lite, activities, language } = options;
  const comment = (code: Parameters<typeof say>[0], parameters = {}) => say(code, parameters, language).text;
  const { builds, notices } = distinctBuilds(options.builds);
  const modules = [
    ...builds.map(({ name, published }) =>
      moduleOf(options, `build-${buildName(name)}`, layout.module(name), {
        tree: true,
        comment:
          published === undefined
            ? comment('rsync-comment-elsewhere')
            : comment('rsync-comment-build', {
                bytes: formatBytes(published.bytes),
                date: published.time.slice(0, 10),
              }),
      }),
    ),
    moduleOf(options, 'builds', layout.builds, { tree: true, comment: comment('rsync-comment-builds') }),
    packed === undefined
      ? []
      : moduleOf(options, 'os', packed, { tree: false, comment: comment('rsync-comment-os') }),
    lite === undefined
      ? []
      : moduleOf(options, 'lite', lite, { tree: false, comment: comment('rsync-comment-lite') }),
    activities === undefined
      ? []
      : moduleOf(options, 'activities', activities, {
          tree: false,
          comment: comment('rsync-comment-activities'),
        }),
  ];
  return { lines: modules.flat(), notices };
}

/** rsync takes names that differ in case only for one module, and mixes their settings. */
function distinctBuilds(builds: readonly OfferedBuild[]) {
  const kept: OfferedBuild[] = [];
  const notices: ConfigurationNotice[] = [];
  for (const build of builds) {
    const other = kept.find(({ name }) => isSameName(name, build.name));
    if (other === undefined) kept.push(build);
    else
      notices.push({
        code: 'rsync-build-name-case',
        parameters: { name: build.name, other: other.name },
      });
  }
  return { builds: kept, notices };
}

/** Everything that matters is said in each module, so that no default of the operator can take it away. */
function moduleOf(
  { layout, settings, user }: ModuleOptions,
  name: string,
  path: string,
  { tree, comment }: { readonly tree: boolean; readonly comment: string },
): string[] {
  const files = daemonFiles(layout);
  const counted = tree || settings.perSource > 0;
  const script = (file: string) => (counted ? `/bin/sh ${shellQuoted(configurationPath(file))}` : '');
  return [
    `[${name}]`,
    `comment = ${comment}`,
    `path = ${configurationPath(path)}`,
    'read only = yes',
    'write only = no',
    'list = yes',
    ...(user === undefined ? [] : [`uid = ${user.uid}`, `gid = ${user.gid}`]),
    `use chroot = ${user === undefined ? 'no' : 'yes'}`,
    `fake super = ${tree ? 'yes' : 'no'}`,
    'numeric ids = yes',
    // In a tree symlinks are plain files that hold their target, and their targets must arrive as they are.
    `munge symlinks = ${tree ? 'no' : 'yes'}`,
    `max connections = ${settings.connections}`,
    `lock file = ${configurationPath(files.lock)}`,
    `timeout = ${idleLimit}`,
    `refuse options = remove-source-files${tree ? '' : ' copy-links copy-dirlinks copy-unsafe-links'}`,
    `pre-xfer exec = ${script(files.preTransfer)}`,
    `post-xfer exec = ${script(files.postTransfer)}`,
  ];
}
