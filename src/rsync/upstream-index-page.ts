import { isStoredName } from '../store/names.ts';
import type { Listing } from './upstream-place.ts';

/**
 * The files that a web server's page lists, as Apache, nginx, lighttpd and Python make it: the links that lead
 * directly below the page's own address. Sizes and dates differ in form from server to server and are not read.
 */
export function parseIndexPage(html: string, address: string): Listing {
  const base = new URL(address);
  const files = new Set<string>();
  const folders = new Set<string>();
  const unusual = new Set<string>();
  for (const match of html.matchAll(/<a\s[^>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))/gi)) {
    const name = nameBelow(base, withoutEntities(match[1] ?? match[2] ?? match[3] ?? ''));
    if (name === undefined) continue;
    const plain = name.replace(/\/$/, '');
    if (!isStoredName(plain) || plain.includes('/')) unusual.add(plain.replace(/[^\x20-\x7e]/g, '?'));
    else (name.endsWith('/') ? folders : files).add(plain);
  }
  return {
    files: [...files].sort().map((name) => ({ name })),
    folders: [...folders].sort(),
    links: [],
    unusual: [...unusual].sort(),
  };
}

/** What a link names below the page; undefined for links elsewhere, to the page itself and to its other orders. */
function nameBelow(base: URL, link: string): string | undefined {
  const url = URL.parse(link, base.href);
  if (url === null || url.origin !== base.origin || url.search !== '') return undefined;
  if (!url.pathname.startsWith(base.pathname)) return undefined;
  const rest = url.pathname.slice(base.pathname.length);
  if (rest === '' || rest.replace(/\/$/, '').includes('/')) return undefined;
  try {
    return decodeURIComponent(rest);
  } catch {
    return undefined;
  }
}

function withoutEntities(text: string): string {
  return text
    .replace(/&#(\d{1,6});/g, (_, code: string) => String.fromCodePoint(Math.min(Number(code), 0x10ffff)))
    .replaceAll('&amp;', '&');
}
