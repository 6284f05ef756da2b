/** Symlinks in content, as Linux follows them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ByteString, byteStringFromText } from '../base/byte-string.ts';
import type { IndexEntry } from '../build/entry.ts';
import { requireLinksInside } from './content-links.ts';

const owner = { uid: 0, gid: 0, mtime: [0, 0], xattrs: [] } as const;

/** `name -> target` is a symlink, `name = other` a second name of one. */
function links(lines: readonly string[]): IndexEntry[] {
  return lines.map((line): IndexEntry => {
    const [name, kind, to] = line.split(' ') as [string, string, string];
    const path = byteStringFromText(name);
    if (kind === '=') return { type: 'hardlink', path, link: to as ByteString };
    return { type: 'symlink', path, mode: 0o777, target: byteStringFromText(to), ...owner };
  });
}

const outside = [
  ['a -> /etc/passwd'],
  ['a -> ..'],
  ['p/q -> ../../x'],
  ['p -> q/../../x'],
  // By its letters each of the two stays inside.
  ['p/q/l -> ../..', 'z -> p/q/l/../../..'],
  ['p/q/l -> ../..', 'p/r/z -> ../q/l/../x'],
  ['a -> b', 'b -> c/..', 'c -> .'],
  ['a/b/c -> ../../x', 'z = a/b/c'],
];

for (const lines of outside)
  test(`leads out: ${lines.join(', ')}`, () => {
    assert.throws(() => requireLinksInside(links(lines)), { code: 'content-link-outside' });
  });

const inside = [
  ['a -> b'],
  ['a -> missing/./b'],
  ['p/q -> ../x'],
  ['p/q/l -> ../..', 'z -> p/q/l/p'],
  ['a -> b', 'b -> a'],
  ['a -> a/..'],
  ['a/b/c -> ../../x', 'y/x/z = a/b/c'],
];

for (const lines of inside)
  test(`stays inside, or leads nowhere: ${lines.join(', ')}`, () => {
    requireLinksInside(links(lines));
  });
