import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ByteString, byteStringFromText } from '../base/byte-string.ts';
import { isSatchelError, type SatchelError } from '../base/errors.ts';
import { sourceOf } from './byte-reader.ts';
import { paxHeader, type RawHeader, rawHeader, withContent } from './tar.testkit.ts';
import { type ReadTarOptions, readTar, type TarMember } from './tar.ts';
import { type TarWriterMember, tarArchive, tarEnd } from './tar-writer.ts';

type Read = Omit<TarMember, 'content' | 'readWhole'> & { bytes: string };

/** Reads an archive given in parts (a string stands for its bytes), with its end marker unless told otherwise. */
async function read(
  parts: readonly Uint8Array[],
  options: ReadTarOptions & { end?: boolean } = {},
): Promise<Read[]> {
  const whole = Buffer.concat(options.end === false ? parts : [...parts, tarEnd()]);
  const members: Read[] = [];
  for await (const member of readTar(sourceOf(whole), options)) {
    const bytes = Buffer.from(await member.readWhole(10_000_000)).toString('latin1');
    const { content: _content, readWhole: _readWhole, ...description } = member;
    members.push({ ...description, bytes });
  }
  return members;
}

async function refusal(
  parts: readonly Uint8Array[],
  options: ReadTarOptions & { end?: boolean } = {},
): Promise<{ code: string; member?: unknown; position?: unknown }> {
  const error = await read(parts, options).catch((thrown: unknown) => thrown);
  if (!isSatchelError(error)) throw new Error('was not refused', { cause: error });
  return { code: error.code, ...error.parameters };
}

const file = (name: string, body = '', more: RawHeader = {}) =>
  withContent(rawHeader({ name, size: body.length, ...more }), body);

const first = async (...parts: Uint8Array[]) => (await read(parts))[0]!;

test('a version 7 archive has directories by their closing slash and no owner names', async () => {
  const members = await read([
    rawHeader({ name: 'd/', format: 'v7', type: '\0' }),
    withContent(rawHeader({ name: 'd/f', format: 'v7', type: '\0', size: 2 }), 'hi'),
  ]);
  assert.deepEqual(
    members.map(({ path, type, bytes, user }) => [path, type, bytes, user]),
    [
      ['d', 'directory', '', undefined],
      ['d/f', 'file', 'hi', undefined],
    ],
  );
});

test('a contiguous file is a file', async () => {
  assert.equal((await first(file('f', 'abc', { type: '7' }))).type, 'file');
});

test('leading "./" and closing slashes go away, and nothing else', async () => {
  const names = ['./a', '././b', './/c', './', '.', 'd//', '/e', '/', '../f', 'a/./g', '.h', '..'];
  const members = await read(names.map((name) => rawHeader({ name, type: '5' })));
  assert.deepEqual(
    members.map(({ path }) => path as string),
    ['a', 'b', 'c', '', '', 'd', '/e', '/', '../f', 'a/./g', '.h', '..'],
  );
});

test('a hard link names the other member as that member is named; a symbolic link is raw', async () => {
  const [hard, symbolic] = await read([
    rawHeader({ name: 'h', type: '1', link: './a/b' }),
    rawHeader({ name: 's', type: '2', link: './a/b/' }),
  ]);
  assert.equal(hard!.link, 'a/b');
  assert.equal(symbolic!.link, './a/b/');
});

test('binary numbers give large owners, large sizes and times before 1970', async () => {
  const member = await first(
    withContent(rawHeader({ name: 'f', size: 3, binary: { uid: 4_000_000_000, size: 3, mtime: -2 } }), 'abc'),
  );
  assert.deepEqual([member.uid, member.mtime, member.bytes], [4_000_000_000, [-2, 0], 'abc']);
});

test('bits of the file type in the mode are dropped', async () => {
  assert.equal((await first(file('f', '', { mode: 0o104755 }))).mode, 0o4755);
});

test('pax records replace what the header says, whatever it says', async () => {
  const member = await first(
    paxHeader({
      path: './p\nq',
      uid: '4294967294',
      gid: '7',
      uname: '\xc3\xbc',
      gname: '',
      size: '4',
      mtime: '-1.25',
      atime: '1',
      'VENDOR.thing': 'x',
      hdrcharset: 'BINARY',
    }),
    withContent(
      rawHeader({ name: 'f', group: 'wheel', fields: { uid: 'xxxxxxx', size: 'yyyyyyy' } }),
      'body',
    ),
  );
  const { bytes, position, ...rest } = member;
  assert.deepEqual(rest, {
    path: 'p\nq',
    type: 'file',
    mode: 0o644,
    uid: 4_294_967_294,
    gid: 7,
    user: byteStringFromText('ü'),
    mtime: [-2, 750_000_000],
    xattrs: [],
    size: 4,
  });
  assert.equal(bytes, 'body');
  assert.equal(position, 1024);
});

test("a global header holds until it is replaced or emptied, and below a member's own", async () => {
  const members = await read([
    paxHeader({ uname: 'global', mtime: '5.5' }, 'g'),
    file('a'),
    paxHeader({ uname: 'own' }),
    file('b'),
    paxHeader({ uname: '' }),
    file('c'),
    paxHeader({ mtime: '', uname: 'second' }, 'g'),
    file('d'),
  ]);
  assert.deepEqual(
    members.map(({ user, mtime }) => [user, mtime]),
    [
      ['global', [5, 500_000_000]],
      ['own', [5, 500_000_000]],
      [undefined, [5, 500_000_000]],
      ['second', [1000, 0]],
    ],
  );
});

test('GNU long names and long links are read, and pax names count more', async () => {
  const name = 'n'.repeat(300);
  const link = 'l'.repeat(200);
  const [one, two] = await read([
    withContent(rawHeader({ name: '././@LongLink', type: 'K', size: 201 }), `${link}\0`),
    withContent(rawHeader({ name: '././@LongLink', type: 'L', size: 301 }), `${name}\0`),
    rawHeader({ name: 'n', type: '2', link: 'l' }),
    withContent(rawHeader({ name: '././@LongLink', type: 'L', size: 5 }), 'long\0'),
    paxHeader({ path: 'pax' }),
    file('f'),
  ]);
  assert.deepEqual([one!.path, one!.link, two!.path], [name, link, 'pax']);
});

test("device numbers come from the header, or from star's records when they are large", async () => {
  const device = { type: '3', major: 1, minor: 3 } as const;
  assert.deepEqual((await first(rawHeader({ name: 'n', ...device }))).device, [1, 3]);
  const records = { 'SCHILY.devmajor': '4294967295', 'SCHILY.devminor': '70000' };
  assert.deepEqual(
    (await first(paxHeader(records), rawHeader({ name: 'n', ...device }))).device,
    [4_294_967_295, 70_000],
  );
});

test('attributes are read from each way of writing them, the raw one first, sorted', async () => {
  const { xattrs } = await first(
    paxHeader({
      'SCHILY.xattr.user.z': '\0\xff\n=',
      'SCHILY.xattr.user.a%3Db%25': '',
      'LIBARCHIVE.xattr.user.z': 'b3RoZXI=',
      'LIBARCHIVE.xattr.user.b%20c': 'AAE',
      'RHT.security.selinux': 'system_u:object_r:bin_t:s0',
    }),
    file('f'),
  );
  assert.deepEqual(xattrs, [
    { name: 'security.selinux', value: 'system_u:object_r:bin_t:s0\0' },
    { name: 'user.a=b%', value: '' },
    { name: 'user.b c', value: '\0\x01' },
    { name: 'user.z', value: '\0\xff\n=' },
  ]);
});

test("a hard link's size counts in pax archives, where content may follow", async () => {
  const [link, next] = await read([
    paxHeader({ mtime: '1' }),
    withContent(rawHeader({ name: 'h', type: '1', link: 'f', size: 5 }), 'again'),
    file('next'),
  ]);
  assert.deepEqual([link!.bytes, next!.path], ['again', 'next']);
});

test('a size means nothing where a header follows at once: links, directories and devices of old writers', async () => {
  for (const type of ['1', '2', '3', '5', '6']) {
    const header = rawHeader({ name: 'x', type, link: 'f', size: 4096 });
    const members = await read([header, file('next', 'abc')]);
    assert.deepEqual(
      members.map(({ path, size }) => [path, size]),
      [
        ['x', 0],
        ['next', 3],
      ],
    );
    assert.equal((await read([header])).length, 1);
  }
});

test('a volume label is passed over', async () => {
  assert.equal((await first(rawHeader({ name: 'label', type: 'V' }), file('f'))).path, 'f');
});

for (const [type, code] of [
  ['M', 'archive-multi-volume'],
  ['D', 'archive-incremental'],
  ['N', 'archive-type-unsupported'],
  ['A', 'archive-type-unsupported'],
  ['8', 'archive-type-unsupported'],
  ['Z', 'archive-type-unsupported'],
] as const) {
  test(`a member of type ${type} is refused with its name and place`, async () => {
    const result = await refusal([file('before', 'x'), rawHeader({ name: 'odd', type })]);
    assert.equal(result.code, code);
    assert.deepEqual([result.member, result.position], ['odd', 1024]);
  });
}

test('one volume of several in pax form is refused', async () => {
  const result = await refusal([paxHeader({ 'GNU.volume.filename': 'f' }, 'g'), file('f')]);
  assert.equal(result.code, 'archive-multi-volume');
});

for (const [what, parts, expected] of [
  ['a name with a zero byte', [paxHeader({ path: 'a\0b' }), file('f')], 'archive-name-with-nul'],
  [
    'a link with a zero byte',
    [paxHeader({ linkpath: 'a\0b' }), rawHeader({ name: 's', type: '2' })],
    'archive-name-with-nul',
  ],
  [
    'a name longer than Linux takes',
    [paxHeader({ path: 'a/'.repeat(2048) }), file('f')],
    'archive-name-too-long',
  ],
  [
    'a link longer than Linux takes',
    [paxHeader({ linkpath: 'a'.repeat(4096) }), rawHeader({ name: 's', type: '2' })],
    'archive-name-too-long',
  ],
  ['no name', [rawHeader({ name: '' })], 'archive-name-missing'],
  ['a symbolic link without target', [rawHeader({ name: 's', type: '2' })], 'archive-link-missing'],
  ['a hard link without target', [rawHeader({ name: 's', type: '1' })], 'archive-link-missing'],
  [
    'a mode that is no number',
    [rawHeader({ name: 'f', fields: { mode: '00xx644' } })],
    'archive-number-invalid',
  ],
  [
    'an owner that is no number',
    [rawHeader({ name: 'f', fields: { uid: 'root' } })],
    'archive-number-invalid',
  ],
  ['an owner below zero', [rawHeader({ name: 'f', binary: { gid: -1 } })], 'archive-number-invalid'],
  [
    'the owner that stands for none',
    [rawHeader({ name: 'f', binary: { uid: 0xffffffff } })],
    'archive-number-invalid',
  ],
  ['a size that is no number', [rawHeader({ name: 'f', fields: { size: '12z' } })], 'archive-number-invalid'],
  ['a size below zero', [rawHeader({ name: 'f', binary: { size: -1 } })], 'archive-number-invalid'],
  [
    'a time that is no number',
    [rawHeader({ name: 'f', fields: { mtime: '1 2' } })],
    'archive-number-invalid',
  ],
  [
    'a device number that is none',
    [rawHeader({ name: 'f', type: '3', fields: { minor: '9' } })],
    'archive-number-invalid',
  ],
  ['a pax owner below zero', [paxHeader({ uid: '-1' }), file('f')], 'archive-number-invalid'],
  ['a pax size that is no number', [paxHeader({ size: '1e3' }), file('f')], 'archive-number-invalid'],
  ['a pax time that is none', [paxHeader({ mtime: 'now' }), file('f')], 'archive-number-invalid'],
  ['an owner name with a zero byte', [paxHeader({ uname: 'a\0' }), file('f')], 'archive-number-invalid'],
  [
    'an access control list that is none',
    [paxHeader({ 'SCHILY.acl.access': 'x' }), file('f')],
    'archive-acl-invalid',
  ],
  [
    'an attribute without a name',
    [paxHeader({ 'SCHILY.xattr.': 'x' }), file('f')],
    'archive-attribute-invalid',
  ],
  [
    'an attribute that is no base64',
    [paxHeader({ 'LIBARCHIVE.xattr.user.a': '?' }), file('f')],
    'archive-attribute-invalid',
  ],
  [
    'an NFSv4 access control list',
    [paxHeader({ 'SCHILY.acl.ace': 'x' }), file('f')],
    'archive-attribute-invalid',
  ],
  ['an extended header with nothing behind it', [paxHeader({ path: 'x' })], 'archive-header-damaged'],
  [
    'a damaged extended header',
    [withContent(rawHeader({ name: 'x', type: 'x', size: 6 }), '9 a=b\n'), file('f')],
    'archive-extension-invalid',
  ],
  ['a damaged header', [file('a'), Buffer.alloc(512, 'x')], 'archive-header-damaged'],
  ['something that is no tar', [Buffer.alloc(2048, 'x')], 'archive-not-tar'],
] as const) {
  test(`${what} is refused`, async () => {
    const result = await refusal(parts);
    assert.equal(result.code, expected);
  });
}

test('an access control list with a name and no number says which name', async () => {
  const acl = 'user::rw-\nuser:alice:r--\ngroup::r--\nmask::r--\nother::r--\n';
  const result = await refusal([paxHeader({ 'SCHILY.acl.access': acl }), file('f')]);
  assert.deepEqual(result, { code: 'archive-acl-name', member: 'f', position: 1024, name: 'alice' });
  const own = await first(
    paxHeader({ 'SCHILY.acl.access': acl }),
    file('f', '', { user: 'alice', uid: 1001 }),
  );
  assert.equal(own.xattrs.length, 1);
});

test('an extended header, a long name and all global records together may have 1 MiB', async () => {
  const size = 1024 * 1024 + 1;
  for (const type of ['x', 'g', 'L', 'K', 'V']) {
    const result = await refusal([rawHeader({ name: 'x', type, size })]);
    assert.deepEqual(result, { code: 'archive-extension-too-large', position: 0, size, limit: 1024 * 1024 });
  }
  const part = 'v'.repeat(600_000);
  for (const type of ['g', 'x'] as const) {
    const result = await refusal([
      paxHeader({ 'SCHILY.xattr.a': part }, type),
      paxHeader({ 'SCHILY.xattr.b': part }, type),
    ]);
    assert.equal(result.code, 'archive-extension-too-large');
  }
});

test('an archive of nothing is an archive, an empty stream is none', async () => {
  assert.deepEqual(await read([]), []);
  assert.equal((await refusal([], { end: false })).code, 'archive-not-tar');
});

test('zeros after the end marker are padding, anything else is refused with its place', async () => {
  assert.equal((await read([file('f', 'x'), tarEnd(), Buffer.alloc(100_352)])).length, 1);
  const twice = await refusal([file('f', 'x'), tarEnd(), file('g', 'x')]);
  assert.deepEqual(twice, { code: 'archive-data-after-end', position: 2048 });
});

test('an archive without its end marker, or with half of it, is cut short', async () => {
  const expected = { code: 'archive-end-missing', length: 1024, member: 'f' };
  assert.deepEqual(await refusal([file('f', 'x')], { end: false }), expected);
  assert.deepEqual(await refusal([file('f', 'x'), Buffer.alloc(512)], { end: false }), {
    ...expected,
    length: 1536,
  });
  const lone = await refusal([file('f', 'x'), Buffer.alloc(512), file('g')]);
  assert.equal(lone.code, 'archive-header-damaged');
  const uneven = await refusal([file('f', 'x'), Buffer.alloc(1100)], { end: false });
  assert.deepEqual(uneven, { code: 'archive-length-uneven', length: 2124 });
});

const member = (path: string, more: Partial<TarWriterMember & { bytes: Uint8Array }> = {}) => ({
  path: byteStringFromText(path),
  type: 'file' as const,
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: [1, 0] as const,
  size: 0,
  xattrs: [],
  ...more,
});

const mixed = tarArchive([
  member('', { type: 'directory' }),
  member('a', { bytes: Buffer.from('abc'), mtime: [1, 5] }),
  member('n'.repeat(150), { xattrs: [{ name: 'user.x' as ByteString, value: '\0\n' as ByteString }] }),
  member('null', { type: 'char', device: [1, 3] }),
  member('link', { type: 'symlink', link: 'a' as ByteString }),
  member('hard', { type: 'hardlink', link: 'a' as ByteString }),
]);

test('an archive that is cut anywhere is refused', async () => {
  for (let length = 0; length < mixed.length; length += 1) {
    const result = await refusal([mixed.subarray(0, length)], { end: false });
    assert.match(result.code, /^archive-(not-tar|truncated|end-missing|length-uneven)$/, `${length} bytes`);
  }
});

test('the sentence for a cut archive names the member, its place and the length', async () => {
  const archive = tarArchive([member('a'), member('b', { bytes: Buffer.alloc(2000, 'b') })]);
  const result = await refusal([archive.subarray(0, 1500)], { end: false });
  assert.deepEqual(result, { code: 'archive-truncated', length: 1500, member: 'b', position: 512 });
});

test('no flipped bit of a header changes anything in silence', async () => {
  const right = await read([mixed], { end: false });
  const headers = right.map(({ position }) => position);
  for (const position of headers) {
    for (let bit = position * 8; bit < (position + 512) * 8; bit += 1) {
      const flipped = Buffer.from(mixed);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const result = await read([flipped], { end: false }).catch((error: unknown) => error);
      if (!isSatchelError(result)) assert.deepEqual(result, right, `bit ${bit & 7} of byte ${bit >> 3}`);
    }
  }
});

test('whatever bytes an archive is made of, it is read or refused with a sentence', async () => {
  const blocks = fc.array(
    fc.oneof(
      fc.constantFrom(
        ...Array.from({ length: mixed.length / 512 }, (_, index) =>
          mixed.subarray(index * 512, index * 512 + 512),
        ),
      ),
      fc.constant(Buffer.alloc(512)),
      fc
        .record({
          type: fc.constantFrom(...'0123456xgLKSVMD'),
          size: fc.oneof(fc.nat(3000), fc.maxSafeNat()),
          name: fc.string({ maxLength: 20 }),
          link: fc.string({ maxLength: 20 }),
        })
        .map((words) => rawHeader(words)),
      fc
        .dictionary(
          fc.constantFrom(
            'path',
            'size',
            'mtime',
            'GNU.sparse.major',
            'GNU.sparse.map',
            'GNU.sparse.size',
            'SCHILY.acl.access',
          ),
          fc.string(),
        )
        .map((records) => paxHeader(records)),
      fc.uint8Array({ minLength: 512, maxLength: 512 }).map((bytes) => Buffer.from(bytes)),
    ),
    { maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(blocks, async (parts) => {
      const limit = { absolute: 1_000_000, floor: 1_000_000, ratio: 1 };
      await read(parts, { limit }).catch((error: unknown) => {
        if (!isSatchelError(error)) throw error;
      });
    }),
    { numRuns: 1000 },
  );
});

test('a sparse file that claims more than the limit is refused before it is read', async () => {
  const bomb = paxHeader({ 'GNU.sparse.size': String(2 ** 41), 'GNU.sparse.map': `${2 ** 41},0` });
  const result = await refusal([bomb, rawHeader({ name: 'bomb' })]);
  assert.equal(result.code, 'archive-expands-too-much');
  const small = paxHeader({ 'GNU.sparse.size': '9000000000', 'GNU.sparse.map': '9000000000,0' });
  assert.equal((await refusal([small, rawHeader({ name: 'bomb' })])).code, 'archive-expands-too-much');
});

test('an honest sparse file of 4 GB of nothing passes', async () => {
  const size = 4_294_967_296;
  const header = paxHeader({ 'GNU.sparse.size': String(size), 'GNU.sparse.map': `${size},0` });
  for await (const { content } of readTar(sourceOf(header, rawHeader({ name: 'zeros' }), tarEnd()))) {
    let length = 0;
    for await (const piece of content) length += piece.length;
    assert.equal(length, size);
  }
});

for (const [what, records] of [
  ['parts that overlap', { 'GNU.sparse.size': '20', 'GNU.sparse.map': '0,6,5,4' }],
  ['parts that go back', { 'GNU.sparse.size': '20', 'GNU.sparse.map': '10,5,0,5' }],
  ['a part beyond the end', { 'GNU.sparse.size': '20', 'GNU.sparse.map': '11,10' }],
  ['more parts than content', { 'GNU.sparse.size': '20', 'GNU.sparse.map': '0,11' }],
  ['fewer parts than content', { 'GNU.sparse.size': '20', 'GNU.sparse.map': '0,9' }],
  ['half a part', { 'GNU.sparse.size': '20', 'GNU.sparse.map': '0,10,20' }],
  ['parts that are no numbers', { 'GNU.sparse.size': '20', 'GNU.sparse.map': '0,x' }],
  ['no size', { 'GNU.sparse.map': '0,10' }],
  ['an unknown version', { 'GNU.sparse.major': '2', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '10' }],
  [
    'a map that is missing',
    { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '10' },
  ],
] as const) {
  test(`a sparse file with ${what} is refused`, async () => {
    const result = await refusal([paxHeader(records), file('s', '0123456789')]);
    assert.deepEqual([result.code, result.member], ['archive-sparse-invalid', 's']);
  });
}

test('content is whole at once when it is there, and a promise when it is not', async () => {
  const archive = tarArchive([
    member('a', { bytes: Buffer.from('abc') }),
    member('b', { bytes: Buffer.alloc(5000, 'b') }),
  ]);
  const answers: boolean[] = [];
  for await (const read of readTar(sourceOf(archive.subarray(0, 2000), archive.subarray(2000)))) {
    const bytes = read.readWhole(5000);
    answers.push(bytes instanceof Promise);
    assert.equal((await bytes).length, read.size);
  }
  assert.deepEqual(answers, [false, true]);
});

test('whole content has a limit that is said', async () => {
  for await (const read of readTar(sourceOf(tarArchive([member('a', { bytes: Buffer.from('abc') })])))) {
    assert.throws(() => read.readWhole(2), {
      code: 'archive-member-too-large',
      parameters: { member: 'a', size: 3, limit: 2 },
    });
  }
});

test('content that is not read, or read in part, is skipped', async () => {
  const archive = tarArchive(
    ['a', 'b', 'c'].map((path) => member(path, { bytes: Buffer.alloc(3000, path) })),
  );
  const pieces = Array.from({ length: archive.length / 256 }, (_, index) =>
    archive.subarray(index * 256, index * 256 + 256),
  );
  const seen: string[] = [];
  for await (const { path, content } of readTar(sourceOf(...pieces))) {
    if (path === 'b') for await (const piece of content) seen.push(`${piece[0]} `);
    else if (path === 'c') for await (const _ of content) break;
    seen.push(path);
  }
  assert.deepEqual([seen[0], seen.at(-2), seen.at(-1)], ['a', 'b', 'c']);
});

test('content can be read once, and not after its member was left: that is a bug, not bad input', async () => {
  const archive = tarArchive([member('a', { bytes: Buffer.alloc(600, 'a') }), member('b')]);
  const kept: TarMember[] = [];
  for await (const read of readTar(sourceOf(archive))) {
    kept.push(read);
    if (read.path === 'b') read.readWhole(10);
  }
  assert.throws(() => kept[0]!.readWhole(1000), /too late/);
  assert.throws(() => kept[1]!.readWhole(10), /twice/);
});

test('stopping early ends the source, and an error of the source comes through', async () => {
  let isClosed = false;
  const source = (async function* () {
    try {
      yield mixed;
      yield mixed;
    } finally {
      isClosed = true;
    }
  })();
  for await (const _ of readTar(source)) break;
  assert.equal(isClosed, true);
  const failing = (async function* () {
    yield mixed.subarray(0, 700);
    throw new Error('the disk broke');
  })();
  await assert.rejects(async () => {
    for await (const _ of readTar(failing));
  }, /the disk broke/);
});

test('an aborted signal ends the reading of a source that hangs', async () => {
  const abort = new AbortController();
  const hanging = (async function* () {
    yield mixed.subarray(0, 700);
    abort.abort();
    await new Promise(() => {});
  })();
  await assert.rejects(
    async () => {
      for await (const _ of readTar(hanging, { signal: abort.signal }));
    },
    (error: SatchelError) => error.code === 'cancelled',
  );
});
