import { SatchelError } from './errors.ts';

/** A SHA-256 as 64 lower-case hex digits. */
export type Sha256 = string & { readonly __brand: 'Sha256' };

/** The public name of a build, for example `py802-1`. */
export type BuildName = string & { readonly __brand: 'BuildName' };

/** The name of a stream, for example `stable`. */
export type StreamName = string & { readonly __brand: 'StreamName' };

/** What names of builds and streams are made of. */
export const namePattern = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;

/** True for 64 lower-case hex digits. */
export function isSha256(value: string): value is Sha256 {
  return /^[0-9a-f]{64}$/.test(value);
}

/** True for a name that a build may have. */
export function isBuildName(value: string): value is BuildName {
  return namePattern.test(value);
}

/** Checks a name given by a person or read from a file. Throws `name-not-allowed`. */
export function buildName(value: string): BuildName {
  if (!namePattern.test(value)) throw new SatchelError('name-not-allowed', { name: value.slice(0, 100) });
  return value as BuildName;
}

/** Checks the name of a stream. Throws `name-not-allowed`. */
export function streamName(value: string): StreamName {
  if (!namePattern.test(value)) throw new SatchelError('name-not-allowed', { name: value.slice(0, 100) });
  return value as StreamName;
}
