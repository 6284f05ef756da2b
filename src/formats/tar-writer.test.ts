import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ByteString, byteStringFromText } from '../base/byte-string.ts';
import { sourceOf } from './byte-reader.ts';
import {
  type Described,
  type DescribedTree,
  describeMembers,
  describeTree,
  extractEverything,
  isRoot,
  needsRoot,
  run,
  scratch,
} from './gnu-tar.testkit.ts';
import { readTar } from './tar.ts';
import { type TarWriterMember, tarArchive } from './tar-writer.ts';

type Written = TarWriterMember & { readonly bytes?: Uint8Array };

const text = byteStringFromText;

/** Names of all kinds: short, long, with line feeds, not UTF-8. Never '.', '..' and nothing with a slash. */
const anyName: fc.Arbitrary<ByteString> = fc.oneof(
  fc
    .constantFrom('a', 'b', 'file', '.hidden', 'new\nline', 'back\\slash', ' space ', 'x=y', '12 path=a')
    .map(text),
  fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }).map(text),
  fc
    .uint8Array({ minLength: 1, maxLength: 20 })
    .map((bytes) => Buffer.from(bytes).toString('latin1') as ByteString),
  fc.integer({ min: 95, max: 255 }).map((length) => 'n'.repeat(length) as ByteString),
);
const name = anyName
  .map((value) => value.replace(/[/\0]/g, '_').slice(0, 255) as ByteString)
  .filter((value) => value !== '.' && value !== '..');

const directoryPath = fc.array(name, { minLength: 0, maxLength: 3 });

const xattrs = fc
  .uniqueArray(
    fc.record(
      {
        name: fc.constantFrom('user.a', 'user.b=c', 'user.%3D', 'trusted.label', 'user.é').map(text),
        value: fc
          .uint8Array({ maxLength: 200 })
          .map((bytes) => Buffer.from(bytes).toString('latin1') as ByteString),
      },
      { noNullPrototype: true },
    ),
    { selector: (xattr) => xattr.name },
  )
  .map((list) => list.sort((a, b) => (a.name < b.name ? -1 : 1)));

const owner = fc.oneof(fc.integer({ min: 0, max: 70_000 }), fc.integer({ min: 0, max: 0xfffffffe }));

const time: fc.Arbitrary<readonly [number, number]> = fc.tuple(
  // ext4 keeps times from 1901 to 2446.
  fc.oneof(fc.integer({ min: -2_000_000_000, max: 0 }), fc.integer({ min: 0, max: 14_000_000_000 })),
  fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 999_999_999 })),
);

const contentBytes = fc.oneof(
  fc.uint8Array({ maxLength: 2000 }),
  fc.integer({ min: 0, max: 3 }).map((blocks) => new Uint8Array(blocks * 512).fill(0x41)),
);

type Kind = { type: TarWriterMember['type']; extra: Partial<Written> };

const kind: fc.Arbitrary<Kind> = fc.oneof(
  { weight: 4, arbitrary: contentBytes.map((bytes): Kind => ({ type: 'file', extra: { bytes } })) },
  { weight: 1, arbitrary: fc.constant<Kind>({ type: 'directory', extra: {} }) },
  {
    weight: 2,
    arbitrary: fc
      .array(name, { minLength: 1, maxLength: 4 })
      .map((parts): Kind => ({ type: 'symlink', extra: { link: parts.join('/') as ByteString } })),
  },
  { weight: 1, arbitrary: fc.constant<Kind>({ type: 'fifo', extra: {} }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom('char' as const, 'block' as const),
        fc.integer({ min: 0, max: 4095 }),
        fc.integer({ min: 0, max: 2 ** 20 - 1 }),
      )
      .map(([type, major, minor]): Kind => ({ type, extra: { device: [major, minor] } })),
  },
);

const item = fc.record({ folder: directoryPath, name, kind, mode: fc.integer({ min: 0, max: 0o7777 }) });
const inode = fc.record({ uid: owner, gid: owner, mtime: time, xattrs });

/** Members of a valid tree: parents first, no path twice, hard links at the end. */
const members: fc.Arbitrary<Written[]> = fc
  .tuple(
    fc.array(fc.tuple(item, inode), { maxLength: 12 }),
    fc.array(fc.tuple(fc.nat(), name), { maxLength: 3 }),
  )
  .map(([items, links]) => {
    const written = new Map<string, Written>();
    const directory = (path: string): boolean => {
      const known = written.get(path);
      if (known !== undefined) return known.type === 'directory';
      written.set(path, {
        path: path as ByteString,
        type: 'directory',
        mode: 0o755,
        uid: 0,
        gid: 0,
        mtime: [1, 5],
        size: 0,
        xattrs: [],
      });
      return true;
    };
    for (const [{ folder, name: last, kind: made, mode }, shared] of items) {
      const isReachable = folder.every((_, index) => directory(folder.slice(0, index + 1).join('/')));
      const path = [...folder, last].join('/') as ByteString;
      if (!isReachable || written.has(path) || path.length > 3000) continue;
      const isPlain = made.type === 'file' || made.type === 'directory';
      const { bytes } = made.extra;
      written.set(path, {
        path,
        type: made.type,
        mode: made.type === 'symlink' ? 0o777 : mode,
        ...shared,
        xattrs: isPlain ? shared.xattrs : [],
        size: bytes?.length ?? 0,
        ...made.extra,
      });
    }
    const files = [...written.values()].filter((member) => member.type === 'file');
    for (const [index, last] of links) {
      const target = files[index % Math.max(1, files.length)];
      if (target === undefined || written.has(last)) continue;
      written.set(last, {
        ...target,
        path: last,
        type: 'hardlink',
        link: target.path,
        size: 0,
        bytes: new Uint8Array(0),
      });
    }
    return [...written.values()];
  });

const withoutRoot = (tree: DescribedTree): DescribedTree =>
  Object.fromEntries(Object.entries(tree).filter(([path]) => path !== ''));

test('GNU tar and our reader agree on what our writer wrote, for any members', {
  skip: needsRoot,
}, async (t) => {
  const folder = scratch(t);
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(members, fc.integer({ min: 1, max: 3000 }), async (written, pieceLength) => {
      runs += 1;
      const archive = tarArchive(written);
      const place = `${folder}/${runs}`;
      mkdirSync(place);
      run('tar', [...extractEverything, '-C', place, '-f', '-'], archive);
      const pieces = Array.from({ length: Math.ceil(archive.length / pieceLength) }, (_, index) =>
        archive.subarray(index * pieceLength, (index + 1) * pieceLength),
      );
      const read = await describeMembers(readTar(sourceOf(...pieces)));
      assert.deepEqual(read, withoutRoot(describeTree(place)));
      rmSync(place, { recursive: true });
    }),
    { numRuns: 150 },
  );
});

test('what is read from an archive that was written is what was written', async () => {
  await fc.assert(
    fc.asyncProperty(members, async (written) => {
      const read: unknown[] = [];
      for await (const member of readTar(sourceOf(tarArchive(written)))) {
        const bytes = Buffer.from(await member.readWhole(10_000));
        const { content: _content, readWhole: _readWhole, position: _position, ...rest } = member;
        read.push({ ...rest, bytes });
      }
      const expected = written.map((member) => ({ ...member, bytes: Buffer.from(member.bytes ?? []) }));
      assert.deepEqual(read, expected);
    }),
    { numRuns: 300 },
  );
});

const plain: Written = {
  path: text('f'),
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: [0, 0],
  size: 0,
  xattrs: [],
};

test('access control lists and file capabilities that we write are restored by GNU tar', {
  skip: needsRoot,
}, (t) => {
  const folder = scratch(t);
  const acl = (hex: string) => Buffer.from(hex, 'hex').toString('latin1') as ByteString;
  const access = acl(
    '0200000001000600ffffffff020006003930000004000400ffffffff08000500' +
      '31d4000010000700ffffffff20000400ffffffff',
  );
  const capability = acl('0100000200200000000000000000000000000000');
  writeFileSync(
    `${folder}/a.tar`,
    tarArchive([
      {
        ...plain,
        mode: 0o674,
        xattrs: [
          { name: text('security.capability'), value: capability },
          { name: text('system.posix_acl_access'), value: access },
        ],
      },
      {
        ...plain,
        path: text('d'),
        type: 'directory',
        mode: 0o755,
        xattrs: [{ name: text('system.posix_acl_default'), value: access }],
      },
    ]),
  );
  mkdirSync(`${folder}/x`);
  run('tar', [...extractEverything, '-C', `${folder}/x`, '-f', `${folder}/a.tar`]);
  const tree = describeTree(`${folder}/x`);
  const hex = (value: string) => Buffer.from(value, 'latin1').toString('hex');
  assert.deepEqual((tree.f as Described).xattrs, [
    `security.capability=${hex(capability)}`,
    `system.posix_acl_access=${hex(access)}`,
  ]);
  assert.equal((tree.f as Described).mode, 0o674);
  assert.deepEqual((tree.d as Described).xattrs, [`system.posix_acl_default=${hex(access)}`]);
});

test('numbers that no ustar field holds, long names of owners and large devices survive', async () => {
  const member: Written = {
    ...plain,
    type: 'char',
    uid: 0xfffffffe,
    gid: 2_097_152,
    user: text('a-user-name-of-more-than-thirty-one-bytes'),
    group: text('añb'),
    mtime: [-62_135_596_800, 1],
    device: [4_000_000, 4_294_967_295],
  };
  for await (const read of readTar(sourceOf(tarArchive([member])))) {
    const { content: _content, readWhole: _readWhole, position: _position, ...rest } = read;
    assert.deepEqual(rest, member);
  }
});

test('the size of a file of 8 GiB or more goes to the pax header', async () => {
  const { tarHeader } = await import('./tar-writer.ts');
  const header = tarHeader({ ...plain, size: 2 ** 33 });
  const iterator = readTar(sourceOf(header))[Symbol.asyncIterator]();
  const { value } = await iterator.next();
  assert.equal(value?.size, 2 ** 33);
  await assert.rejects(iterator.next(), { code: 'archive-truncated' });
});

test('the root directory is written as "./" and reads back as the empty path', async () => {
  const archive = tarArchive([{ ...plain, path: text(''), type: 'directory', mode: 0o700 }]);
  assert.equal(archive.toString('latin1', 0, 3), './\0');
  for await (const read of readTar(sourceOf(archive))) assert.equal(read.path, '');
});

if (!isRoot) console.error(`tar-writer.test.ts: ${needsRoot}`);
