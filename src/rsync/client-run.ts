import { type ChildProcess, spawn } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';
import { throwIfCancelled } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import { findProgram, tiedToParent } from '../os/process.ts';
import { rsyncFailure } from './client-failure.ts';

/** One run of the rsync program. */
export type RsyncRun = {
  /** Options and places; `--` before the places is up to the caller. */
  readonly arguments: readonly string[];
  /** An image or block device that is mounted in a folder while rsync runs, for its eyes only. */
  readonly mount?: { readonly image: string; readonly folder: string } | undefined;
  /** Whom or what it talks to, for sentences. */
  readonly place: string;
  /** Goes to its standard input: a list of files. */
  readonly input?: Uint8Array;
  /** Each line that it prints, as raw bytes in latin1; progress ends its lines with a carriage return. */
  readonly onLine?: (line: string) => void;
  /** Told at the end, however it ended, what was received and sent. */
  readonly onEnd?: (counts: RsyncCounts) => void;
  readonly signal?: AbortSignal | undefined;
};

/**
 * What a run received and sent, as rsync itself counts it. Of a run that failed it does not tell; then `received` is
 * how much of the files was done, and `heard` whether there was a connection at all.
 */
export type RsyncCounts = { readonly received: number; readonly sent: number; readonly heard: boolean };

/** How long, in milliseconds, rsync may take to put a half-received file aside before it is killed. */
const farewell = 5000;

/** Most of what it says on standard error that is looked at. */
const errorLimit = 16 * 1024;

/**
 * Runs rsync to its end, in the C locale. It never outlives this process, not even when this process is killed.
 * Aborted, it gets the time to put what it has received of a file aside. Throws `cancelled`, `rsync-missing` and
 * what {@link rsyncFailure} makes of its end.
 */
export async function runRsync(run: RsyncRun): Promise<void> {
  throwIfCancelled(run.signal);
  const rsync = findProgram('rsync');
  if (rsync === undefined) throw new SatchelError('rsync-missing');
  const [program = rsync, ...words] = [...tiedToParent(), ...mounting(run.mount), rsync, ...run.arguments];
  const child = spawn(program, words, {
    stdio: [run.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C', RSYNC_PASSWORD: process.env.RSYNC_PASSWORD ?? '' },
  });
  const letGo = stopWith(child, run.signal);
  let said = '';
  let counts: RsyncCounts = { received: 0, sent: 0, heard: false };
  const lines = splitLines((line) => {
    counts = countIn(line, counts);
    run.onLine?.(line);
  });
  child.stdout?.on('data', lines.add);
  child.stderr?.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString('utf8')).slice(0, errorLimit);
  });
  child.stdin?.on('error', () => {});
  child.stdin?.end(run.input);
  try {
    const exitCode = await endOf(child);
    lines.finish();
    throwIfCancelled(run.signal);
    if (exitCode !== 0) throw rsyncFailure({ exitCode, said, place: run.place });
  } finally {
    letGo();
    run.onEnd?.(counts);
  }
}

/** In a mount namespace of its own, so that nothing stays mounted however it ends. */
function mounting(mount: RsyncRun['mount']): readonly string[] {
  if (mount === undefined) return [];
  return mountingFirst(mount.image, mount.folder);
}

/** What mounts an image in a folder before the program that follows, which alone sees it; ends with 90 when it cannot. */
export function mountingFirst(image: string, folder: string): readonly string[] {
  const script = 'mount -o ro,nosuid,nodev,noexec -- "$1" "$2" || exit 90; shift 2; exec "$@"';
  return ['unshare', '--mount', 'sh', '-c', script, 'sh', image, folder];
}

/** Ends the process when the signal says so; the result takes that back. */
export function stopWith(child: ChildProcess, signal: AbortSignal | undefined): () => void {
  let last: NodeJS.Timeout | undefined;
  const stop = () => {
    child.kill('SIGTERM');
    last = setTimeout(() => child.kill('SIGKILL'), farewell);
  };
  signal?.addEventListener('abort', stop, { once: true });
  return () => {
    clearTimeout(last);
    signal?.removeEventListener('abort', stop);
  };
}

/** The exit code; null when a signal ended it. Throws when it could not be started. */
export function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
}

function splitLines(take: (line: string) => void) {
  const decoder = new StringDecoder('latin1');
  let rest = '';
  return {
    add(bytes: Buffer): void {
      const lines = (rest + decoder.write(bytes)).split(/[\r\n]/);
      rest = lines.pop() ?? '';
      for (const line of lines) take(line);
    },
    finish(): void {
      if (rest !== '') take(rest);
    },
  };
}

function countIn(line: string, before: RsyncCounts): RsyncCounts {
  const counts = { ...before, heard: true };
  const [, done] = /^ *(\d+) +\d+%/.exec(line) ?? [];
  if (done !== undefined) return { ...counts, received: Number(done) };
  const [, what, digits] = /^Total bytes (sent|received): ([\d,]+)/.exec(line) ?? [];
  if (what === undefined || digits === undefined) return counts;
  const bytes = Number(digits.replaceAll(',', ''));
  return what === 'sent' ? { ...counts, sent: bytes } : { ...counts, received: bytes };
}
