import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ByteString } from '../base/byte-string.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { IndexEntry } from '../build/entry.ts';
import { parseIndex, serialiseIndex } from '../build/index-format.ts';
import { impliedDirectory } from '../build/tree.ts';
import { combineTrees } from './combined-tree.ts';

const owner = { uid: 1000, gid: 100 };

/** A bundle with a file that has two names. */
function bundle() {
  const path = (text: string) => text as ByteString;
  const file: IndexEntry = {
    ...impliedDirectory(path('a')),
    ...{ type: 'file', size: 1, sha256: 'a'.repeat(64) as Sha256 },
  };
  const entries = [
    impliedDirectory(path('')),
    file,
    { type: 'hardlink', path: path('b'), link: path('a') },
  ] as const;
  return parseIndex(serialiseIndex(entries));
}

test('trees of bundles whose names begin alike stand in the order that an index has', () => {
  const places = ['Content/x', 'Activities/Maze', 'Activities/Maze.activity', 'Activities/Maze-2'];
  const combined = combineTrees(
    places.map((at) => ({ entries: bundle(), at })),
    owner,
  );
  // Refused unless it is canonical, in order, and complete.
  const checked = parseIndex(combined.share().bytes);
  assert.equal(checked.length, 1 + 2 + places.length * 3);
  const links = [...checked].flatMap((entry) => (entry.type === 'hardlink' ? [entry.link] : []));
  assert.deepEqual(links, places.map((at) => `${at}/a`).sort());
});

test('everything belongs to the owner of the home', () => {
  for (const tree of [bundle().ownedBy(owner), combineTrees([{ entries: bundle(), at: 'Library/x' }], owner)])
    for (const entry of tree)
      if (entry.type !== 'hardlink') assert.deepEqual([entry.uid, entry.gid], [1000, 100]);
});
