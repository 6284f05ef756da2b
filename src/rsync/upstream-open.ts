import { statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SatchelError } from '../base/errors.ts';
import type { Place } from './upstream-place.ts';

/** How places are opened, for tests mostly. */
export type PlaceOptions = {
  /** Milliseconds that a server may be silent. */
  readonly patience?: number | undefined;
  /** A folder for small files on their way; must exist. A comma begins the names that are made there. */
  readonly temporary: string;
};

/** What an address means before anything is asked. */
export type PlaceAddress =
  | { readonly kind: 'rsync' | 'http'; readonly address: string }
  | { readonly kind: 'directory'; readonly path: string };

const defaultPatience = 30_000;
/** Segments that neither a shell, rsync's patterns nor a URL reads otherwise than as they are. */
const segment = /^[A-Za-z0-9_+~-][A-Za-z0-9._+~-]*$/;

/**
 * Reads an address: `rsync://`, `http(s)://`, `file:///`, or an existing directory. Throws `upstream-address-not-usable`.
 */
export function parsePlace(address: string): PlaceAddress {
  if (/^rsync:\/\//i.test(address)) return { kind: 'rsync', address: rsyncAddress(address) };
  if (/^https?:\/\//i.test(address)) {
    const url = URL.parse(address);
    if (url === null || url.search !== '' || url.hash !== '') throw notUsable(address);
    return { kind: 'http', address: withSlash(url.href) };
  }
  const path = localPath(address);
  if (path === undefined) throw notUsable(address);
  return { kind: 'directory', path };
}

/** Opens a place; nothing is asked yet. Throws `upstream-address-not-usable`. */
export async function openPlace(address: string, options: PlaceOptions): Promise<Place> {
  const parsed = parsePlace(address);
  const patience = options.patience ?? defaultPatience;
  switch (parsed.kind) {
    case 'rsync': {
      const { rsyncPlace } = await import('./upstream-rsync.ts');
      return rsyncPlace(parsed.address, { ...options, patience });
    }
    case 'http': {
      const { httpPlace } = await import('./upstream-http.ts');
      return httpPlace(parsed.address, { patience });
    }
    case 'directory': {
      const { directoryPlace } = await import('./upstream-directory.ts');
      return directoryPlace(parsed.path);
    }
  }
}

/** The error for an address that no place has. */
export function notUsable(address: string): SatchelError {
  return new SatchelError('upstream-address-not-usable', { address: address.slice(0, 300), place: '{name}' });
}

/** The address in one form, ending in a slash. rsync takes no password in it: `RSYNC_PASSWORD` is the way. */
function rsyncAddress(address: string): string {
  const url = URL.parse(address);
  const parts = url?.pathname.split('/').filter((part) => part !== '') ?? [];
  const isUsable =
    url !== null &&
    /^(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9a-f:.]+\])$/.test(url.hostname) &&
    /^[A-Za-z0-9._-]*$/.test(url.username) &&
    !url.username.startsWith('-') &&
    url.password === '' &&
    url.search === '' &&
    url.hash === '' &&
    parts.length > 0 &&
    parts.every((part) => segment.test(part));
  if (!isUsable) throw notUsable(address);
  const user = url.username === '' ? '' : `${url.username}@`;
  return `rsync://${user}${url.host}/${parts.join('/')}/`;
}

function localPath(address: string): string | undefined {
  if (/^file:\/\//i.test(address)) {
    try {
      return fileURLToPath(address);
    } catch {
      return undefined;
    }
  }
  const isPath =
    isAbsolute(address) || (address !== '' && statSync(address, { throwIfNoEntry: false })?.isDirectory());
  return isPath ? resolve(address) : undefined;
}

function withSlash(address: string): string {
  return address.endsWith('/') ? address : `${address}/`;
}
