import { SatchelError } from '../base/errors.ts';

const namePattern = /^[A-Za-z0-9_+-][A-Za-z0-9._+-]*(?:\/[A-Za-z0-9_+-][A-Za-z0-9._+-]*)*$/;
const prefixPattern = /^(?:[A-Za-z0-9_+-][A-Za-z0-9._+-]*\/)*(?:[A-Za-z0-9_+-][A-Za-z0-9._+-]*)?$/;
const longestName = 1024;
const longestSegment = 200;

/**
 * Checks the name of a stored file: segments of `[A-Za-z0-9._+-]` joined by `/`, none starting with a dot (so
 * neither `..` nor the store's own temporary files can be named), none above 200 characters so that a temporary
 * name beside it fits. Throws `store-name-not-allowed`.
 */
export function checkName(name: string): void {
  if (!isStoredName(name)) throw new SatchelError('store-name-not-allowed', { name: shorten(name) });
}

/** True for what {@link checkName} accepts. */
export function isStoredName(name: string): boolean {
  return name.length <= longestName && namePattern.test(name) && hasShortSegments(name);
}

/** Checks a prefix of names, which may end anywhere and may be empty. Throws `store-name-not-allowed`. */
export function checkPrefix(prefix: string): void {
  if (prefix.length > longestName || !prefixPattern.test(prefix) || !hasShortSegments(prefix))
    throw new SatchelError('store-name-not-allowed', { name: shorten(prefix) });
}

function hasShortSegments(name: string): boolean {
  return name.split('/').every((segment) => segment.length <= longestSegment);
}

function shorten(name: string): string {
  return name.slice(0, 100).replace(/[^\x20-\x7e]/g, '?');
}
