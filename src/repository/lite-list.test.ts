import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { byteStringFromText } from '../base/byte-string.ts';
import { buildName, type Sha256 } from '../base/identifiers.ts';
import type { IndexEntry } from '../build/entry.ts';
import { type ListedBuild, liteListText } from './lite-list.ts';

const nothing = hash('sha256', '') as Sha256;
const build: ListedBuild = {
  name: buildName('one'),
  index: { sha256: nothing, size: 0, stored: nothing, length: 0 },
  sequence: 1,
  contents: { sha256: nothing, length: 0, hash: nothing, type: 'olpc-contents-x' },
  tree: { entries: 1, files: 0, bytes: 0 },
};

function withAttribute(name: string): IndexEntry {
  const xattrs = [{ name: byteStringFromText(name), value: byteStringFromText('hi') }];
  const path = byteStringFromText('');
  return { type: 'directory', path, mode: 0o755, uid: 0, gid: 0, mtime: [0, 0], xattrs };
}

test('a list names attributes, and there is none for one that it cannot name or that rsync leaves behind', () => {
  assert.match(
    liteListText(build, [withAttribute('user.rsync.note')]).toString(),
    /\tuser\.rsync\.note=0x6869\n$/,
  );
  for (const name of [
    'user.rsync.%stat',
    'user.rsync.%aacl',
    'user.a\\b',
    'user.a,b',
    'user.a=b',
    'user.a\nb',
  ])
    assert.throws(
      () => liteListText(build, [withAttribute(name)]),
      { code: 'lite-attribute-left-out' },
      name,
    );
});
