import { readdirSync, readFileSync } from 'node:fs';
import { runProgram } from '../run-program.ts';
import { type AptSource, parseListFile, parseSourcesFile, sourceLine } from './apt-sources.ts';

/** Where a Debian tree can be made from: the release alone, and its updates, as one-line sources. */
export type Mirror = {
  /** The release, for example `bookworm`. */
  readonly suite: string;
  readonly release: string;
  readonly updates: readonly string[];
  /** The address of the release's signed file, to ask whether the mirror answers. */
  readonly probe: string;
};

/** Debian hosts of every version make the same trees: those that the published figures were measured on. */
const debianSuite = 'bookworm';

/**
 * The mirror that this machine's own package sources name; no address is known to the repository. On Debian
 * the trees are Debian 12's; on Ubuntu, whose mirrors carry no Debian, those of the machine's own release.
 */
export async function mirrorOfThisMachine(): Promise<Mirror | undefined> {
  return chooseMirror(await sourcesOfThisMachine(), hostRelease());
}

/** Picks release, updates and security from package sources. Undefined when no source carries the release. */
export function chooseMirror(
  sources: readonly AptSource[],
  host: { readonly id: string; readonly codename: string },
): Mirror | undefined {
  const suite = host.id === 'debian' ? debianSuite : host.codename;
  const names = new Set([
    host.codename,
    suite,
    'stable',
    'oldstable',
    'oldoldstable',
    'testing',
    'sid',
    'unstable',
  ]);
  const usable = sources.filter((source) => /^(https?|ftp|file|copy|mirror\S*):/.test(source.address));
  const release = usable.find((source) => names.has(source.suite) && source.components.includes('main'));
  if (release === undefined || suite === '') return undefined;
  const security =
    usable.find((source) => source.suite.endsWith('-security')) ??
    (host.id === 'debian' ? { ...release, address: `${slashless(release.address)}-security` } : release);
  return {
    suite,
    release: sourceLine(inSuite(release, suite)),
    updates: [
      sourceLine(inSuite(release, `${suite}-updates`)),
      sourceLine(inSuite(security, `${suite}-security`)),
    ],
    probe: `${slashless(release.address)}/dists/${suite}/InRelease`,
  };
}

/** Asks the mirror for a small file through apt's own downloader, so that proxies and mirror lists count. */
export async function mirrorAnswers(mirror: Mirror, target: string, signal?: AbortSignal): Promise<boolean> {
  const patience = [
    '-o',
    'Acquire::http::Timeout=20',
    '-o',
    'Acquire::https::Timeout=20',
    '-o',
    'Acquire::Retries=1',
  ];
  const { code } = await runProgram(
    '/usr/lib/apt/apt-helper',
    [...patience, 'download-file', mirror.probe, target],
    signal === undefined ? {} : { signal },
  );
  return code === 0;
}

/** The settings of this machine's apt that decide whether a mirror can be reached and is accepted. */
export async function acquireSettings(): Promise<string[]> {
  const { output } = await runProgram('apt-config', ['dump']);
  return output
    .split('\n')
    .filter((line) =>
      /^Acquire::(https?::Proxy|https?::Verify|Check-Valid-Until|Check-Date)\S* ".+";$/i.test(line),
    );
}

async function sourcesOfThisMachine(): Promise<AptSource[]> {
  const { output } = await runProgram('apt-config', [
    'shell',
    'LIST',
    'Dir::Etc::sourcelist/f',
    'PARTS',
    'Dir::Etc::sourceparts/d',
  ]);
  const list = /^LIST='(.*)'$/m.exec(output)?.[1];
  const parts = /^PARTS='(.*)'$/m.exec(output)?.[1];
  const files = list === undefined ? [] : [list];
  if (parts !== undefined)
    for (const name of entriesOf(parts).sort()) files.push(`${slashless(parts)}/${name}`);
  return files.flatMap((file) => {
    if (file.endsWith('.list')) return parseListFile(textOf(file));
    if (file.endsWith('.sources')) return parseSourcesFile(textOf(file));
    return [];
  });
}

function hostRelease(): { id: string; codename: string } {
  const text = textOf('/etc/os-release');
  const field = (name: string) => new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
  return { id: field('ID'), codename: field('VERSION_CODENAME') };
}

function inSuite(source: AptSource, suite: string): AptSource {
  const components = source.components.filter((component) => ['main', 'universe'].includes(component));
  return { ...source, suite, components };
}

function slashless(path: string): string {
  return path.replace(/\/+$/, '');
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
