import { type BuildName, isBuildName } from '../base/identifiers.ts';

/**
 * One entry for a loader that follows the Boot Loader Specification (uapi-group.org), in a file
 * `satchel-<generation>-<build>[+LEFT[-DONE]].conf`. The highest generation boots; the counters are those of
 * systemd-boot, which renames the file at each boot. The build itself stands in the options.
 */
export type BlsEntry = {
  /** Name of the file. */
  readonly file: string;
  readonly generation: number;
  readonly build: BuildName;
  /** Boots that the loader still gives it; undefined: it does not count. */
  readonly triesLeft?: number;
  /** Paths on the partition, with a slash before them. */
  readonly linux: string;
  readonly initrd: string;
  readonly options: string;
};

/** How the initramfs is told the build, without its value. */
export const versionWord = 'satchel.version=';

const filePattern = /^satchel-(\d{1,9})-[A-Za-z0-9._-]+?(?:\+(\d{1,9})(?:-\d{1,9})?)?\.conf$/;

/** True for a name that only Satchel gives. */
export function isOwnEntry(file: string): boolean {
  return /^satchel-\d.*\.conf$/i.test(file);
}

/** The name of a new entry; with `tries` the loader counts. */
export function entryFile(generation: number, build: BuildName, tries?: number): string {
  // A plus in the name of a build would be taken for the counter.
  const name = `satchel-${generation}-${build.replaceAll('+', '_')}`;
  return tries === undefined ? `${name}.conf` : `${name}+${tries}.conf`;
}

/** The name that an entry has when the loader no longer counts. */
export function goodFile(file: string): string {
  return file.replace(/\+\d+(?:-\d+)?(?=\.conf$)/, '');
}

/** The text of an entry's file. The kernel comes last: what is cut off before it is no entry for any loader. */
export function serialiseEntry(entry: Omit<BlsEntry, 'file' | 'triesLeft'>): string {
  return [
    `title      Satchel ${entry.build}`,
    `version    ${entry.generation}`,
    'sort-key   satchel',
    `options    ${entry.options}`,
    `initrd     ${entry.initrd}`,
    `linux      ${entry.linux}`,
    '',
  ].join('\n');
}

/** The words for the kernel of one version: the operator's, then ours. A kernel that panics starts anew. */
export function kernelWords(operators: string, build: BuildName): string {
  const panics = /(^| )panic=/.test(operators) ? [] : ['panic=10'];
  return [operators, `${versionWord}${build}`, ...panics].filter((word) => word !== '').join(' ');
}

/** An entry by its file; undefined for what is none of ours, or not complete. */
export function parseEntry(file: string, text: string): BlsEntry | undefined {
  const name = filePattern.exec(file);
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, key = '', value = ''] = /^\s*([a-z-]+)\s+(.*\S)\s*$/.exec(line) ?? [];
    if (!key.startsWith('#')) fields.set(key, value);
  }
  const [linux, initrd, options] = [fields.get('linux'), fields.get('initrd'), fields.get('options')];
  if (name === null || linux === undefined || initrd === undefined || options === undefined) return undefined;
  const build = options
    .split(/\s+/)
    .findLast((word) => word.startsWith(versionWord))
    ?.slice(versionWord.length);
  if (build === undefined || !isBuildName(build)) return undefined;
  const generation = Number(name[1]);
  if (fields.get('version') !== String(generation)) return undefined;
  const triesLeft = name[2] === undefined ? {} : { triesLeft: Number(name[2]) };
  return { file, generation, build, ...triesLeft, linux, initrd, options };
}

/** In the order in which systemd-boot tries entries: those that are used up last, else the newest first. */
export function inLoaderOrder(entries: readonly BlsEntry[]): BlsEntry[] {
  const isUsedUp = ({ triesLeft }: BlsEntry) => (triesLeft === 0 ? 1 : 0);
  return [...entries].sort(
    (one, other) =>
      isUsedUp(one) - isUsedUp(other) ||
      other.generation - one.generation ||
      // What has proved itself counts before its name from before.
      (one.triesLeft ?? -1) - (other.triesLeft ?? -1),
  );
}
