import { getSystemErrorMessage, getSystemErrorName } from 'node:util';
import { messageOf, SatchelError, systemErrorCode } from '../base/errors.ts';

/** A path as `node:fs` takes it: text, or raw bytes when it is not valid UTF-8. */
export type SystemPath = string | Buffer;

/** The path for a sentence: text, with bytes that are not UTF-8 shown as such. */
export function displayPath(path: SystemPath): string {
  const text = typeof path === 'string' ? path : path.toString('utf8');
  return text.replace(
    /[\x00-\x1f\x7f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** The error of a failed system call with this positive errno, in the shape that `node:fs` throws. */
export function errorFromErrno(errno: number, call: string, path: SystemPath): NodeJS.ErrnoException {
  const code = nameOf(errno);
  const error: NodeJS.ErrnoException = new Error(
    `${code}: ${describe(errno)}, ${call} '${displayPath(path)}'`,
  );
  error.code = code;
  error.errno = -errno;
  error.syscall = call;
  error.path = displayPath(path);
  return error;
}

/**
 * The sentence for a failed system call: `disk-full`, `permission-denied` or `system-call-failed`.
 * A SatchelError comes back unchanged, so that wrapping twice does no harm; so does anything that is
 * no system error, because that is a bug of ours.
 */
export function systemError(error: unknown, call: string, path: SystemPath): Error {
  if (error instanceof SatchelError) return error;
  const code = systemErrorCode(error);
  if (code === undefined) return error instanceof Error ? error : new Error(String(error));
  const shown = displayPath(path);
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new SatchelError('disk-full', { path: shown }, { cause: error });
  if (code === 'EACCES' || code === 'EPERM')
    return new SatchelError('permission-denied', { path: shown }, { cause: error });
  return new SatchelError(
    'system-call-failed',
    { call, path: shown, reason: reasonOf(error, code) },
    { cause: error },
  );
}

/** Runs `action` and turns what a system call throws into a sentence, see {@link systemError}. */
export function withSystemErrors<Result>(call: string, path: SystemPath, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw systemError(error, call, path);
  }
}

/** Why something failed, to stand in a sentence: a system error in words, any other error as it says itself. */
export function reasonInWords(error: unknown): string {
  const code = error instanceof SatchelError ? undefined : systemErrorCode(error);
  return code === undefined ? messageOf(error) : reasonOf(error, code);
}

/** The errno name (`ENOENT`, …) of a system error, also of one that a SatchelError carries as its cause. */
export function errnoOf(error: unknown): string | undefined {
  if (error instanceof SatchelError) return systemErrorCode(error.cause);
  return systemErrorCode(error);
}

function reasonOf(error: unknown, code: string): string {
  const errno = error instanceof Error && 'errno' in error ? error.errno : undefined;
  return typeof errno === 'number' && errno < 0 ? `${describe(-errno)} (${code})` : code;
}

function nameOf(errno: number): string {
  try {
    return getSystemErrorName(-errno);
  } catch {
    return `errno ${errno}`;
  }
}

/** libuv names the errors that it knows; for the rest the number has to do. */
function describe(errno: number): string {
  try {
    return getSystemErrorMessage(-errno);
  } catch {
    return `errno ${errno}`;
  }
}
