/** A real set of bundles: educational packages of Debian as `.xo` files, in the versions of two suites. */
import {
  createWriteStream,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { acquireSettings, mirrorOfThisMachine } from '../scripts/trees/mirror.ts';
import { treesDirectory } from '../scripts/trees.ts';
import { run } from './measure.ts';

/**
 * What is small (at most 40 MB as a package) and of which Debian 12 and 13 have different versions: activities of Sugar,
 * and games, lessons and their data. Left out because of their size: gcompris-qt-data, tuxpaint-stamps-default,
 * stellarium-data.
 */
const packages = [
  ...['browse', 'memorize', 'pippy', 'read'].map((name) => `sugar-${name}-activity`),
  ...['bambam', 'blinken', 'cantor', 'gtypist', 'kalzium-data', 'kanagram', 'kbruch', 'kdeedu-kvtml-data'],
  ...['kgeography-data', 'khangman', 'kig', 'kiten', 'klettres-data', 'kmplot', 'ktouch-data', 'kturtle'],
  ...['kwordquiz', 'laby', 'marble-data', 'minuet-data', 'parley-data', 'pysiogame', 'ri-li-data', 'step'],
  ...['tuxmath-data', 'tuxpaint-data', 'tuxtype-data'],
];

/** One package in both suites. */
export type TestBundle = {
  readonly name: string;
  /** The `.xo` of version 1 and of version 2. */
  readonly files: readonly [string, string];
};

/** The set, made once and kept beside the other trees. Nothing of this machine's own apt is changed. */
export async function activitySet(
  suites: readonly [string, string],
  say: (line: string) => void,
): Promise<readonly TestBundle[]> {
  const directory = join(treesDirectory(), `activities-${suites.join('-')}`);
  if (!existsSync(directory)) {
    mkdirSync(treesDirectory(), { recursive: true });
    const scratch = mkdtempSync(join(treesDirectory(), '.activities-'));
    try {
      await makeSet(scratch, suites, say);
      renameSync(join(scratch, 'set'), directory);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }
  return readdirSync(join(directory, '1'))
    .sort()
    .map((file) => ({
      name: basename(file, '.xo'),
      files: [join(directory, '1', file), join(directory, '2', file)],
    }));
}

async function makeSet(
  scratch: string,
  suites: readonly [string, string],
  say: (line: string) => void,
): Promise<void> {
  const downloads: Map<string, string>[] = [];
  for (const suite of suites) {
    say(`downloading ${packages.length} packages of ${suite}`);
    downloads.push(await download(join(scratch, suite), suite));
  }
  const [before, after] = downloads as [Map<string, string>, Map<string, string>];
  for (const name of packages) {
    const files = [before.get(name), after.get(name)];
    // A name holds the version of the package.
    if (files.includes(undefined) || basename(files[0]!) === basename(files[1]!)) continue;
    say(`packing ${name}`);
    for (const [number, file] of files.entries()) {
      const tree = join(scratch, `tree-${number}`, name);
      mkdirSync(tree, { recursive: true });
      await run({ program: 'dpkg-deb', parameters: ['-x', file!, tree] });
      const folder = join(scratch, 'set', String(number + 1));
      mkdirSync(folder, { recursive: true });
      await pack(tree, name, number + 1, join(folder, `${name}.xo`));
    }
  }
}

/** The packages that a suite has, by name. */
async function download(directory: string, suite: string): Promise<Map<string, string>> {
  const mirror = await mirrorOfThisMachine();
  if (mirror === undefined) throw new Error('no package source of this machine leads to a Debian mirror');
  const at = (name: string) => join(directory, name);
  for (const folder of ['lists/partial', 'cache/archives/partial', 'packages'])
    mkdirSync(at(folder), { recursive: true });
  writeFileSync(at('sources.list'), `${mirror.release.replace(` ${mirror.suite} `, ` ${suite} `)}\n`);
  const settings = [
    `Dir::State::lists "${at('lists')}";`,
    `Dir::Cache "${at('cache')}";`,
    `Dir::Etc::sourcelist "${at('sources.list')}";`,
    'Dir::Etc::sourceparts "/dev/null";',
    'APT::Sandbox::User "root";',
    ...(await acquireSettings()),
  ];
  writeFileSync(at('apt.conf'), `${settings.join('\n')}\n`);
  const environment = { APT_CONFIG: at('apt.conf'), LC_ALL: 'C' };
  await run({ program: 'apt-get', parameters: ['update'], environment });
  const known = await run({ program: 'apt-cache', parameters: ['pkgnames'], environment });
  const names = new Set(known.split('\n'));
  const parameters = ['download', ...packages.filter((name) => names.has(name))];
  await run({ program: 'apt-get', parameters, environment, directory: at('packages') });
  const files = readdirSync(at('packages')).map((file) => [file.split('_')[0]!, join(at('packages'), file)]);
  return new Map(files as [string, string][]);
}

/** Packs a tree as people pack activities. A symlink becomes what it leads to in the tree, if it leads there. */
async function pack(tree: string, name: string, version: number, path: string): Promise<void> {
  const zip = new ZipFile();
  const top = `${name}.activity`;
  const info = [
    '[Activity]',
    `name = ${name}`,
    `bundle_id = org.debian.${name}`,
    `activity_version = ${version}`,
    `exec = ${name}`,
    'icon = icon',
    'license = GPLv3+',
  ];
  const mtime = new Date(Date.UTC(2024, 0, version));
  const add = (text: string, file: string) => zip.addBuffer(Buffer.from(text), `${top}/${file}`, { mtime });
  add(`${info.join('\n')}\n`, 'activity/activity.info');
  add('<svg xmlns="http://www.w3.org/2000/svg"/>\n', 'activity/icon.svg');
  for (const file of readdirSync(tree, { recursive: true, encoding: 'utf8' }).sort()) {
    const target = insideOf(tree, join(tree, file));
    if (target !== undefined && statSync(target).isFile()) zip.addFile(target, `${top}/${file}`);
  }
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(path));
}

/** What a path of a tree stands for; nothing where that lies outside. */
function insideOf(tree: string, path: string): string | undefined {
  if (!lstatSync(path).isSymbolicLink()) return path;
  try {
    const target = realpathSync(path);
    return target.startsWith(`${realpathSync(tree)}/`) ? target : undefined;
  } catch {
    return undefined;
  }
}
