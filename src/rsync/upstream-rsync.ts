import { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { throwIfCancelled } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import { syncFile } from '../os/atomic-file.ts';
import { findProgram, type ProcessOutcome, runFilter, tiedToParent } from '../os/process.ts';
import { removeTree } from '../os/remove-tree.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { isStoredName } from '../store/names.ts';
import { isTransient } from '../store/retry.ts';
import type { FetchOptions, Listing, Place, RemoteFile } from './upstream-place.ts';

/** How often the size of a file that rsync writes is looked at, in milliseconds. */
const lookEvery = 500;
/** Longest list of files that is taken. */
const listLimit = 16 * 1024 * 1024;
/** Attempts that bring next to nothing, one after another, after which it gives up. */
const mostFruitless = 4;
const leastProgress = 1024;
const firstPause = 500;

/** A directory in a module of an rsync daemon; `address` ends in a slash. */
export function rsyncPlace(
  address: string,
  { patience, temporary }: { readonly patience: number; readonly temporary: string },
): Place {
  const run = (words: readonly string[], call: Omit<RsyncCall, 'location' | 'patience' | 'words'>) =>
    runRsync({ ...call, location: address, patience, words });
  return {
    location: address,
    list: async (signal) => {
      const words = ['--list-only', '--no-human-readable', address];
      return parseList(await run(words, { name: '.', signal, mayLack: true }));
    },
    readSmall: async (names, limit, signal) => {
      const folder = mkdtempSync(join(temporary, ',small-'));
      try {
        // A filter and no --files-from: daemons without chroot look for its names in the wrong directory.
        const list = Buffer.from(names.map((name) => `/${name}\n`).join(''));
        const chosen = ['--dirs', '--include-from=-', '--exclude=*', `--max-size=${limit}`];
        const words = [...chosen, address, `${folder}/`];
        if (names.length > 0)
          await run(words, { name: '.name', signal, input: list, mayLack: true, largest: limit });
        return readFolder(folder, limit);
      } finally {
        removeTree(folder);
      }
    },
    fetch: (file, path, options) => fetchPatiently(address, file, path, { ...options, patience }),
    close: async () => {},
  };
}

type RsyncCall = {
  readonly location: string;
  /** The file that is wanted, for sentences. */
  readonly name: string;
  readonly patience: number;
  readonly words: readonly string[];
  readonly input?: Uint8Array;
  /** Bytes that the largest file may get, whatever the server sends. */
  readonly largest?: number;
  /** True when files that are not there are no failure. */
  readonly mayLack?: boolean;
  readonly signal?: AbortSignal | undefined;
};

/** Runs rsync to its end and gives what it printed. */
async function runRsync({ words, input, largest, signal, ...call }: RsyncCall): Promise<string> {
  const rsync = findProgram('rsync');
  if (rsync === undefined) throw new SatchelError('upstream-rsync-missing', { location: call.location });
  // A server may send more than it said, and rsync would write all of it.
  const limiter = largest === undefined ? undefined : findProgram('prlimit');
  const limited = limiter === undefined ? [rsync] : [limiter, `--fsize=${largest}`, rsync];
  const [program = rsync, ...limit] = [...tiedToParent(), ...limited];
  const seconds = Math.max(1, Math.ceil(call.patience / 1000));
  const common = ['--no-motd', `--timeout=${seconds}`, `--contimeout=${seconds}`];
  const output: Uint8Array[] = [];
  let length = 0;
  const running = runFilter({
    program,
    arguments: [...limit, ...common, ...words],
    input: (async function* () {
      if (input !== undefined) yield input;
    })(),
    hasChildren: true,
    signal,
    judge: (outcome) => failureOf(outcome, call),
  });
  for await (const piece of running) {
    length += piece.length;
    if (length > listLimit)
      throw new SatchelError('store-too-long', {
        location: call.location,
        name: call.name,
        limit: listLimit,
      });
    output.push(Uint8Array.from(piece));
  }
  return Buffer.concat(output).toString('utf8');
}

/** What an exit code of rsync means here; the numbers are those of its manual. */
function failureOf(
  { exitCode, signal, standardError }: ProcessOutcome,
  { location, name, patience, mayLack }: Pick<RsyncCall, 'location' | 'name' | 'patience' | 'mayLack'>,
): SatchelError | undefined {
  if (exitCode === 0) return undefined;
  // The connection breaks off after a refusal; that is its echo.
  const refusal = /^(?:@ERROR: |rsync: (?=The server is configured to refuse ))(.*)$/m.exec(
    standardError,
  )?.[1];
  if (refusal !== undefined) return new SatchelError('upstream-refused', { location, reason: refusal });
  const lines = standardError.split('\n').filter((line) => line.trim() !== '');
  const reason = lines.find((line) => line.startsWith('rsync: ')) ?? lines[0] ?? signal ?? '';
  switch (exitCode) {
    // In the socket, in the protocol, or killed: the connection broke off.
    case 10:
    case 12:
      return new SatchelError('store-unreachable', { location, name, reason });
    case 30:
    case 35:
      return new SatchelError('store-stalled', { location, name, seconds: Math.ceil(patience / 1000) });
    case 23:
    case 24:
      if (/change_dir.*No such file/.test(standardError))
        return new SatchelError('store-not-found', { location, name });
      if (mayLack) return undefined;
      if (/No such file|vanished/.test(standardError))
        return new SatchelError('store-not-found', { location, name });
  }
  if (/No space left on device/.test(standardError)) return new SatchelError('disk-full', { path: name });
  return new SatchelError('upstream-rsync-failed', { location, name, code: exitCode ?? -1, reason });
}

/** Lines as `-rw-r--r--     3000000 2026/01/31 17:10:19 name`, in which bytes beyond the usual are `\#ooo`. */
function parseList(text: string): Listing {
  const files: RemoteFile[] = [];
  const folders: string[] = [];
  const links: string[] = [];
  const unusual: string[] = [];
  for (const line of text.split('\n')) {
    const match = /^([dl-])\S{9,11}\s+([\d,.]+) (\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d) (.+)$/.exec(line);
    if (match === null) continue;
    const [, type, size, modified, name] = match as unknown as [string, string, string, string, string];
    if (name === '.') continue;
    if (!isStoredName(name) || name.includes('/')) unusual.push(name.replace(/[^\x20-\x7e]/g, '?'));
    else if (type === 'd') folders.push(name);
    else if (type === 'l') links.push(name);
    else files.push({ name, size: Number(size.replace(/[,.]/g, '')), modified });
  }
  return { files, folders, links, unusual };
}

function readFolder(folder: string, limit: number): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).size <= limit) found.set(name, readFileSync(path));
  }
  return found;
}

/** Attempts go on while they bring something: rsync compares what is here and sends the rest. */
async function fetchPatiently(
  location: string,
  file: RemoteFile,
  path: string,
  options: FetchOptions & { readonly patience: number },
): Promise<void> {
  for (let fruitless = 0; ; ) {
    const before = sizeOf(path);
    try {
      await fetchOnce(location, file, path, options);
      return;
    } catch (error) {
      if (!isTransient(error)) throw error;
      fruitless = sizeOf(path) - before >= leastProgress ? 1 : fruitless + 1;
      if (fruitless >= mostFruitless) throw error;
      const pause = firstPause * 2 ** (fruitless - 1) * (0.5 + Math.random() / 2);
      await sleepFor(pause, undefined, options.signal ? { signal: options.signal } : {}).catch(() => {});
      throwIfCancelled(options.signal);
    }
  }
}

/**
 * One run of rsync, writing in place: whatever ends it, what came stays. rsync itself checks the whole file, also
 * when the part that was here belongs to another content. Its times are kept, so that a file that has not changed
 * is not even read the next time.
 */
async function fetchOnce(
  location: string,
  { name }: RemoteFile,
  path: string,
  { limit, signal, onProgress, patience }: FetchOptions & { readonly patience: number },
): Promise<void> {
  const tooLong = new AbortController();
  const look = setInterval(() => {
    const size = sizeOf(path);
    if (size > limit) tooLong.abort();
    onProgress?.(size);
  }, lookEvery);
  const stop = signal === undefined ? tooLong.signal : AbortSignal.any([signal, tooLong.signal]);
  const words = ['--times', '--inplace', `--max-size=${limit}`, `${location}${name}`, path];
  try {
    await runRsync({ location, name, patience, words, signal: stop, largest: limit });
  } catch (error) {
    if (tooLong.signal.aborted) throw new SatchelError('store-too-long', { location, name, limit });
    throw error;
  } finally {
    clearInterval(look);
  }
  // Nothing came and nothing failed: it is longer than allowed, or no file any more.
  if (statSync(path, { throwIfNoEntry: false }) === undefined)
    throw new SatchelError('store-too-long', { location, name, limit });
  withSystemErrors('fsync', path, () => syncFile(path));
  onProgress?.(sizeOf(path));
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
