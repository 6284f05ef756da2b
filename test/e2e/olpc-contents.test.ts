/** The commands of the package olpc-contents, called by the names that people know. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { parseContents } from '../../src/formats/olpc-contents.ts';
import { done, refused, satchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { writeStoryTree } from '../doubles/story-trees.ts';

const scratch = scratchFolder('olpc-contents');
const tree = scratch.file('tree');
const manifest = scratch.file('tree.contents');

before(() => writeStoryTree(tree, 1, { withLargeFile: false }));
after(() => scratch.remove());

test('a manifest is made of a tree, and the tree is as it says', async () => {
  const { hash: found, entries } = await done(['olpc-contents-create', '-f', manifest, tree]);
  const bytes = readFileSync(manifest);
  assert.equal(found, hash('sha256', bytes));
  assert.equal(entries, parseContents(bytes).length);
  assert.deepEqual((await done(['olpc-contents-verify', manifest, tree])).different, []);
  const { stdout } = await satchel(['olpc-contents-hash', manifest]);
  assert.equal(stdout, `${found}\n`);
});

test('a manifest inside its tree, as the image builder made it, does not change what it says', async () => {
  const inside = join(tree, '.xo-files');
  const first = await done([
    'olpc-contents-create',
    '-f',
    inside,
    '-p',
    '/etc/passwd',
    '-g',
    '/etc/group',
    tree,
  ]);
  const second = await done([
    'olpc-contents-create',
    '-f',
    inside,
    '-p',
    '/etc/passwd',
    '-g',
    '/etc/group',
    tree,
  ]);
  assert.equal(first.hash, second.hash);
  assert.deepEqual((await done(['olpc-contents-verify', inside, tree])).different, []);
  const [root] = parseContents(readFileSync(inside));
  assert.equal(typeof root?.user, 'string');
});

test('what differs is named, with exit code 1', async () => {
  appendFileSync(join(tree, 'etc/same'), 'more\n');
  writeFileSync(join(tree, 'etc/extra'), '');
  const { code, stdout } = await satchel(['olpc-contents-verify', manifest, tree]);
  assert.equal(code, 1);
  assert.match(stdout, /^\+ \.xo-files$/m);
  assert.match(stdout, /^\+ etc\/extra$/m);
  assert.match(stdout, /^\* etc\/same$/m);
  assert.match(stdout, /^Paths in which the tree differs from the manifest: \d+\. The manifest has \d+\.$/m);
});

test('a mistyped directory or manifest is a sentence that names it', async () => {
  const nothing = scratch.file('nothing');
  const codeOf = async (...words: string[]) => (await refused(words)).code;
  assert.equal(await codeOf('olpc-contents-create', nothing), 'contents-tree-missing');
  assert.equal(
    await codeOf('olpc-contents-create', '-f', join(nothing, 'x'), nothing),
    'contents-tree-missing',
  );
  assert.equal(await codeOf('olpc-contents-verify', manifest, nothing), 'contents-tree-missing');
  assert.equal(await codeOf('olpc-contents-verify', nothing, tree), 'contents-file-missing');
  assert.equal(await codeOf('olpc-contents-hash', nothing), 'contents-file-missing');
});

test('an edited manifest is brought into its one right form', async () => {
  const right = readFileSync(manifest);
  const edited = scratch.file('edited');
  const [start, ...entries] = right
    .toString('latin1')
    .slice(0, -3)
    .split(/(?<=}),(?={)|(?<="entries":\[)/);
  writeFileSync(edited, Buffer.from(` ${start}\n${entries.reverse().join(',\n  ')}\n]}]\n`, 'latin1'));
  assert.equal((await refused(['olpc-contents-verify', edited, tree])).exitCode, 1);
  await done(['olpc-contents-clean', edited]);
  assert.deepEqual(readFileSync(edited), right);
  assert.equal((await done(['olpc-contents-clean', edited])).changed, false);
});

test('a manifest of the original type has a hash, and nothing else can be told', async () => {
  const original = scratch.file('original');
  writeFileSync(original, '["manifest",1,{}]');
  assert.equal((await done(['olpc-contents-hash', original])).type, 'opaque');
  assert.equal((await refused(['olpc-contents-verify', original, tree])).code, 'contents-opaque');
  assert.equal((await refused(['olpc-contents-clean', original])).code, 'contents-opaque');
});

test('the commands are found under their own names', () => {
  const bin = resolve(import.meta.dirname, '../../bin');
  for (const name of ['olpc-update', 'olpc-contents-create', 'olpc-contents-verify', 'olpc-contents-hash']) {
    const { status, stdout } = spawnSync(join(bin, name), ['--help'], { encoding: 'utf8' });
    assert.equal(status, 0);
    assert.match(stdout, new RegExp(`satchel ${name}`));
  }
});
