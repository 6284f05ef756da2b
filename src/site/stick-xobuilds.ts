import { existsSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { formatBytes } from '../base/units.ts';
import { readSideFile } from '../build/set-file.ts';
import { removeTemporaries } from '../os/atomic-file.ts';
import { freeSpace } from '../os/disk.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { whyNotSigned } from './stick-gpg.ts';
import { copyHashed, Unreadable } from './stick-intake.ts';
import { sumOf } from './stick-read.ts';
import type { StickProblem } from './stick-state.ts';
import { parseXsManifest, type XsLine, xsManifests } from './stick-xs-manifest.ts';

/** Whether manifests have to be signed. */
export type XsSecurity = {
  /** Signatures are asked for when this file exists. */
  readonly switch: string;
  /** The home of GnuPG with the operator's keys; the user's own when absent. */
  readonly keyring?: string | undefined;
};

/** What the old school servers had. */
export const usualSecurity: XsSecurity = { switch: '/etc/xs-security-on' };

export type XobuildsOptions = {
  readonly stick: string;
  /** The drop directory. */
  readonly directory: string;
  /** The folder of the stick; `xs-xobuilds` when absent. */
  readonly folder?: XsFolder | undefined;
  readonly security: XsSecurity;
  readonly problems: StickProblem[];
  readonly state?: { expect(bytes: number): void; copied(bytes: number): void } | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** What was taken of `xs-xobuilds/`. */
export type TakenXobuilds = {
  readonly directory: string;
  /** Names of files that are in the drop directory now, as their manifest says. */
  readonly files: readonly string[];
  /** Bytes that were copied; what was there already is not copied again. */
  readonly copied: number;
};

/** Folders that the old school servers took from a stick: builds, and activities. */
export type XsFolder = 'xs-xobuilds' | 'xs-activity-server';

const usualFolder: XsFolder = 'xs-xobuilds';
const manifestLimit = 1024 * 1024;

/** True when a stick has a folder of builds, or of activities, as the old school servers took them. */
export function hasXobuilds(stick: string, folder: XsFolder = usualFolder): boolean {
  return lstatSync(join(stick, folder), { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * Copies the files that the manifest of `xs-xobuilds/` names into the drop directory, each verified on the copy; the
 * `.name` files come last, for a set counts from then on. Where security is on, the manifest needs a detached GPG
 * signature. What is wrong is a problem, and nothing that is not in the manifest is taken. Throws `disk-full`,
 * `cancelled`, `stick-pulled-out`.
 */
export async function takeXobuilds(options: XobuildsOptions): Promise<TakenXobuilds> {
  const { directory, problems } = options;
  const nothing = { directory, files: [], copied: 0 };
  try {
    const { lines, algorithm } = await readManifest(options);
    return { directory, ...(await copyAll(options, lines, algorithm)) };
  } catch (error) {
    if (!isSatchelError(error, ...refusals)) throw error;
    problems.push({ code: error.code, parameters: error.parameters });
    return nothing;
  }
}

const refusals = [
  'xs-manifest-missing',
  'xs-manifest-damaged',
  'xs-manifest-unsigned',
  'xs-no-room',
  'source-is-link',
  'source-not-regular',
  'source-side-file-too-large',
] as const;

/** The manifest is read once, so that what was verified is what counts. */
async function readManifest({ stick, folder: name = usualFolder, security, signal }: XobuildsOptions) {
  const folder = join(stick, name);
  const kind = xsManifests.find(({ name }) => existsSync(join(folder, name)));
  if (kind === undefined) throw new SatchelError('xs-manifest-missing', { path: folder });
  const path = join(folder, kind.name);
  const bytes = readSideFile(path, manifestLimit, { noLinks: true });
  if (existsSync(security.switch)) {
    const signed = `${path}.sig`;
    const reason = existsSync(signed)
      ? await whyNotSigned({
          bytes,
          signature: readSideFile(signed, manifestLimit, { noLinks: true }),
          keyring: security.keyring,
          signal,
        })
      : `there is no ${kind.name}.sig`;
    if (reason !== undefined)
      throw new SatchelError('xs-manifest-unsigned', { switch: security.switch, path, reason, folder: name });
  }
  return { lines: parseXsManifest(bytes, kind.digits, path), algorithm: kind.algorithm };
}

type Found = XsLine & { readonly size: number };

async function copyAll(
  options: XobuildsOptions,
  lines: readonly XsLine[],
  algorithm: 'sha256' | 'sha1',
): Promise<Pick<TakenXobuilds, 'files' | 'copied'>> {
  const { stick, directory, folder = usualFolder, problems, state } = options;
  const found = lookFor(options, lines);
  withSystemErrors('mkdir', directory, () => mkdirSync(directory, { recursive: true }));
  removeTemporaries(directory, { olderThanMs: 24 * 3600 * 1000 });
  const missing: Found[] = [];
  const files: string[] = [];
  for (const file of found) {
    if (await isThere(join(directory, file.name), file, { algorithm, signal: options.signal }))
      files.push(file.name);
    else missing.push(file);
  }
  const needed = missing.reduce((sum, { size }) => sum + size, 0);
  const free = freeSpace(directory).bytes;
  if (needed > free)
    throw new SatchelError('xs-no-room', {
      ...{ needed: formatBytes(needed), free: formatBytes(free) },
      ...{ directory, folder },
    });
  state?.expect(needed);
  let copied = 0;
  const failed = new Set(
    lines.filter(({ name }) => found.every((file) => file.name !== name)).map(({ name }) => name),
  );
  // A set is seen by its .name file: until then the others may come one by one.
  const isName = ({ name }: Found) => name.endsWith('.name');
  for (const file of missing.toSorted((one, other) => Number(isName(one)) - Number(isName(other)))) {
    const isIncomplete =
      isName(file) && [...failed].some((name) => name.startsWith(file.name.slice(0, -'.name'.length)));
    if (isIncomplete) continue;
    if (await copyOne(join(stick, folder), file, { ...options, algorithm })) {
      files.push(file.name);
      copied += file.size;
    } else {
      failed.add(file.name);
      problems.push({ code: 'xs-file-wrong', parameters: { file: `${folder}/${file.name}` } });
    }
  }
  return { files: files.sort(), copied };
}

/** The files of the manifest that are there; what is there beside them is named and left alone. */
function lookFor(
  { stick, folder: folderName = usualFolder, problems }: XobuildsOptions,
  lines: readonly XsLine[],
): Found[] {
  const folder = join(stick, folderName);
  const found: Found[] = [];
  for (const line of lines) {
    const status = lstatSync(join(folder, line.name), { throwIfNoEntry: false });
    if (status?.isFile()) found.push({ ...line, size: status.size });
    else problems.push({ code: 'xs-file-missing', parameters: { file: `${folderName}/${line.name}` } });
  }
  const known = new Set([
    ...lines.map(({ name }) => name),
    ...xsManifests.flatMap(({ name }) => [name, `${name}.sig`]),
  ]);
  const extra = withSystemErrors('readdir', folder, () => readdirSync(folder)).filter(
    (name) => !known.has(name),
  );
  if (extra.length > 0)
    problems.push({
      code: 'stick-extra-files',
      parameters: {
        count: extra.length,
        names: extra
          .slice(0, 5)
          .map((name) => `${folderName}/${name}`)
          .join(', '),
      },
    });
  return found;
}

/** True for a file of that size that has that sum. */
async function isThere(
  path: string,
  { size, sum }: Found,
  options: { readonly algorithm: string; readonly signal?: AbortSignal | undefined },
): Promise<boolean> {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (!status?.isFile() || status.size !== size) return false;
  return (await sumOf([path], options)).sum === sum;
}

/** False when the copy is not what the manifest says, or the file cannot be read. */
async function copyOne(
  folder: string,
  { name, sum }: Found,
  options: XobuildsOptions & { readonly algorithm: 'sha256' | 'sha1' },
): Promise<boolean> {
  const { directory, algorithm, signal, state } = options;
  const path = join(directory, name);
  try {
    const onBytes = (count: number) => state?.copied(count);
    return await copyHashed(join(folder, name), { path, sum }, { algorithm, signal, onBytes, mode: 0o644 });
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    if (isSatchelError(error.cause, 'cancelled')) throw error.cause;
    if (!hasXobuilds(options.stick, options.folder))
      throw new SatchelError('stick-pulled-out', { path: options.stick }, { cause: error.cause });
    return false;
  }
}
