import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AptSource } from './apt-sources.ts';
import { chooseMirror } from './mirror.ts';

const source = (address: string, suite: string, ...components: string[]): AptSource => ({
  address,
  suite,
  components,
  options: [],
});

test('a Debian machine of any version makes trees of Debian 12 from its own mirror', () => {
  const mirror = chooseMirror(
    [
      source('http://third.example/apt', 'nodistro', 'main'),
      source('http://mirror.example/debian/', 'trixie', 'main', 'non-free'),
      source('http://safe.example/debian-security', 'trixie-security', 'main'),
    ],
    { id: 'debian', codename: 'trixie' },
  );
  assert.equal(mirror?.release, 'deb http://mirror.example/debian/ bookworm main');
  assert.deepEqual(mirror?.updates, [
    'deb http://mirror.example/debian/ bookworm-updates main',
    'deb http://safe.example/debian-security bookworm-security main',
  ]);
  assert.equal(mirror?.probe, 'http://mirror.example/debian/dists/bookworm/InRelease');
});

test('an Ubuntu machine makes trees of its own release, whose updates lie on the same mirror', () => {
  const mirror = chooseMirror([source('http://mirror.example/ubuntu', 'noble', 'main', 'universe')], {
    id: 'ubuntu',
    codename: 'noble',
  });
  assert.equal(mirror?.release, 'deb http://mirror.example/ubuntu noble main universe');
  assert.equal(mirror?.updates[1], 'deb http://mirror.example/ubuntu noble-security main universe');
});

test('a machine whose sources carry no release has no mirror', () => {
  const sources = [
    source('http://third.example/apt', 'nodistro', 'main'),
    source('cdrom:[x]/', 'bookworm', 'main'),
  ];
  assert.equal(chooseMirror(sources, { id: 'debian', codename: 'bookworm' }), undefined);
});
