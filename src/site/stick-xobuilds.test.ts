import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { removeTree } from '../os/remove-tree.ts';
import type { StickProblem } from './stick-state.ts';
import { takeXobuilds } from './stick-xobuilds.ts';
import { parseXsManifest } from './stick-xs-manifest.ts';

const files = {
  'os1-tree.tar.lzma': 'archive',
  'os1-tree.tar.lzma.md5': 'sum',
  'os1.contents': 'contents',
  'os1.name': 'os1',
};

function start(t: TestContext) {
  const top = mkdtempSync(join(tmpdir(), 'satchel-xs-'));
  t.after(() => removeTree(top));
  const folder = join(top, 'stick/xs-xobuilds');
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const manifest = (algorithm: 'sha1' | 'sha256', names: readonly string[] = Object.keys(files)) =>
    writeFileSync(
      join(folder, `manifest.${algorithm}`),
      names.map((name) => `${hash(algorithm, readFileSync(join(folder, name)))}  ${name}\n`).join(''),
    );
  const directory = join(top, 'packed');
  const problems: StickProblem[] = [];
  const security = { switch: join(top, 'xs-security-on'), keyring: join(top, 'gpg') };
  return {
    top,
    folder,
    manifest,
    directory,
    problems,
    security,
    take: () => takeXobuilds({ stick: join(top, 'stick'), directory, security, problems }),
    taken: () => (existsSync(directory) ? readdirSync(directory).sort() : []),
  };
}

test('the files of a manifest are taken, of either kind', async (t) => {
  for (const algorithm of ['sha1', 'sha256'] as const) {
    const stick = start(t);
    stick.manifest(algorithm);
    const { files: taken, copied } = await stick.take();
    assert.deepEqual(taken, Object.keys(files).sort());
    assert.equal(copied, Object.values(files).join('').length);
    assert.deepEqual(stick.taken(), Object.keys(files).sort());
    assert.deepEqual(stick.problems, []);
    assert.equal((await stick.take()).copied, 0, 'again there is nothing to copy');
  }
});

test('SHA-256 counts where both are there', async (t) => {
  const stick = start(t);
  stick.manifest('sha1', ['os1.name']);
  stick.manifest('sha256', ['os1.contents']);
  assert.deepEqual((await stick.take()).files, ['os1.contents']);
});

test('a wrong file, a missing one and an extra one are named; the set does not count without them', async (t) => {
  const stick = start(t);
  stick.manifest('sha1');
  writeFileSync(join(stick.folder, 'os1.contents'), 'CONTENTS');
  writeFileSync(join(stick.folder, 'extra.sh'), 'rm -rf /');
  await stick.take();
  assert.deepEqual(
    stick.problems.map(({ code }) => code),
    ['stick-extra-files', 'xs-file-wrong'],
  );
  assert.deepEqual(stick.taken(), ['os1-tree.tar.lzma', 'os1-tree.tar.lzma.md5']);
});

test('a symlink on the stick is not followed', async (t) => {
  const stick = start(t);
  writeFileSync(join(stick.top, 'secret'), 'archive');
  stick.manifest('sha256');
  const path = join(stick.folder, 'os1-tree.tar.lzma');
  removeTree(path);
  symlinkSync(join(stick.top, 'secret'), path);
  await stick.take();
  assert.deepEqual(stick.problems[0]?.code, 'xs-file-missing');
  assert.ok(!stick.taken().includes('os1-tree.tar.lzma'));
  assert.ok(!stick.taken().includes('os1.name'));
});

for (const [what, line] of [
  ['names that escape', `${'0'.repeat(40)}  ../os1.name\n`],
  ['folders', `${'0'.repeat(40)}  a/b\n`],
  ['hidden files', `${'0'.repeat(40)}  .bashrc\n`],
  ['options', `${'0'.repeat(40)}  --delete\n`],
  ['sums of another kind', `${'0'.repeat(64)}  os1.name\n`],
  ['nothing', ''],
] as const)
  test(`a manifest with ${what} is refused`, async (t) => {
    const stick = start(t);
    writeFileSync(join(stick.folder, 'manifest.sha1'), line);
    await stick.take();
    assert.deepEqual(
      stick.problems.map(({ code }) => code),
      ['xs-manifest-damaged'],
    );
    assert.deepEqual(stick.taken(), []);
  });

test('a folder without a manifest is refused', async (t) => {
  const stick = start(t);
  await stick.take();
  assert.deepEqual(
    stick.problems.map(({ code }) => code),
    ['xs-manifest-missing'],
  );
});

test('names with blanks before the star of binary mode and with carriage returns are read', () => {
  const sum = 'A'.repeat(40);
  assert.deepEqual(parseXsManifest(Buffer.from(`${sum} *a.name\r\n${sum}  ./b\n`), 40, 'm'), [
    { name: 'a.name', sum: sum.toLowerCase() },
    { name: 'b', sum: sum.toLowerCase() },
  ]);
});

function gpg(home: string, ...words: readonly string[]): void {
  execFileSync('gpg', ['--homedir', home, '--batch', '--quiet', '--no-tty', ...words], { stdio: 'pipe' });
}

function makeKey(home: string, name: string): void {
  mkdirSync(home, { mode: 0o700 });
  gpg(
    home,
    '--passphrase',
    '',
    '--quick-gen-key',
    `${name} <${name}@example.org>`,
    'ed25519',
    'sign',
    'never',
  );
}

test('where security is on, the manifest needs the signature of a key that the operator has', async (t) => {
  const stick = start(t);
  const [operator, stranger] = [stick.security.keyring, join(stick.top, 'stranger')];
  makeKey(operator, 'noc');
  makeKey(stranger, 'stranger');
  t.after(() => {
    for (const home of [operator, stranger])
      execFileSync('gpgconf', ['--homedir', home, '--kill', 'gpg-agent'], { stdio: 'pipe' });
  });
  writeFileSync(stick.security.switch, '');
  stick.manifest('sha1');
  const path = join(stick.folder, 'manifest.sha1');
  const sign = (home: string) => gpg(home, '--yes', '--detach-sign', '--output', `${path}.sig`, path);
  const refusedCodes = async () => {
    await stick.take();
    return stick.problems.splice(0).map(({ code }) => code);
  };

  assert.deepEqual(await refusedCodes(), ['xs-manifest-unsigned']);
  sign(stranger);
  assert.deepEqual(await refusedCodes(), ['xs-manifest-unsigned']);
  sign(operator);
  writeFileSync(path, `${readFileSync(path, 'utf8')}\n`);
  assert.deepEqual(await refusedCodes(), ['xs-manifest-unsigned']);
  assert.deepEqual(stick.taken(), []);
  sign(operator);
  assert.deepEqual(await refusedCodes(), []);
  assert.equal(stick.taken().length, 4);
});
