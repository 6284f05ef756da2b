import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { withSystemErrors } from '../os/system-error.ts';

/** The log that the daemon writes, followed line by line. */
export type DaemonLog = {
  /** Hands on what was written since the last time. */
  look(): void;
  /** What the daemon said last, for the reason of a failure. */
  lastLine(): string;
  close(): void;
};

/** The file is emptied when it holds so much and all of it was handed on. */
const mostBytes = 1024 * 1024;

/**
 * Empties the log and follows it. A file and no pipe, so that the daemon never waits for its reader. `onLine` gets
 * each line without its date.
 */
export function followDaemonLog(path: string, onLine: (line: string) => void): DaemonLog {
  const fd = withSystemErrors('open', path, () => openSync(path, 'a+', 0o600));
  withSystemErrors('truncate', path, () => ftruncateSync(fd, 0));
  const piece = Buffer.alloc(64 * 1024);
  let position = 0;
  let rest = '';
  let last = '';
  const look = () => {
    for (;;) {
      const length = readSync(fd, piece, 0, piece.length, position);
      if (length === 0) break;
      position += length;
      const lines = (rest + piece.toString('utf8', 0, length)).split('\n');
      rest = lines.pop()?.slice(-piece.length) ?? '';
      for (const line of lines) {
        last = line.replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[\d+\] /, '');
        onLine(last);
      }
    }
    if (position < mostBytes || fstatSync(fd).size > position) return;
    ftruncateSync(fd, 0);
    position = 0;
  };
  return { look, lastLine: () => last, close: () => closeSync(fd) };
}

/** True for lines that come with every connection. */
export function isRoutine(line: string): boolean {
  return /^(connect from|rsync allowed access|rsync on|module-list request|building file list|sent \d+ bytes|rsyncd version)/.test(
    line,
  );
}

/** The build whose module a client asked for in vain, as a line of the log tells it. */
export function unknownBuild(line: string): string | undefined {
  return /^unknown module 'build-([A-Za-z0-9._+-]+)' tried from /.exec(line)?.[1];
}
