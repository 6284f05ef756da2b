/** Bundles as Sugar's tools make them, and those of every kind that must be refused. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type ByteString, displayOf } from '../base/byte-string.ts';
import { isBeyond } from '../formats/expansion-limit.ts';
import { type TestMember, withZip64End, zipOf } from '../formats/zip.testkit.ts';
import { longestBundlePath, mostLanguages } from '../repository/bundle-record.ts';
import { infoPaths } from './bundle-info.ts';
import { bundleLimit, type ReadBundleOptions, readBundle } from './read-bundle.ts';

const folder = mkdtempSync(join(tmpdir(), 'satchel-bundle-'));
after(() => rmSync(folder, { recursive: true }));

const info = (more = '', version = '12') =>
  `[Activity]\nname = Maze\nbundle_id = vu.lux.olpc.Maze\nactivity_version = ${version}\nhost_version = 1\n` +
  `icon = activity-maze\nexec = sugar-activity maze.MazeActivity\nlicense = GPLv3+\n${more}`;

/** A sound activity; what a test changes in it comes after. */
const maze = (text = info()): TestMember[] => [
  { name: 'Maze.activity/', mode: 0o040755 },
  { name: 'Maze.activity/activity/activity.info', content: text },
  { name: 'Maze.activity/activity/activity-maze.svg', content: '<svg/>' },
  { name: 'Maze.activity/locale/es/activity.linfo', content: '[Activity]\nname = Laberinto\n' },
  { name: 'Maze.activity/maze.py', content: 'print(1)\n', mode: 0o100755 },
];

async function read(bytes: Uint8Array, options: ReadBundleOptions = {}) {
  const path = join(folder, 'Maze-12.xo');
  writeFileSync(path, bytes);
  const objects = new Map<string, Uint8Array>();
  const bundle = await readBundle(
    path,
    {
      add(sha256, content) {
        objects.set(sha256, content);
        return undefined;
      },
    },
    options,
  );
  return { ...bundle, objects };
}

test('an activity tells its id, version, names in every language and picture', async () => {
  const { info } = await read(zipOf(maze()));
  assert.deepEqual(info, {
    kind: 'activity',
    id: 'vu.lux.olpc.Maze',
    version: '12',
    names: { '': 'Maze', es: 'Laberinto' },
    folder: 'Maze.activity',
    icon: 'activity/activity-maze.svg',
    license: 'GPLv3+',
    summary: undefined,
  });
});

test('its tree begins below its folder, belongs to root, and programs stay programs', async () => {
  const { entries, objects } = await read(zipOf(maze()));
  assert.deepEqual(
    entries.map((entry) => [displayOf(entry.path), 'mode' in entry ? entry.mode.toString(8) : '']),
    [
      ['', '755'],
      ['activity', '755'],
      ['activity/activity-maze.svg', '644'],
      ['activity/activity.info', '644'],
      ['locale', '755'],
      ['locale/es', '755'],
      ['locale/es/activity.linfo', '644'],
      ['maze.py', '755'],
    ],
  );
  const program = entries.at(-1)!;
  assert.ok(program.type === 'file');
  assert.deepEqual(program.mtime, [Date.UTC(2020, 0, 2, 12) / 1000, 0]);
  assert.equal(Buffer.from(objects.get(program.sha256)!).toString(), 'print(1)\n');
});

test('a file above the chunking limit becomes chunks that add up to it', async () => {
  const large = Buffer.alloc(3_000_000, 'large and small ');
  const { entries, objects } = await read(
    zipOf([...maze(), { name: 'Maze.activity/large', content: large }]),
  );
  const entry = entries.find(({ path }) => path === 'large');
  assert.ok(entry?.type === 'file' && entry.chunks !== undefined);
  assert.equal(entry.sha256, hash('sha256', large));
  assert.equal(Buffer.concat(entry.chunks.map(({ sha256 }) => objects.get(sha256)!)).equals(large), true);
});

test('a library tells its id, version and long name', async () => {
  const text =
    '[Library]\nname: atlas\nglobal_name: org.maps.Atlas\nlong_name: The Atlas\nlibrary_version: 3.1\n';
  const { info } = await read(
    zipOf([
      { name: 'atlas/library/library.info', content: text },
      { name: 'atlas/index.html', content: 'x' },
    ]),
  );
  assert.deepEqual(
    [info.kind, info.id, info.version, info.names['']],
    ['library', 'org.maps.Atlas', '3.1', 'The Atlas'],
  );
});

test('old activities with service_name, class and without host version or version are taken', async () => {
  const text = '[Activity]\r\nname=Old\r\nservice_name=org.old.Thing\r\nclass=old.Old\r\n';
  const { info } = await read(zipOf(maze(text)));
  assert.deepEqual([info.id, info.version], ['org.old.Thing', '1']);
});

test('names in more languages than a text may have are left out, the last by their codes', async () => {
  const letters = [...'abcdefghijklmnop'];
  const codes = letters.flatMap((one) => letters.map((other) => `x${other}${one}`)).toSorted();
  const members = codes.map((code) => ({
    ...{ name: `Maze.activity/locale/${code}/activity.linfo`, content: `[Activity]\nname = ${code}\n` },
  }));
  const { info, entries } = await read(zipOf([...maze(), ...members.toReversed()]));
  assert.deepEqual(Object.keys(info.names).sort(), ['', 'es', ...codes.slice(0, mostLanguages - 2)]);
  assert.equal(entries.filter(({ path }) => path.endsWith('.linfo')).length, codes.length + 1);
});

test('no more texts are held than languages are kept, and none of what is no language', () => {
  const paths = Array.from({ length: 20_000 }, (_, number) =>
    [`locale/l${number}/activity.linfo`, `locale/en-x${number}/activity.linfo`].map(
      (path) => path as ByteString,
    ),
  ).flat();
  const wanted = infoPaths([...paths, 'locale/es/library.linfo' as ByteString, 'activity' as ByteString]);
  assert.ok(wanted.size <= mostLanguages + 2);
  assert.ok([...wanted].every((path) => !path.startsWith('locale/l')));
});

test('a bomb is what deflate alone makes dense: text and small files of any kind are not', () => {
  const mebibyte = 2 ** 20;
  const text = isBeyond(bundleLimit, 20 * 50 * mebibyte, 50 * mebibyte);
  assert.deepEqual([text, isBeyond(bundleLimit, 60 * mebibyte, 60_000)], [false, false]);
  assert.equal(isBeyond(bundleLimit, 300 * mebibyte, 0.3 * mebibyte), true);
  assert.equal(isBeyond(bundleLimit, 65_000 * 64 * 1024, 17 * mebibyte), true);
});

const long = { limit: { ...bundleLimit, floor: 1000 } };

/** What is wrong, the bytes, the code. */
const refused: readonly (readonly [string, Uint8Array, string, ReadBundleOptions?])[] = [
  ['no zip at all', Buffer.from('this is no zip'), 'zip-damaged'],
  ['an empty file', Buffer.alloc(0), 'zip-damaged'],
  ['one cut off', zipOf(maze()).subarray(0, -30), 'zip-damaged'],
  ['an end that lies where no file reaches', withZip64End(zipOf(maze()), 2n ** 62n), 'zip-damaged'],
  ['an end that lies below nothing', withZip64End(zipOf(maze()), 2n ** 64n - 1n), 'zip-damaged'],
  ['an end that lies after the file', withZip64End(zipOf(maze()), 100_000n), 'zip-damaged'],
  ['one without members', zipOf([]), 'bundle-empty'],
  ['two top folders', zipOf([...maze(), { name: 'Other.activity/x' }]), 'bundle-path-outside'],
  ['a file at the top', zipOf([...maze(), { name: 'README' }]), 'bundle-path-outside'],
  ['a top that is a file', zipOf([{ name: 'Maze.activity', content: 'x' }]), 'bundle-path-outside'],
  ['a path that climbs out', zipOf([...maze(), { name: 'Maze.activity/../../x' }]), 'bundle-path-outside'],
  ['an absolute path', zipOf([{ name: '/Maze.activity/x' }]), 'bundle-path-outside'],
  ['a backslash', zipOf([...maze(), { name: 'Maze.activity/..\\..\\x' }]), 'bundle-path-outside'],
  ['an empty part of a path', zipOf([...maze(), { name: 'Maze.activity//x' }]), 'bundle-path-outside'],
  ['a NUL in a name', zipOf([...maze(), { name: 'Maze.activity/x\0y' }]), 'bundle-path-outside'],
  [
    'a symlink',
    zipOf([...maze(), { name: 'Maze.activity/l', content: '/etc', mode: 0o120777 }]),
    'bundle-special-file',
  ],
  ['a device', zipOf([...maze(), { name: 'Maze.activity/d', mode: 0o020666 }]), 'bundle-special-file'],
  [
    'the same path twice',
    zipOf([...maze(), { name: 'Maze.activity/maze.py', content: '2' }]),
    'bundle-path-repeated',
  ],
  [
    'a file below a file',
    zipOf([...maze(), { name: 'Maze.activity/maze.py/x' }]),
    'tree-parent-not-directory',
  ],
  [
    'a folder of another kind',
    zipOf(maze().map((each) => ({ ...each, name: String(each.name).replace('.activity/', '.game/') }))),
    'bundle-folder-wrong',
  ],
  [
    'a folder that is the drive of another system',
    zipOf(maze().map((each) => ({ ...each, name: `C:${each.name}` }))),
    'bundle-folder-unusable',
  ],
  [
    'a folder that writes to the terminal',
    zipOf(maze().map((each) => ({ ...each, name: `a\n\x1b[31m${each.name}` }))),
    'bundle-folder-unusable',
  ],
  [
    'a path that no home has room for',
    zipOf([...maze(), { name: `Maze.activity/${'a/'.repeat(longestBundlePath / 2)}x` }]),
    'bundle-path-too-long',
  ],
  ['no description', zipOf([{ name: 'Maze.activity/maze.py' }]), 'bundle-info-missing'],
  ['a description without section', zipOf(maze('name = Maze\n')), 'bundle-key-missing'],
  ['no id', zipOf(maze(info().replace(/bundle_id.*\n/, ''))), 'bundle-key-missing'],
  ['no name', zipOf(maze(info().replace(/^name.*\n/m, ''))), 'bundle-key-missing'],
  ['nothing to start', zipOf(maze(info().replace(/exec.*\n/, ''))), 'bundle-key-missing'],
  [
    'an id that leads elsewhere',
    zipOf(maze(info().replace('vu.lux.olpc.Maze', '../../etc'))),
    'bundle-key-wrong',
  ],
  ['a version with leading zeros', zipOf(maze(info('', '012'))), 'bundle-key-wrong'],
  ['a version of words', zipOf(maze(info('', 'twelve'))), 'bundle-key-wrong'],
  ['a huge description', zipOf(maze(info('#'.repeat(70_000)))), 'bundle-info-too-long'],
  [
    'a wrong checksum',
    zipOf([...maze(), { name: 'Maze.activity/c', content: 'c', crc: 5 }]),
    'zip-member-damaged',
  ],
  [
    'a length that is too small',
    zipOf([...maze(), { name: 'Maze.activity/c', content: 'cc', size: 1 }]),
    'zip-member-damaged',
  ],
  [
    'a length that is too large',
    zipOf([...maze(), { name: 'Maze.activity/c', content: 'c', size: 2 }]),
    'zip-member-damaged',
  ],
  [
    'an encrypted member',
    zipOf([...maze(), { name: 'Maze.activity/c', content: 'c', encrypted: true }]),
    'zip-member-damaged',
  ],
  [
    'an unknown method',
    zipOf([...maze(), { name: 'Maze.activity/c', content: 'c', method: 99 }]),
    'zip-member-damaged',
  ],
  [
    'a bomb of what it says of itself',
    zipOf([...maze(), { name: 'Maze.activity/c', content: 'c', size: 70 * 2 ** 20 }]),
    'zip-too-large',
  ],
  [
    'a bomb',
    zipOf([...maze(), { name: 'Maze.activity/c', content: Buffer.alloc(5_000_000) }]),
    'zip-too-large',
    { limit: { ...long.limit, ratio: 100 } },
  ],
];

for (const [what, bytes, code, options] of refused)
  test(`refused with one sentence: ${what}`, async () => {
    await assert.rejects(read(bytes, options), { code });
  });

test('whatever is refused, its file is closed again', async () => {
  const open = () => readdirSync('/proc/self/fd').length;
  await assert.rejects(read(Buffer.from('no zip')));
  const before = open();
  for (const [, bytes, , options] of refused) await assert.rejects(read(bytes, options));
  assert.equal(open(), before);
  assert.ok(readFileSync(join(folder, 'Maze-12.xo')).length > 0);
});
