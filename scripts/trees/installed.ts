import { lstatSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { runProgram } from '../run-program.ts';

/** In both trees, as far as they are installed. */
const shared = [
  'base-files',
  'bash',
  'bsdutils',
  'coreutils',
  'dash',
  'diffutils',
  'findutils',
  'grep',
  'gzip',
  'libc-bin',
  'libc6',
  'mawk',
  'ncurses-base',
  'perl-base',
  'python3-minimal',
  'python3.11-minimal',
  'python3.12-minimal',
  'python3.13-minimal',
  'tar',
  'tzdata',
];
const onlyFirst = ['sed', 'ncurses-bin', 'login', 'hostname'];
const onlySecond = ['util-linux', 'dpkg', 'mount', 'passwd', 'openssl'];

/**
 * Writes a smaller tree as a tar, made of packages that are installed on this machine. The second tree leaves
 * some packages out and has others instead, and its list of packages differs. No root is needed.
 * Returns what went wrong, or undefined when the tar is complete.
 */
export async function makeInstalledTree(
  which: 'a' | 'b',
  output: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const wanted = [...shared, ...(which === 'a' ? onlyFirst : onlySecond)].sort();
  const versions = await installedVersions(wanted);
  if (versions.length === 0) return 'no packages of a Debian system are installed here';
  const names = versions.map((line) => line.split(' ')[0]!);
  const { output: listing } = await runProgram('dpkg', ['-L', ...names]);
  const members = [...membersOf(listing.split('\n'))].sort();
  const scratch = mkdtempSync(join(tmpdir(), 'satchel-trees-'));
  try {
    const list = 'usr/share/satchel-example/packages';
    mkdirSync(join(scratch, dirname(list)), { recursive: true });
    writeFileSync(join(scratch, list), `${versions.join('\n')}\n`);
    const { code, complaint } = await runProgram(
      'tar',
      [
        '--create',
        `--file=${output}`,
        '--format=posix',
        '--pax-option=delete=atime,delete=ctime',
        '--numeric-owner',
        '--no-recursion',
        '--ignore-failed-read',
        '--directory=/',
        '--verbatim-files-from',
        '--files-from=-',
        `--directory=${scratch}`,
        `./${dirname(list)}`,
        `./${list}`,
      ],
      {
        input: members.map((member) => `.${member}\n`).join(''),
        ...(signal === undefined ? {} : { signal }),
      },
    );
    return code === 0 ? undefined : complaint;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** `name version` of those packages that are installed, in the order given. */
async function installedVersions(names: readonly string[]): Promise<string[]> {
  const format = ['-W', '-f', `\${db:Status-Abbrev} \${Package} \${Version}\n`];
  // dpkg-query fails when one name is unknown, and answers for the others all the same.
  const { output } = await runProgram('dpkg-query', [...format, ...names]).catch(() => ({ output: '' }));
  return output
    .split('\n')
    .filter((line) => line.startsWith('ii'))
    .map((line) => line.replace(/^ii\s+/, ''))
    .sort();
}

/**
 * The paths that exist, each by the name that holds it: packages say `/bin/ls` where `/bin` has become a link
 * to `/usr/bin`, and an archive must not put a file through a link. Every parent is named too.
 */
function membersOf(listing: readonly string[]): Set<string> {
  const members = new Set<string>();
  for (const listed of listing) {
    if (!listed.startsWith('/') || listed === '/.' || listed.includes('\\')) continue;
    try {
      const path = join(realpathSync(dirname(listed)), basename(listed));
      lstatSync(path);
      for (let each = path; each !== '/'; each = dirname(each)) members.add(each);
    } catch {
      // Trimmed machines lack documentation that the package lists.
    }
  }
  return members;
}
