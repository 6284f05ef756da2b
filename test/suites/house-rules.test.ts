/** Rules that every tracked file keeps. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { errorsPages } from '../../scripts/errors-page.ts';
import { messages } from '../../src/base/catalogue.ts';

const checkout = path.resolve(import.meta.dirname, '../..');

/** Longest that a source file may be; beyond it does more than one thing. Catalogues are lists. */
const lineLimit = 400;

/** Files that are tracked or would be: what a clone will hold. */
const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: checkout,
  encoding: 'utf8',
})
  .split('\0')
  .filter((file) => file !== '' && statSync(path.join(checkout, file), { throwIfNoEntry: false })?.isFile());

const read = (file: string) => readFileSync(path.join(checkout, file), 'latin1');

test('no source file is longer than it can be understood', () => {
  const long = files
    .filter((file) => /^src\/.*\.ts$/.test(file) && !file.startsWith('src/base/catalogue/'))
    .map((file) => ({ file, lines: read(file).split('\n').length - 1 }))
    .filter(({ file, lines }) => lines > (file.endsWith('.test.ts') ? 2 * lineLimit : lineLimit));
  assert.deepEqual(long, []);
});

test('the lock file names no registry, so that every host uses its own', () => {
  const lock = JSON.parse(read('package-lock.json'));
  const named = Object.entries<{ resolved?: string }>(lock.packages).filter(
    ([, entry]) => entry.resolved !== undefined,
  );
  assert.deepEqual(
    named.map(([name]) => name),
    [],
  );
});

test('package.json and the lock file ask for the same packages, each in one exact version', () => {
  const manifest = JSON.parse(read('package.json'));
  const locked = JSON.parse(read('package-lock.json')).packages[''];
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies']) {
    assert.deepEqual(locked[kind], manifest[kind], kind);
    for (const [name, version] of Object.entries(manifest[kind]))
      assert.match(String(version), /^\d+\.\d+\.\d+$/, name);
  }
});

test('every direct dependency is explained', () => {
  const manifest = JSON.parse(read('package.json'));
  const page = read('docs/dependencies.md');
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies'])
    for (const name of Object.keys(manifest[kind]))
      assert.ok(page.includes(`\`${name}\``), `${name} is missing in docs/dependencies.md`);
});

test('no file names a place on the machine that it was written on', () => {
  const places = [checkout, homedir()].filter((place) => place.split('/').length > 2 && place.length > 8);
  const named = files.flatMap((file) => {
    const text = read(file);
    return places.filter((place) => text.includes(place)).map((place) => `${file}: ${place}`);
  });
  assert.deepEqual(named, []);
});

test('the pages of errors are those of the catalogues ("node scripts/errors-page.ts" writes them)', async () => {
  for (const { file, text } of await errorsPages()) {
    assert.equal(readFileSync(path.join(checkout, file), 'utf8'), text, file);
    const errors = Object.entries(messages).filter(([, message]) => message.exit !== undefined);
    for (const [code] of errors) assert.ok(text.includes(`### \`${code}\``), `${file} lacks ${code}`);
  }
});
