import { SatchelError } from '../base/errors.ts';
import type { Wanted } from './range.ts';

const mostRedirects = 5;

/** True for the statuses that name another address for the same file. */
export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/** What a redirect says, and how many came before it. */
export type Redirect = {
  /** The `Location` header. */
  readonly target: string | undefined;
  readonly hops: number;
  readonly wanted: Wanted;
};

/**
 * The next address. From `https` it never leads to `http`, a password is sent only to the host that it was given
 * for, and the sixth redirect is one too many: `store-wrong-answer`.
 */
export function redirectTarget(from: URL, { target, hops, wanted }: Redirect): URL {
  const url = target === undefined ? null : URL.parse(target, from.href);
  if (url === null || hops >= mostRedirects || !isAllowed(from.protocol, url.protocol)) {
    const { location, name } = wanted;
    const answer = `Location: ${(target ?? '').slice(0, 100).replace(/[^\x20-\x7e]/g, '?')}`;
    throw new SatchelError('store-wrong-answer', { location, name, answer });
  }
  if (url.host === from.host && url.protocol === from.protocol) {
    url.username = from.username;
    url.password = from.password;
  }
  return url;
}

function isAllowed(from: string, to: string): boolean {
  return (from === 'http:' && to === 'http:') || to === 'https:';
}
