/** Small files that a bad disk, a cut or a hand has damaged: a sentence or a way around, never a stack trace. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { buildName } from '../../src/base/identifiers.ts';
import { type DeviceLayout, deviceLayout, pristineTree } from '../../src/device/layout.ts';
import { describeTree } from '../../src/formats/gnu-tar.testkit.ts';
import { discard } from '../../src/os/discard.testkit.ts';
import { assertSentence, must, runCommand } from '../doubles/command.ts';
import { sampleOf } from '../doubles/crash-run.ts';
import {
  assertBootable,
  assertReadable,
  copyDevice,
  copyRepository,
  makeWorld,
  type World,
} from '../doubles/crash-world.ts';

let world: World;
before(async () => {
  world = await makeWorld();
});
after(() => world.remove());

/** Ways in which a file is not what it was. */
const damages: Readonly<Record<string, (path: string) => void>> = {
  empty: (path) => truncateSync(path, 0),
  half: (path) => truncateSync(path, statSync(path).size >> 1),
  'last byte missing': (path) => truncateSync(path, Math.max(0, statSync(path).size - 1)),
  zeros: (path) => writeFileSync(path, Buffer.alloc(statSync(path).size)),
  garbage: (path) => writeFileSync(path, Buffer.from('\x00\xff{[garbage\n'.repeat(40), 'latin1')),
  'one byte changed': (path) => {
    const bytes = readFileSync(path);
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 0x15;
    writeFileSync(path, bytes);
  },
  'empty object': (path) => writeFileSync(path, '{}'),
  null: (path) => writeFileSync(path, 'null\n'),
  list: (path) => writeFileSync(path, '[1]\n'),
  'wrong kinds': (path) => {
    const text = readFileSync(path, 'latin1');
    writeFileSync(path, text.replace(/"[^"]*"(?=[,}\n])/g, '7').replace(/: ?\[/g, ':{"a":['), 'latin1');
  },
  newer: (path) =>
    writeFileSync(path, readFileSync(path, 'latin1').replace(/"format": ?1/, '"format":99'), 'latin1'),
  'a directory': (path) => {
    rmSync(path);
    mkdirSync(path);
  },
  'a link to itself': (path) => {
    rmSync(path);
    symlinkSync(path, path);
  },
  missing: (path) => rmSync(path),
};

/** Changes that leave nothing of a file to be trusted; a lock's content means nothing. */
const all = Object.keys(damages);
const contentOnly = all.filter((name) => !name.startsWith('a '));

type StateFile = {
  readonly name: string;
  path(layout: DeviceLayout): string;
  readonly damages: readonly string[];
  /** True when an update has to succeed all the same. */
  readonly heals: readonly string[];
};

const firstIn = (folder: string) => join(folder, readdirSync(folder).sort()[0]!);

const stateFiles: readonly StateFile[] = [
  { name: 'config.json', path: (layout) => layout.configuration, damages: all, heals: [] },
  { name: 'the journal', path: (layout) => layout.journal, damages: all, heals: contentOnly },
  { name: 'the trust state', path: (layout) => join(layout.trust, 'trusted'), damages: all, heals: [] },
  {
    name: 'the floor of time',
    path: (layout) => join(layout.trust, 'floor'),
    damages: all,
    heals: contentOnly,
  },
  {
    name: 'a kept target',
    path: (layout) => firstIn(join(layout.trust, 'targets')),
    damages: all,
    heals: contentOnly,
  },
  { name: 'the ledger', path: (layout) => join(layout.ledgers, 'b1'), damages: all, heals: contentOnly },
  {
    name: 'the list of what is owed',
    path: (layout) => join(layout.owed, 'b1.jsonl'),
    damages: all,
    heals: contentOnly,
  },
  {
    name: 'the record of a build',
    path: (layout) => join(layout.builds, 'b1.json'),
    damages: all,
    heals: [],
  },
  { name: 'the index of a build', path: (layout) => firstIn(layout.indexes), damages: all, heals: [] },
  { name: 'the lock', path: (layout) => layout.lock, damages: all, heals: contentOnly },
  { name: 'the lock of the trash', path: (layout) => layout.trashLock, damages: all, heals: contentOnly },
  {
    name: 'the manifest for old clients',
    path: (layout) => join(layout.contents, 'b1'),
    damages: all,
    heals: contentOnly,
  },
  {
    name: 'the boot pointer',
    path: (layout) => layout.boot,
    damages: ['a directory', 'a link to itself'],
    heals: [],
  },
];

const deviceCommands = [
  ['status'],
  ['check'],
  ['plan'],
  ['verify'],
  ['verify', '--full'],
  ['update'],
  ['repair'],
  ['rollback'],
  ['purge'],
];

for (const { name, path, damages: kinds, heals } of stateFiles)
  test(`a device whose file is damaged goes on or says so: ${name}`, async () => {
    for (const kind of sampleOf(kinds, { usual: 5 })) {
      const layout = deviceLayout(join(world.folder, 'torn'));
      copyDevice(world.device, layout.root);
      writeFileSync(layout.trashLock, '');
      const tree = pristineTree(layout, buildName('b1'));
      const before1 = describeTree(tree);
      damages[kind]!(path(layout));
      for (const words of deviceCommands) {
        const label = `${kind}: ${words.join(' ')}`;
        const end = await runCommand(...words, '--root', layout.root);
        if (end.code !== 0 && !(words[0] === 'verify' && end.json.error === undefined)) {
          assert.doesNotThrow(() => assertSentence(end), label);
          if (words[0] === 'update') assert.ok(!heals.includes(kind), `${label}: ${end.said}`);
        }
      }
      assert.deepEqual(describeTree(tree), before1, `${kind}: the tree of b1`);
      discard(layout.root);
    }
  });

test('a device without its boot pointer is like a new one', async () => {
  const layout = deviceLayout(join(world.folder, 'pointer'));
  copyDevice(world.device, layout.root);
  rmSync(layout.boot);
  const back = await runCommand('rollback', '--root', layout.root);
  assertSentence(back);
  await must('update', '--root', layout.root);
  assertBootable(world, layout, ['b2']);
  discard(layout.root);
});

test('a version whose record is damaged can be installed again', async () => {
  const layout = deviceLayout(join(world.folder, 'record'));
  copyDevice(world.device, layout.root);
  await must('update', '--root', layout.root);
  writeFileSync(join(layout.builds, 'b1.json'), 'garbage');
  const back = await runCommand('rollback', '--root', layout.root);
  if (back.code !== 0) assertSentence(back);
  await must('status', '--root', layout.root);
  discard(layout.root);
});

for (const [kind, garbage] of [
  ['noise', () => Buffer.alloc(3000, 'garbage')],
  ['zeros', () => Buffer.alloc(2_000_000)],
  ['one wrong byte', undefined],
] as const)
  test(`what lies in the spool is checked and fetched again: ${kind}`, async () => {
    const layout = deviceLayout(join(world.folder, 'spooled'));
    copyDevice(world.device, layout.root);
    mkdirSync(layout.spool, { recursive: true });
    for (const folder of ['packs', 'maps', 'indexes', 'contents'])
      for (const file of readdirSync(join(world.second, folder))) {
        const part = join(layout.spool, `${file.split('.')[0]}.0`);
        const right = readFileSync(join(world.second, folder, file));
        if (garbage === undefined) right[right.length >> 1]! ^= 1;
        writeFileSync(part, garbage?.() ?? right);
      }
    writeFileSync(join(layout.spool, 'notes'), 'not ours');
    writeFileSync(join(layout.spool, `${'a'.repeat(64)}.x`), 'not ours');
    const { plan } = await must('update', '--root', layout.root);
    assert.equal(plan, 'objects');
    assertBootable(world, layout, ['b2']);
    discard(layout.root);
  });

test('a folder in the place of a part of the spool is no end', async () => {
  const layout = deviceLayout(join(world.folder, 'spool-folder'));
  copyDevice(world.device, layout.root);
  for (const file of readdirSync(join(world.second, 'packs')))
    mkdirSync(join(layout.spool, `${file.split('.')[0]}.0`), { recursive: true });
  const end = await runCommand('update', '--root', layout.root);
  if (end.code === 0) assertBootable(world, layout, ['b2']);
  else assertSentence(end);
  discard(layout.root);
});

const repositoryCommands = (repo: string, archive: string): readonly (readonly string[])[] => [
  ['list', '--repo', repo],
  ['show', '--repo', repo, 'b1'],
  ['fsck', '--repo', repo],
  ['keys', 'list', '--repo', repo],
  ['publish', '--repo', repo, '--name', 'b3', archive],
  ['prune', '--repo', repo, '--grace', '0'],
];

test('a repository with a damaged file says so, and nothing that was right goes', async () => {
  const files = execFileSync('find', ['.', '-type', 'f'], { cwd: world.first, encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((file) => file.slice(2));
  const keys = execFileSync('find', ['.', '-name', '*.json'], {
    cwd: `${world.first}.keys`,
    encoding: 'utf8',
  })
    .trim()
    .split('\n')
    .map((file) => `../repo.keys/${file.slice(2)}`);
  const kinds = ['empty', 'half', 'one byte changed', 'wrong kinds', 'a directory', 'missing'];
  const folder = join(world.folder, 'torn-repository');
  const pairs = [...files, ...keys].flatMap((file) => kinds.map((kind) => ({ file, kind })));
  for (const { file, kind } of sampleOf(pairs, { usual: 40 })) {
    mkdirSync(folder);
    const repo = join(folder, 'repo');
    copyRepository(world.first, repo);
    damages[kind]!(join(repo, file));
    for (const words of repositoryCommands(repo, world.archives.b2)) {
      const end = await runCommand(...words);
      if (end.code !== 0 && !(words[0] === 'fsck' && end.json.error === undefined))
        assert.doesNotThrow(() => assertSentence(end), `${file} ${kind}: ${words[0]}`);
    }
    discard(folder);
  }
  assert.equal(await assertReadable(world, world.first, world.folder), 'b1');
});
