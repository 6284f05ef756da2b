import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as assertProperty, constantFrom, property, string, webUrl } from 'fast-check';
import { isRepositoryPath, pathOfTarget, repositoryFile } from './repository-file.ts';

const sha256 = 'a'.repeat(64);

test('every kind of file of a repository is known with its caching', () => {
  for (const [path, caching, hashed] of [
    ['/metadata/timestamp.json', 'revalidate', false],
    ['/metadata/17.snapshot.json', 'revalidate', false],
    [`/targets/streams/${sha256}.stable.json`, 'forever', true],
    [`/targets/builds/${sha256}.debian-12.12+1.json`, 'forever', true],
    [`/indexes/${sha256}.zst`, 'forever', true],
    [`/maps/${sha256}.zst`, 'forever', true],
    [`/packs/${sha256}.pack`, 'forever', true],
    [`/deltas/${sha256}.delta`, 'forever', true],
    [`/contents/${sha256}`, 'forever', true],
    ['/lite/stable', 'revalidate', false],
    ['/lite/debian-12.12.sum', 'revalidate', false],
  ] as const) {
    const file = repositoryFile(path);
    assert.equal(file?.name, path.slice(1));
    assert.equal(file?.caching, caching, path);
    assert.equal(file?.sha256, hashed ? sha256 : undefined, path);
  }
});

test('a name that no file of a repository has is unknown', () => {
  for (const path of [
    '/',
    '/metadata',
    '/metadata/',
    '/metadata/root.json',
    '/metadata/0.root.json',
    '/metadata/timestamp.json/',
    '/metadata/timestamp.json.tmp',
    '/metadata//timestamp.json',
    '//metadata/timestamp.json',
    `/packs/${sha256.toUpperCase()}.pack`,
    `/packs/${sha256}.zst`,
    `/packs/${sha256}.pack~`,
    `/packs/x/${sha256}.pack`,
    `/targets/${sha256}.stable.json`,
    `/targets/../${sha256}.stable.json`,
    '/lite/.stable',
    '/lite/a/b',
    '/keys/online.json',
    '/constructor/x',
    '/__proto__/x',
  ]) {
    assert.equal(repositoryFile(path), undefined, path);
  }
});

test('whatever the path, a known file lies in a public folder and no step leads up or to a dot-file', () => {
  const piece = constantFrom(
    '/',
    '.',
    '..',
    '%2e',
    '%2F',
    '%5c',
    '%00',
    '%',
    'lite',
    'packs',
    'metadata',
    'stable',
    'é',
  );
  const paths = array(piece, { maxLength: 8 }).map((pieces) => `/${pieces.join('')}`);
  const check = (path: string) => {
    const file = repositoryFile(path);
    if (file === undefined) return;
    assert.match(file.name, /^(?:[A-Za-z0-9_+-][A-Za-z0-9._+-]*\/)+[A-Za-z0-9_+-][A-Za-z0-9._+-]*$/);
    assert.ok(isRepositoryPath(`/${file.name}`));
  };
  void assertProperty(property(paths, check), { numRuns: 3000 });
  void assertProperty(property(string({ unit: 'binary' }), check));
});

test('the path of a request is the same in the origin form and the absolute form', () => {
  assert.equal(pathOfTarget('/a/b?c#d'), '/a/b');
  assert.equal(pathOfTarget('http://host:80/a/b?c'), '/a/b');
  assert.equal(pathOfTarget('http://host'), '/');
  assert.equal(pathOfTarget('http://host?x'), '/');
  assert.equal(pathOfTarget(''), '/');
  assert.equal(pathOfTarget('*'), '*');
  void assertProperty(property(webUrl(), (url) => assert.ok(pathOfTarget(url).startsWith('/'))));
});
