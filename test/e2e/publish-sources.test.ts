/** Everything that can be published, what the origin's commands say of it, and how a repository is looked after. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, hash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Overview } from '../../src/repository/overview.ts';
import { assertSameTree, describeTree } from '../doubles/same-tree.ts';
import { done, doneWith, pristine, refused, satchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { writeStoryTree } from '../doubles/story-trees.ts';

type Published = {
  readonly name: string;
  readonly alreadyPublished: boolean;
  readonly contentsHash: string;
  readonly newObjects: number;
  readonly newBytes: number;
};
type Shown = {
  readonly index: { readonly sha256: string };
  readonly contents: { readonly hash: string; readonly sha256: string; readonly type: string };
  readonly streams: readonly string[];
  readonly minimumClient: string;
  readonly notes: string;
};
type Checked = {
  readonly damaged: readonly { file: string; problem: string; repaired: boolean }[];
  readonly objects: number;
};

const scratch = scratchFolder('publish-sources');
const repository = scratch.file('repository');
const sources = scratch.file('sources');
const tree = scratch.file('tree');
const plainTar = scratch.file('plain.tar');

const atOrigin = (...words: string[]) => [...words, '--repo', repository];
const publish = (...words: string[]) => done<Published>(atOrigin('publish', ...words));
const show = (name: string) => done<Shown>(atOrigin('show', name));
const list = () => done<Overview>(atOrigin('list'));

/** Programs that write the compressions of the old files. */
const compressors: Readonly<Record<string, readonly string[]>> = {
  bz2: ['bzip2'],
  lzma: ['xz', '--format=lzma'],
  xz: ['xz'],
  gz: ['gzip'],
  zst: ['zstd', '-q'],
};

/** Writes an archive of the tree under a name whose last part says how it is compressed. */
function archive(name: string, ending = name.split('.').at(-1) ?? ''): string {
  const path = `${sources}/${name}`;
  mkdirSync(dirname(path), { recursive: true });
  const [program, ...options] = compressors[ending] ?? [];
  if (program === undefined) copyFileSync(plainTar, path);
  else writeFileSync(path, execFileSync(program, ['-c', ...options, plainTar], { maxBuffer: 2 ** 30 }));
  return path;
}

/** Puts `P-tree.….md5` beside an archive, as `md5sum` writes it. */
function addMd5(path: string, bytes: Uint8Array = readFileSync(path)): void {
  writeFileSync(`${path}.md5`, `${createHash('md5').update(bytes).digest('hex')}  ${basename(path)}\n`);
}

before(async () => {
  // Compressing what cannot be compressed takes longest, and says nothing here.
  writeStoryTree(tree, 1, { withLargeFile: false });
  execFileSync('tar', [
    '-C',
    tree,
    '--numeric-owner',
    '--format=pax',
    '--xattrs',
    '--xattrs-include=*',
    '--acls',
    '--sparse',
    '-cf',
    plainTar,
    '.',
  ]);
  await done(atOrigin('init'));
});

after(() => scratch.remove());

describe('sources', () => {
  let indexOfTar = '';

  test('a directory becomes a build with the name of the directory', async () => {
    const { name, newObjects } = await publish(tree);
    assert.equal(name, 'tree');
    assert.ok(newObjects > 50);
  });

  test('a tar of the same tree is the same build, and stores nothing again', async () => {
    const { newObjects, newBytes } = await publish('--name', 'from-tar', plainTar);
    assert.deepEqual([newObjects, newBytes], [0, 0]);
    indexOfTar = (await show('from-tar')).index.sha256;
    assert.equal((await show('tree')).index.sha256, indexOfTar);
  });

  test('a tar on standard input is the same build again, and must be given a name', async () => {
    const input = readFileSync(plainTar);
    const words = atOrigin('publish', '--name', 'from-pipe', '-');
    await done(words, { input });
    assert.equal((await show('from-pipe')).index.sha256, indexOfTar);
    const compressed = readFileSync(archive('for-pipe.tar.gz'));
    await done(atOrigin('publish', '--name', 'from-zipped-pipe', '-'), { input: compressed });
    assert.equal((await show('from-zipped-pipe')).index.sha256, indexOfTar);
    const refusal = await refused(atOrigin('publish', '-'), { input });
    assert.equal(refusal.code, 'source-name-missing');
  });

  for (const [file, name] of [
    ['py802-1-tree.tar.bz2', 'py802-1'],
    ['py802-2-tree.tar.lzma', 'py802-2'],
    ['py802-3-tree.tar.xz', 'py802-3'],
    ['py802-4-tree.tar.gz', 'py802-4'],
    ['py802-5-tree.tar.zst', 'py802-5'],
    ['py802-6-tree.tar', 'py802-6'],
    ['14100o4.tree.tar.lzma', '14100o4'],
    ['14101o4.tree.tar', '14101o4'],
    ['650-tree.bz2', '650'],
    ['anything.tar.xz', 'anything'],
  ] as const)
    test(`${file} is the build ${name}`, async () => {
      const path = archive(file);
      addMd5(path);
      assert.equal((await publish(path)).name, name);
      assert.equal((await show(name)).index.sha256, indexOfTar);
    });

  test('a prefix stands for the whole set', async () => {
    addMd5(archive('prefixed-tree.tar.lzma'));
    assert.equal((await publish(`${sources}/prefixed`)).name, 'prefixed');
  });

  test('the first line of .name is the public name, and .contents is carried byte for byte', async () => {
    addMd5(archive('xyz_jffs2-tree.tar.bz2'));
    writeFileSync(`${sources}/xyz_jffs2.name`, 'joyride-2230 \nsecond line\n');
    const contents = Buffer.from('["olpc-unknown",1,{"opaque":"\xff"}]', 'latin1');
    writeFileSync(`${sources}/xyz_jffs2.contents`, contents);
    const known = 'bbcd2c7ef7dc30e68f06a28ddaa23120fb587808d397e46f5b0970095d3d99c6';
    const { name, contentsHash } = await publish('--contents-hash', known, `${sources}/xyz_jffs2`);
    assert.deepEqual([name, contentsHash], ['joyride-2230', known]);
    const shown = await show('joyride-2230');
    assert.equal(shown.contents.type, 'opaque');
    assert.equal(shown.contents.hash, known);
    assert.equal(shown.contents.sha256, hash('sha256', contents));
    assert.ok(readFileSync(`${repository}/contents/${shown.contents.sha256}`).equals(contents));
  });

  test('a .toc of the image builder is the contents, and its hash names the build', async () => {
    archive('12345o1.tree.tar.gz');
    writeFileSync(`${sources}/12345o1.toc`, 'a manifest of the original kind\n');
    const { contentsHash } = await publish(`${sources}/12345o1.tree.tar.gz`);
    assert.equal(contentsHash, hash('sha256', 'a manifest of the original kind\n'));
  });

  test('--contents names a manifest that lies elsewhere', async () => {
    const manifest = scratch.file('elsewhere.contents');
    writeFileSync(manifest, 'elsewhere\n');
    const { contentsHash } = await publish('--name', 'with-contents', '--contents', manifest, plainTar);
    assert.equal(contentsHash, hash('sha256', 'elsewhere\n'));
  });

  test('without a manifest one of our own type is made', async () => {
    const { contents } = await show('from-tar');
    assert.equal(contents.type, 'olpc-contents-x');
    assert.equal(contents.hash, contents.sha256);
    assert.match(
      readFileSync(`${repository}/contents/${contents.sha256}`, 'latin1'),
      /^\["olpc-contents-x",1,/,
    );
  });

  test('of an image only the first tree below versions/pristine is the build', async () => {
    const image = scratch.file('image');
    mkdirSync(`${image}/versions/pristine/900`, { recursive: true });
    mkdirSync(`${image}/versions/pristine/901`);
    mkdirSync(`${image}/home`);
    writeFileSync(`${image}/versions/pristine/900/inside`, 'inside\n');
    writeFileSync(`${image}/versions/pristine/901/later`, 'later\n');
    const tar = scratch.file('image-900-tree.tar');
    execFileSync('tar', ['-C', image, '-cf', tar, '.']);
    const { stderr } = await doneWith(atOrigin('publish', tar));
    assert.match(stderr, /versions\/pristine\/900/);
    const { changes } = await done<{ changes: { kind: string; path: string }[] }>(
      atOrigin('diff', 'from-tar', 'image-900'),
    );
    const added = changes.filter(({ kind }) => kind === 'added').map(({ path }) => path);
    assert.deepEqual(added, ['inside']);
  });

  test('without versions/pristine the directory versions is left out', async () => {
    const image = scratch.file('system');
    mkdirSync(`${image}/versions/run`, { recursive: true });
    mkdirSync(`${image}/etc`);
    writeFileSync(`${image}/etc/hostname`, 'x\n');
    const { stderr } = await doneWith(atOrigin('publish', image));
    assert.match(stderr, /versions/);
    assert.equal((await list()).builds.find(({ name }) => name === 'system')?.entries, 3);
  });

  test('a wrong md5 sum publishes nothing', async () => {
    const path = archive('broken-tree.tar.gz');
    addMd5(path, Buffer.from('something else'));
    const refusal = await refused(atOrigin('publish', path));
    assert.equal(refusal.exitCode, 1);
    assert.match(refusal.message, /md5/i);
    assert.equal((await refused(atOrigin('show', 'broken'))).code, 'build-not-found');
  });

  test('what reaches a device is the tree that GNU tar extracts, to the last attribute', async () => {
    const extracted = scratch.file('extracted');
    mkdirSync(extracted);
    execFileSync('tar', [
      '-C',
      extracted,
      '--numeric-owner',
      '-xp',
      '--xattrs',
      '--xattrs-include=*',
      '--acls',
      '-f',
      plainTar,
    ]);
    assertSameTree(extracted, tree);
    const device = scratch.file('device');
    await done(['device', 'init', '--root', device, '--source', repository, '--trust-on-first-use']);
    await done(['update', '--root', device, 'py802-2']);
    assertSameTree(pristine(device, 'py802-2'), extracted);
  });
});

describe('what is said with a build', () => {
  test('publishing the same again changes nothing and is no failure', async () => {
    const before = readdirSync(`${repository}/metadata`);
    const { report, stderr } = await doneWith<Published>(atOrigin('publish', scratch.file('system')));
    assert.deepEqual([report.alreadyPublished, report.newObjects], [true, 0]);
    assert.match(stderr, /published already/);
    assert.deepEqual(readdirSync(`${repository}/metadata`), before);
  });

  test('other content under a name that is taken is refused', async () => {
    const other = scratch.file('other');
    mkdirSync(`${other}/etc`, { recursive: true });
    const refusal = await refused(atOrigin('publish', '--name', 'from-tar', other));
    assert.deepEqual([refusal.exitCode, refusal.code], [1, 'build-exists']);
  });

  test('--clamp-mtime makes trees that differ only in their times one', async () => {
    const [one, two] = ['clamp-1', 'clamp-2'].map((name) => scratch.file(name)) as [string, string];
    for (const [number, root] of [one, two].entries()) {
      mkdirSync(`${root}/etc`, { recursive: true });
      writeFileSync(`${root}/etc/file`, 'the same\n');
      for (const path of [`${root}/etc/file`, `${root}/etc`, root]) utimesSync(path, 1.3e9, 1.3e9 + number);
    }
    for (const root of [one, two]) await publish('--clamp-mtime', '2007-11-02T12:00:00Z', root);
    assert.equal((await show('clamp-1')).index.sha256, (await show('clamp-2')).index.sha256);
    for (const [number, root] of [one, two].entries()) await publish('--name', `loose-${number}`, root);
    const { counts, metadataOnlyFiles } = await done<{
      counts: { metadata: number; content: number };
      metadataOnlyFiles: number;
    }>(atOrigin('diff', 'loose-0', 'loose-1'));
    assert.deepEqual([counts.metadata, counts.content, metadataOnlyFiles], [3, 0, 1]);
  });

  test('notes and the oldest client that understands a build are shown', async () => {
    const words = ['--name', 'noted', '--notes', 'Mejora el teclado', '--minimum-client', '0.1.0', plainTar];
    await publish(...words);
    const { notes, minimumClient } = await show('noted');
    assert.deepEqual([notes, minimumClient], ['Mejora el teclado', '0.1.0']);
    assert.match((await satchel(atOrigin('show', 'noted'))).stdout, /Mejora el teclado/);
  });

  test('a device that is older than a build asks for does not install it, and says so', async () => {
    await publish('--name', 'for-the-future', '--minimum-client', '9.0.0', '--stream', 'future', plainTar);
    const device = scratch.file('device');
    const refusal = await refused(['update', '--root', device, 'for-the-future']);
    assert.equal(refusal.code, 'client-too-old');
    assert.match(refusal.message, /9\.0\.0/);
  });

  test('a stream does not go back to an earlier build by itself', async () => {
    const refusal = await refused(atOrigin('publish', '--name', 'from-tar', plainTar));
    assert.deepEqual([refusal.exitCode, refusal.code], [4, 'stream-goes-back']);
    assert.match(refusal.message, /"stable" would go back from \w+ to from-tar/);
  });

  test('a build may be the head of several streams', async () => {
    await publish('--name', 'in-two', '--stream', 'stable', '--stream', 'testing', plainTar);
    const { streams } = await list();
    const heads = Object.fromEntries(streams.map(({ name, head }) => [name, head]));
    assert.deepEqual(heads, { stable: 'in-two', testing: 'in-two', future: 'for-the-future' });
    assert.deepEqual([...(await show('in-two')).streams].sort(), ['stable', 'testing']);
  });
});

describe('looking after a repository', () => {
  test('the list is in the order of publication, with what an update costs', async () => {
    const second = scratch.file('second');
    writeStoryTree(second, 2, { withLargeFile: false });
    await publish('--name', 'second', second);
    const { builds, costs } = await list();
    const places = ['py802-1', 'noted', 'second'].map((name) => builds.findIndex((one) => one.name === name));
    assert.deepEqual(
      places,
      places.toSorted((one, other) => one - other),
    );
    assert.equal(places[2], builds.length - 1);
    assert.ok(costs.some(({ from, to, bytes }) => from === 'in-two' && to === 'second' && bytes > 0));
  });

  test('a comparison names each path with what changed', async () => {
    const { counts, changes, download } = await done<{
      counts: Record<string, number>;
      changes: { kind: string; path: string; fields?: string[] }[];
      download: number;
    }>(atOrigin('diff', 'in-two', 'second'));
    const kindOf = (path: string) => changes.find((change) => change.path === path);
    assert.equal(kindOf('etc/hostname')?.kind, 'content');
    assert.equal(kindOf('etc/old-only')?.kind, 'removed');
    assert.equal(kindOf('etc/new-only')?.kind, 'added');
    assert.equal(kindOf('types/file-to-link')?.kind, 'type');
    assert.deepEqual(kindOf('changes/only-mode')?.fields, ['mode']);
    assert.deepEqual(kindOf('changes/only-time')?.fields, ['mtime']);
    assert.equal(kindOf('etc/same'), undefined);
    const wanted = describeTree(tree).size;
    assert.ok((counts.same ?? 0) > wanted / 2);
    assert.ok(download > 0 && download < 2e6, `${download} bytes`);
  });

  test('a build gets another name, and the old one is free', async () => {
    assert.deepEqual(await done(atOrigin('rename', 'noted', 'renamed')), { from: 'noted', to: 'renamed' });
    assert.equal((await show('renamed')).notes, 'Mejora el teclado');
    assert.deepEqual((await refused(atOrigin('show', 'noted'))).exitCode, 3);
    assert.equal((await refused(atOrigin('rename', 'renamed', 'tree'))).code, 'build-exists');
  });

  test('the head of a stream cannot be removed, any other build can', async () => {
    const refusal = await refused(atOrigin('remove', 'second'));
    assert.deepEqual([refusal.exitCode, refusal.code], [4, 'build-in-stream']);
    assert.deepEqual(await done(atOrigin('remove', 'clamp-1')), { removed: 'clamp-1' });
    assert.ok(!(await list()).builds.some(({ name }) => name === 'clamp-1'));
  });

  test('pruning first says what it would do, keeps what lately went, and frees it when told', async () => {
    const unique = scratch.file('unique');
    mkdirSync(unique);
    writeFileSync(`${unique}/file`, createHash('sha512').update('unique').digest());
    const packs = () => readdirSync(`${repository}/packs`);
    const before = new Set(packs());
    await publish('--name', 'unique', '--stream', 'other', unique);
    const own = packs().filter((name) => !before.has(name));
    assert.equal(own.length, 1);
    writeFileSync(`${unique}/file`, 'what the stream goes on with\n');
    await publish('--name', 'after-unique', '--stream', 'other', unique);
    await done(atOrigin('remove', 'unique'));
    const dry = await done<{ waiting: number; deleted: string[] }>(atOrigin('prune', '--dry-run'));
    assert.ok(dry.waiting > 0 && dry.deleted.length === 0);
    assert.deepEqual((await done<{ deleted: string[] }>(atOrigin('prune'))).deleted, []);
    assert.ok(packs().includes(own[0] ?? ''));
    const { deleted } = await done<{ deleted: string[] }>(atOrigin('prune', '--grace', '0'));
    assert.ok(deleted.includes(`packs/${own[0]}`));
    assert.ok(!packs().includes(own[0] ?? ''));
    assert.deepEqual((await done<Checked>(atOrigin('fsck'))).damaged, []);
  });

  test('fsck finds what the disk has lost, and repairs it from another copy', async () => {
    const copy = scratch.file('copy');
    cpSync(repository, copy, { recursive: true });
    const sizeOf = (name: string) => statSync(`${copy}/packs/${name}`).size;
    const [pack = ''] = readdirSync(`${copy}/packs`).sort((one, other) => sizeOf(other) - sizeOf(one));
    const [contents = ''] = readdirSync(`${copy}/contents`);
    const damaged = readFileSync(`${copy}/packs/${pack}`);
    damaged.writeUInt8(damaged.readUInt8(1000) ^ 1, 1000);
    replace(`${copy}/packs/${pack}`, damaged);
    rmSync(`${copy}/contents/${contents}`);
    const found = await satchel(['fsck', '--repo', copy, '--json']);
    assert.equal(found.code, 1);
    const problems = (JSON.parse(found.stdout) as Checked).damaged;
    assert.deepEqual(
      problems.map(({ file, problem }) => `${problem} ${file}`).sort(),
      [`missing contents/${contents}`, `wrong-bytes packs/${pack}`].sort(),
    );
    const source = pathToFileURL(repository).href;
    const repaired = await done<Checked>(['fsck', '--repo', copy, '--repair-from', source]);
    assert.deepEqual(
      repaired.damaged.map((one) => one.repaired),
      [true, true],
    );
    assert.deepEqual((await done<Checked>(['fsck', '--repo', copy])).damaged, []);
  });

  test('nothing of what was stored is ever left behind half-written', () => {
    const leftovers = readdirSync(repository, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /(^|\/)\.tmp/.test(name),
    );
    assert.deepEqual(leftovers, []);
    // A lock file stays: who holds the lock is known to the kernel alone.
    assert.deepEqual(readdirSync(`${repository}/.spool`), ['deltas.lock']);
  });

  test('a second repository is not made over the first', async () => {
    const before = statSync(`${repository}/metadata/timestamp.json`).mtimeMs;
    assert.equal((await refused(atOrigin('init'))).code, 'repository-exists');
    assert.equal(statSync(`${repository}/metadata/timestamp.json`).mtimeMs, before);
  });
});

/** Puts other bytes under a name, whatever else may share the old inode. */
function replace(path: string, bytes: Uint8Array): void {
  rmSync(path);
  writeFileSync(path, bytes);
}
