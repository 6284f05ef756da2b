/** The commands of the old publisher as operators call them, and what a kill at any moment leaves behind. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { dropSet } from '../doubles/dropped-sets.ts';
import { done, refused, satchel, serve, startSatchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { writeTinyBuilds } from '../doubles/tiny-builds.ts';
import { when } from '../doubles/when.ts';

const faces = resolve(import.meta.dirname, '../../bin');
const scratch = scratchFolder('drop-directory');
after(() => scratch.remove());

type Report = {
  readonly published: readonly string[];
  readonly withdrawn: readonly string[];
  readonly kept: readonly string[];
  readonly waiting: readonly { readonly set: string; readonly code: string }[];
  readonly problems: readonly { readonly set: string; readonly code: string; readonly message: string }[];
};

let packedOne = '';
let packedTwo = '';
before(() => {
  const { b1, b2 } = writeTinyBuilds(scratch.path);
  execFileSync('bzip2', ['-k', b1]);
  execFileSync('xz', ['-k', b2]);
  packedOne = `${b1}.bz2`;
  packedTwo = `${b2}.xz`;
});

let repositories = 0;
async function repository() {
  repositories += 1;
  const path = scratch.file(`repo-${repositories}`);
  await done(['init', '--repo', path]);
  const builds = async () =>
    (await done<{ builds: { name: string }[] }>(['list', '--repo', path])).builds.map(({ name }) => name);
  return { path, packed: `${path}.rsync/packed`, directory: `${path}.rsync`, builds };
}

const refresh = (path: string, ...words: string[]) =>
  satchel(['xs-refresh-xobuilds', '--repo', path, '--json', ...words]);

test('what is dropped is published, what is taken away is withdrawn, and both command names do it', async () => {
  const { path, packed, builds } = await repository();
  const one = dropSet(packed, { prefix: 'xyz_jffs2', name: 'joyride-2230', archive: packedOne });
  dropSet(packed, { prefix: 'py802-1', archive: packedTwo });
  const first = await refresh(path);
  assert.equal(first.code, 0, first.stderr);
  assert.deepEqual((JSON.parse(first.stdout) as Report).published, ['py802-1', 'joyride-2230']);
  assert.deepEqual((await builds()).sort(), ['joyride-2230', 'py802-1']);
  rmSync(one.name);
  const second = await satchel(['xs-refresh-xobuildlist', '--repo', path, '-f', '--json']);
  assert.deepEqual((JSON.parse(second.stdout) as Report).withdrawn, ['joyride-2230']);
  assert.deepEqual(await builds(), ['py802-1']);
});

test('a bad set is one sentence and exit code 1, and the good one is published', async () => {
  const { path, packed, builds } = await repository();
  writeFileSync(dropSet(packed, { prefix: 'bad', archive: packedOne }).archive, 'not an archive');
  dropSet(packed, { prefix: 'good', archive: packedTwo });
  dropSet(packed, { prefix: 'half', archive: packedTwo, without: '.md5' });
  const { code, stdout, stderr } = await satchel(['xs-refresh-xobuilds', '--repo', path]);
  assert.equal(code, 1);
  assert.match(stdout, /^Published: good$/m);
  assert.match(stdout, /^Problem: bad: .*MD5/m);
  assert.match(stdout, /^Waits: half waits for its file half-tree\.tar\.xz\.md5\.$/m);
  assert.doesNotMatch(stderr, /\n {4}at /);
  assert.deepEqual(await builds(), ['good']);
});

test('the server’s page and its status in JSON tell the problems of the last refresh', async () => {
  const { path, packed } = await repository();
  const { archive } = dropSet(packed, { prefix: 'bad', archive: packedOne });
  writeFileSync(archive, 'not an archive');
  dropSet(packed, { prefix: 'half', archive: packedTwo, without: '.contents' });
  await refresh(path);
  const server = await serve(path);
  try {
    const page = async () => await (await fetch(`${server.url}/?lang=en`)).text();
    const status = async () =>
      (await (await fetch(`${server.url}/status.json`)).json()) as { readonly drop: Omit<Report, 'kept'> };
    assert.match(await page(), /bad: .*MD5[^<]*<\/li>\n<li[^>]*>half waits for its file half\.contents\.</);
    const { drop } = await status();
    assert.deepEqual(
      [drop.problems[0]?.code, drop.waiting[0]?.code],
      ['source-md5-wrong', 'drop-set-incomplete'],
    );
    dropSet(packed, { prefix: 'bad', archive: packedOne });
    dropSet(packed, { prefix: 'half', archive: packedTwo });
    await refresh(path);
    assert.doesNotMatch(await page(), /Drop directory/);
    assert.deepEqual((await status()).drop, { waiting: [], problems: [] });
  } finally {
    await server.stop();
  }
});

test('a refresh that is killed at any step is finished by the next one', async () => {
  for (const step of ['look', 'record', 'publish'] as const) {
    const { path, packed, directory, builds } = await repository();
    const gone = dropSet(packed, { prefix: 'gone', archive: packedTwo });
    assert.equal((await refresh(path)).code, 0);
    rmSync(gone.name);
    dropSet(packed, { prefix: 'one', archive: packedOne });
    dropSet(packed, { prefix: 'two', archive: packedTwo });
    const { child, ended } = startSatchel(['xs-refresh-xobuilds', '--repo', path, '--json']);
    const record = () => readFileSync(`${directory}/packed.json`, 'utf8');
    const packs = () => readdirSync(`${path}/packs`).length;
    const before = packs();
    if (step === 'look')
      await when(() => readFileSync(`${directory}/packed.lock`, 'utf8') === `${child.pid}\n`, ended);
    if (step === 'record') await when(() => record().includes('"one"'), ended);
    if (step === 'publish') await when(() => packs() > before, ended);
    child.kill('SIGKILL');
    await ended;
    const { code, stdout, stderr } = await refresh(path);
    assert.equal(code, 0, stderr);
    const { published, kept } = JSON.parse(stdout) as Report;
    assert.deepEqual([...published, ...kept].sort(), ['one', 'two'], step);
    assert.deepEqual((await builds()).sort(), ['one', 'two'], step);
    rmSync(`${packed}/one.name`);
    rmSync(`${packed}/two.name`);
    assert.equal((await refresh(path)).code, 0);
    assert.deepEqual(await builds(), [], `${step}: what was published before the kill is withdrawn as ours`);
  }
});

test('an rsync directory that was moved with its repository goes on as before', async () => {
  const { path, packed } = await repository();
  const { name } = dropSet(packed, { prefix: 'one', archive: packedOne });
  assert.equal((await refresh(path)).code, 0);
  const moved = `${path}-moved`;
  renameSync(path, moved);
  renameSync(`${path}.keys`, `${moved}.keys`);
  execFileSync('cp', ['-a', `${path}.rsync`, `${moved}.rsync`]);
  rmSync(`${path}.rsync`, { recursive: true });
  const { stdout } = await refresh(moved);
  assert.deepEqual((JSON.parse(stdout) as Report).kept, ['one']);
  rmSync(name.replace(`${path}.rsync`, `${moved}.rsync`));
  assert.deepEqual((JSON.parse((await refresh(moved)).stdout) as Report).withdrawn, ['one']);
});

test('xs-publish-xobuild publishes one archive, says what its old options mean now, and replaces only with -f', async () => {
  const { path, packed, directory, builds } = await repository();
  const { archive } = dropSet(packed, { prefix: 'one', archive: packedOne });
  mkdirSync(scratch.file('tmp'), { recursive: true });
  const call = (...words: string[]) => satchel(['xs-publish-xobuild', '--repo', path, ...words]);
  const old = ['-s', '/state', '-t', scratch.file('tmp'), '-v'];
  const first = await call(...old, archive, 'one', '/library/xs-rsync/pub/builds');
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stdout, /^Published one: .*\nContents hash: [0-9a-f]{64}\n$/);
  assert.match(first.stderr, /No fakeroot state is written to \/state/);
  assert.match(first.stderr, /No tree is written to \/library\/xs-rsync\/pub\/builds/);
  assert.deepEqual(readdirSync(scratch.file('tmp')), []);
  const quiet = await call(archive, 'one', `${directory}/pub/builds`);
  assert.doesNotMatch(quiet.stderr, /No tree/);
  const other = dropSet(packed, { prefix: 'one', archive: packedTwo }).archive;
  assert.equal((await refused(['xs-publish-xobuild', '--repo', path, other, 'one'])).code, 'build-exists');
  assert.equal((await call('-f', other, 'one')).code, 0);
  rmSync(`${packed}/one.name`);
  assert.deepEqual((JSON.parse((await refresh(path)).stdout) as Report).withdrawn, ['one']);
  assert.deepEqual(await builds(), []);
});

test('the configuration of rsync is written on request, and when something has changed and it is there', async () => {
  const { path, packed, directory } = await repository();
  const configuration = `${directory}/rsyncd.conf`;
  dropSet(packed, { prefix: 'one', archive: packedOne });
  await refresh(path);
  assert.ok(!existsSync(configuration));
  writeFileSync(`${directory}/rsyncd.conf.in`, '[extra]\npath = /srv/extra\n');
  assert.equal((await satchel(['xs-refresh-xobuildlist', '--rebuildconfig', '--repo', path])).code, 0);
  assert.match(readFileSync(configuration, 'utf8'), /^\[extra\]$.*^\[build-one\]$/ms);
  dropSet(packed, { prefix: 'two', archive: packedTwo });
  await refresh(path);
  assert.match(readFileSync(configuration, 'utf8'), /^\[build-two\]$/m);
  rmSync(configuration);
  assert.equal((await satchel(['xs-publish-xobuild', '--onlyfakerootstate', '--repo', path])).code, 0);
  assert.match(readFileSync(configuration, 'utf8'), /^\[build-two\]$/m);
});

test('xs-publish-xobuild refuses what the old one refused, with a sentence', async () => {
  const { path, packed } = await repository();
  const call = (...words: string[]) => refused(['xs-publish-xobuild', '--repo', path, ...words]);
  const noSum = dropSet(packed, { prefix: 'a', archive: packedOne, without: '.md5' }).archive;
  assert.equal((await call(noSum, 'a')).code, 'xs-set-incomplete');
  const noManifest = dropSet(packed, { prefix: 'b', archive: packedOne, without: '.contents' }).archive;
  assert.equal((await call(noManifest, 'b')).code, 'xs-set-incomplete');
  assert.equal((await call(packedOne, 'c')).code, 'xs-name-not-understood');
  assert.equal((await call(`${packed}/nothing-tree.tar.bz2`, 'd')).code, 'source-not-found');
  assert.equal((await call(noSum, 'two words')).code, 'name-not-allowed');
  assert.equal((await call(noSum)).code, 'argument-needed');
  assert.equal((await call()).code, 'argument-needed');
});

test('the commands can be called by their old names, through symbolic links too', async () => {
  const { path, packed } = await repository();
  dropSet(packed, { prefix: 'one', archive: packedOne });
  const link = scratch.file('xs-refresh-xobuilds');
  symlinkSync(`${faces}/xs-refresh-xobuilds`, link);
  const environment = { ...process.env, SATCHEL_REPO: path, SATCHEL_LANG: 'en' };
  for (const [program, ...words] of [
    [link],
    [`${faces}/xs-refresh-xobuildlist`, '--force'],
    [`${faces}/xs-publish-xobuild`, `${packed}/one-tree.tar.bz2`, 'one'],
  ] as const) {
    const { status, stderr } = spawnSync(program, words, { encoding: 'utf8', env: environment });
    assert.equal(status, 0, `${basename(program)}: ${stderr}`);
  }
});
