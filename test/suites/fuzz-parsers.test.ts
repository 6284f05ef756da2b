/** Every parser of something that comes from elsewhere: mutations of valid samples end in a sentence or in sense. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { before, suite, test } from 'node:test';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import type { ByteString } from '../../src/base/byte-string.ts';
import type { Sha256 } from '../../src/base/identifiers.ts';
import { buildFromTar } from '../../src/build/from-tar.ts';
import { parseIndex, serialiseIndex } from '../../src/build/index-format.ts';
import { parseCanonicalJson, serialiseCanonicalJson } from '../../src/formats/canonical-json.ts';
import { openCompressed } from '../../src/formats/compression.ts';
import { parseMd5sum } from '../../src/formats/md5sum.ts';
import { parseContents, serialiseContents } from '../../src/formats/olpc-contents.ts';
import { paxHeader, rawHeader, withContent } from '../../src/formats/tar.testkit.ts';
import { readTar } from '../../src/formats/tar.ts';
import { addPaxRecords, noRecords, paxRecord } from '../../src/formats/tar-pax.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { readAll } from '../../src/store/read-all.ts';
import type { ReadableStore } from '../../src/store/store.ts';
import { openTrustClient } from '../../src/trust/client.ts';
import { fetchRoot } from '../../src/trust/fetch-root.ts';
import { initialiseTrust } from '../../src/trust/initialise.ts';
import { memoryKeyRing } from '../../src/trust/keys.ts';
import { kindOf, readEnvelope, readSigned } from '../../src/trust/metadata.ts';
import { parseRequest } from '../../src/trust/request-file.ts';
import { signersOf } from '../../src/trust/signatures.ts';
import { fuzz, runs, seed } from './fuzz.testkit.ts';

console.log(`fuzzing with SATCHEL_FUZZ_SEED=${seed} SATCHEL_FUZZ_RUNS=${runs}`);

const sha = (text: string) => hash('sha256', text) as Sha256;
const source = async function* (bytes: Uint8Array) {
  for (let at = 0; at < bytes.length; at += 700) yield bytes.subarray(at, at + 700);
};
const sink = { add: () => undefined };

const tar = Buffer.concat([
  rawHeader({ name: 'd/', type: '5' }),
  withContent(rawHeader({ name: 'd/a', size: 5 }), 'hello'),
  rawHeader({ name: 'd/b', type: '1', link: 'd/a' }),
  rawHeader({ name: 'd/c', type: '2', link: '../x' }),
  rawHeader({ name: 'd/n', type: '3', major: 1, minor: 3 }),
  paxHeader({
    path: 'd/long',
    mtime: '-1.5',
    'SCHILY.xattr.user.a': 'v\n\0v',
    'SCHILY.acl.access': 'user::rw-,group::r--,other::r--',
  }),
  withContent(rawHeader({ name: 'x', size: 3 }), 'abc'),
  withContent(rawHeader({ name: '././@LongLink', type: 'L', size: 120 }), 'n'.repeat(119)),
  rawHeader({ name: 'short', format: 'gnu' }),
  paxHeader({
    'GNU.sparse.major': '1',
    'GNU.sparse.minor': '0',
    'GNU.sparse.name': 's',
    'GNU.sparse.realsize': '2000',
  }),
  withContent(rawHeader({ name: 's', size: 515 }), `${'1\n1000\n3\n'.padEnd(512, '\0')}abc`),
  Buffer.alloc(1024),
]);

const everything = async (bytes: Uint8Array) => {
  let members = 0;
  for await (const member of readTar(source(bytes))) {
    members += 1;
    for await (const piece of member.content) assert.ok(piece.length > 0);
  }
  return members;
};

suite('archives', () => {
  test('the tar reader', async () => void (await fuzz('tar', [tar], everything)));

  test('a tar into a tree: what is accepted is an index that reads as itself', async () => {
    await fuzz(
      'tree',
      [tar],
      (bytes) => buildFromTar(readTar(source(bytes)), sink, {}),
      (entries) => {
        const bytes = serialiseIndex(entries);
        assert.deepEqual(Buffer.from(serialiseIndex(parseIndex(bytes))), Buffer.from(bytes));
      },
    );
  });

  test('pax headers', async () => {
    const sample = Buffer.concat([
      paxRecord('path', 'a=b\nc'),
      paxRecord('mtime', '1.5'),
      paxRecord('GNU.sparse.map', '0,1,2,3'),
    ]);
    await fuzz('pax', [sample], (bytes) => addPaxRecords(noRecords(), bytes, 0));
  });

  test('a wrong pax header with a right one after it never runs on', async () => {
    const huge = paxRecord('a', 'b'.repeat(50_000));
    await fuzz('pax', [huge], (bytes) => addPaxRecords(noRecords(), bytes, 0));
  });

  const read = async (bytes: Uint8Array) => {
    const { body, format } = await openCompressed(source(bytes), {
      limit: { absolute: 1e7, floor: 1e7, ratio: 2000 },
    });
    let digest = '';
    const pieces: Uint8Array[] = [];
    for await (const piece of body) pieces.push(piece);
    digest = hash('sha256', Buffer.concat(pieces));
    return { digest, format };
  };
  const right = hash('sha256', tar);

  test('gzip and zstd: a flipped bit never gives other bytes', async () => {
    const zstd = zstdCompressSync(tar, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
    await fuzz('compressed', [gzipSync(tar), zstd], read);
    for (const whole of [gzipSync(tar), zstd])
      for (let bit = 0; bit < Math.min(whole.length * 8, runs * 10); bit += 1) {
        const bytes = Buffer.from(whole);
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const found = await read(bytes).catch(() => undefined);
        if (found !== undefined && found.format !== 'none') assert.equal(found.digest, right, `bit ${bit}`);
      }
  });

  test('gzip and zstd: a cut anywhere is noticed', async () => {
    for (const whole of [gzipSync(tar), zstdCompressSync(tar)])
      for (let length = 4; length < whole.length; length += 1)
        await assert.rejects(read(whole.subarray(0, length)), { name: 'SatchelError' }, `length ${length}`);
  });

  test('tar: a cut anywhere is noticed', async () => {
    for (let length = 0; length < tar.length; length += runs > 1000 ? 1 : 37)
      await assert.rejects(everything(tar.subarray(0, length)), { name: 'SatchelError' }, `length ${length}`);
  });

  test('tar: a flipped bit in a header is noticed, or means nothing', async () => {
    const header = 512 * 3;
    const plain = await buildFromTar(readTar(source(tar)), sink, {});
    for (let bit = 0; bit < 512 * 8; bit += runs > 1000 ? 1 : 5) {
      const bytes = Buffer.from(tar);
      const at = header + (bit >> 3);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7));
      const found = await buildFromTar(readTar(source(bytes)), sink, {}).catch((error: unknown) => error);
      if (!(found instanceof Error)) assert.deepEqual(found, plain, `bit ${bit}`);
      else assert.equal(found.name, 'SatchelError');
    }
  });
});

suite('signed metadata', () => {
  const store = memoryStore();
  const files = new Map<string, Buffer>();
  before(async () => {
    await initialiseTrust({ store, keys: memoryKeyRing(), clock: () => Date.now() });
    for await (const { name } of store.list('metadata/'))
      files.set(name, await readAll(store, name, { limit: 1e7 }));
  });
  const where = { file: 'f', source: 's' };

  test('envelopes, their signed parts and their signatures', async () => {
    const root = readSigned('root', readEnvelope(files.get('metadata/1.root.json')!, where).signed, where);
    for (const [name, bytes] of files) {
      const role = /([a-z]+)\.json$/.exec(name)?.[1] ?? '';
      await fuzz(name, [bytes], (mutated) => {
        const envelope = readEnvelope(mutated, where);
        const keys = root.roles.get(role as never) ?? root.roles.get('root' as never)!;
        signersOf(envelope, { keys: root.keys, role: keys });
        return readSigned(kindOf(role), envelope.signed, where);
      });
    }
  });

  test('a client that is given mutations trusts none that says something else', async (context) => {
    const directory = mkdtempSync(path.join(tmpdir(), 'satchel-fuzz-'));
    context.after(() => rmSync(directory, { recursive: true }));
    const { bytes: pinned } = await fetchRoot(store);
    let number = 0;
    for (const [name, original] of files) {
      const asNextRoot = name.endsWith('1.root.json');
      const refresh = async (mutated: Buffer) => {
        number += 1;
        if (mutated.equals(original)) return undefined;
        const place = path.join(directory, String(number));
        const twisted = replacing(name.replace('1.root', '2.root'), mutated);
        const client = openTrustClient({ directory: place, store: twisted, clock: () => Date.now() });
        await client.pin(pinned);
        const { versions } = await client.refresh();
        rmSync(place, { recursive: true });
        assert.ok(!asNextRoot || versions.root === 1);
        return versions;
      };
      // Each makes files, so that some must do.
      await fuzz(`client, ${name}`, [original], refresh, undefined, { share: Math.min(0.2, 500 / runs) });
    }
  });

  test('nesting without end is refused by a sentence, before and after signatures', async (context) => {
    const directory = mkdtempSync(path.join(tmpdir(), 'satchel-fuzz-'));
    context.after(() => rmSync(directory, { recursive: true }));
    const { bytes: pinned } = await fetchRoot(store);
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const root = files.get('metadata/1.root.json')!.toString();
    const twisted = replacing(
      'metadata/2.root.json',
      Buffer.from(root.replace('"signed":{', `"signed":{"a":${deep},`)),
    );
    const client = openTrustClient({ directory, store: twisted, clock: () => Date.now() });
    await client.pin(pinned);
    await assert.rejects(client.refresh(), { name: 'SatchelError' });
    assert.throws(() => parseCanonicalJson(Buffer.from(deep)), { name: 'SatchelError' });
  });

  /** The store with another file in one place. */
  function replacing(name: string, bytes: Buffer): ReadableStore {
    return {
      ...store,
      async read(wanted, options) {
        if (wanted !== name) return store.read(wanted, options);
        const body = async function* () {
          yield bytes;
        };
        return { size: bytes.length, body: body() };
      },
    };
  }

  test('signing requests', async () => {
    const sample = Buffer.from(
      '{"satchel":"signing-request","format":1,"made":"x","oldKeysLost":false,"documents":[],"edits":[{"role":"streams","set":[{"path":"streams/a.json","length":3,"sha256":"x"}],"remove":["streams/b.json"]}]}',
    );
    await fuzz('request', [sample], (bytes) => parseRequest(bytes, 'f'));
  });
});

suite('formats of the old system', () => {
  test('canonical JSON: what is accepted is canonical', async () => {
    const value = { a: [1, -5, 'x"\\', { '': null }], b: true, é: 'ñ' };
    for (const strings of ['text', 'bytes'] as const)
      await fuzz(
        'canonical',
        [serialiseCanonicalJson(value as never, strings)],
        (bytes) => parseCanonicalJson(bytes, strings),
        (parsed, bytes) => assert.deepEqual(serialiseCanonicalJson(parsed, strings), bytes),
      );
  });

  test('contents: what is accepted is written again as it was', async () => {
    const common = { mode: 0o644, uid: 0, gid: 0, mtime: [5, 0] as const };
    const sample = serialiseContents([
      { path: '' as ByteString, type: 'd', ...common },
      { path: 'a' as ByteString, type: 'f', ...common, size: 5, sha256: sha('x') },
      { path: 'b\xff' as ByteString, type: 'l', ...common, link: 'a' as ByteString },
      { path: 'c' as ByteString, type: 'c', ...common, device: [1, 3] },
    ]);
    await fuzz(
      'contents',
      [sample],
      (bytes) => parseContents(bytes),
      (entries, bytes) => assert.deepEqual(Buffer.from(serialiseContents(entries)), bytes),
    );
  });

  test('lists of MD5 sums', async () => {
    const line = `${'0123456789abcdef'.repeat(2)}  some name\n`;
    await fuzz(
      'md5',
      [Buffer.from(`${line}\\${line.replace('some', 'so\\nme')}`), Buffer.from(line.replace('  ', ' *'))],
      (bytes) => parseMd5sum(bytes),
    );
  });
});
