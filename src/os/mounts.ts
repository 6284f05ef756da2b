import { readFileSync, realpathSync } from 'node:fs';
import { type ByteString, byteString, displayOf } from '../base/byte-string.ts';
import { errnoOf, type SystemPath } from './system-error.ts';

/**
 * Mount points at or below a path, for people. A bind mount of the same file system cannot be told by device
 * numbers, and deleting through one would delete what it shows (`/home` inside a running tree).
 * Empty when the path does not exist or when there is no `/proc`.
 */
export function mountsBelow(path: SystemPath, mountinfo: () => Uint8Array = readMountinfo): string[] {
  let real: ByteString;
  try {
    real = byteString(realpathSync(path, 'buffer'));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
  const prefix = real === '/' ? '/' : `${real}/`;
  return mountPoints(byteString(mountinfo()))
    .filter((point) => point === real || point.startsWith(prefix))
    .map(displayOf);
}

/** Field 5 of each line, with spaces, tabs, line feeds and backslashes as octal (proc(5)). */
function mountPoints(text: ByteString): ByteString[] {
  return text
    .split('\n')
    .map((line) => line.split(' ')[4])
    .filter((field) => field !== undefined)
    .map(
      (field) =>
        field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
          String.fromCharCode(Number.parseInt(digits, 8)),
        ) as ByteString,
    );
}

function readMountinfo(): Uint8Array {
  try {
    return readFileSync('/proc/self/mountinfo');
  } catch {
    return new Uint8Array();
  }
}
