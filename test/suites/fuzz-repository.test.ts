/** What a repository holds: indexes, maps, frames of packs and records, also wrong behind frames that are right. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { suite, test } from 'node:test';
import type { Sha256 } from '../../src/base/identifiers.ts';
import { parseIndex, serialiseIndex } from '../../src/build/index-format.ts';
import { entryAt, IndexTable, pathOf } from '../../src/build/index-table.ts';
import { compressZstd, decompressBounded } from '../../src/formats/zstd.ts';
import { readZstdFrame } from '../../src/formats/zstd-frame.ts';
import { decompressFrame, type FrameObject, readObjects } from '../../src/pack/frame.ts';
import { coalesceFrames } from '../../src/pack/locate.ts';
import { type ObjectMap, parseMap, serialiseMap } from '../../src/pack/map-format.ts';
import {
  parseBuildRecord,
  parseDeltasRecord,
  parseStreamRecord,
  recordBytes,
} from '../../src/repository/records.ts';
import { fuzz, fuzzSubject, type Random } from './fuzz.testkit.ts';
import { mutateBytes, mutateList, mutateNumber } from './fuzz-bytes.testkit.ts';
import { type Json, mutateJson } from './fuzz-json.testkit.ts';
import { quickZstd } from './fuzz-segments.testkit.ts';

const sha = (text: string) => hash('sha256', text) as Sha256;

/** What decoders and tables take whatever they work on, in bytes. */
const ownMemory = 256 * 1024;

/** Lines of JSON of which one or two say something else; each is canonical still. */
function mutateLines(bytes: Buffer, random: Random): Buffer {
  const lines = bytes.toString().trimEnd().split('\n');
  const changed = mutateList(lines, random, (line) =>
    JSON.stringify(mutateJson(JSON.parse(line) as Json, random)),
  );
  return Buffer.from(changed.map((line) => `${line}\n`).join(''));
}

suite('indexes', () => {
  const inode = (type: string) => `"type":"${type}","mode":420,"uid":0,"gid":0`;
  const chunks = `[["${sha('c')}",1048576],["${sha('d')}",9]]`;
  const index = Buffer.from(
    [
      '{"satchel":"index","format":1}',
      '{"path":"","type":"directory","mode":493,"uid":0,"gid":0,"mtime":[0,0]}',
      `{"path":"a",${inode('file')},"mtime":[1,5],"size":5,"sha256":"${sha('hello')}"}`,
      '{"path":"b","type":"hardlink","link":"a"}',
      `{"path":"c",${inode('symlink')},"mtime":[-1,0],"target":"../x"}`,
      `{"path":"d",${inode('char')},"mtime":[1,5],"device":[1,3]}`,
      `{"path":"e",${inode('directory')},"user":"u","group":"g","mtime":[1,5]}`,
      `{"path":"e/f",${inode('block')},"mtime":[1,5],"device":[8,0]}`,
      `{"path":"e/g",${inode('file')},"mtime":[1,5],"size":1048585,"sha256":"${sha('g')}","chunks":${chunks}}`,
      `{"path":"e/h",${inode('file')},"mtime":[1,5],"size":0,"sha256":"${sha('')}","xattrs":[{"name":"user.a","value":"v"},{"name":"user.b","value64":"/w=="}]}`,
      `{"path64":"/w==",${inode('fifo')},"mtime":[1,5]}`,
      '{"path64":"/wA=","type":"hardlink","link64":"/w=="}'.replace('/wA=', '//8='),
      '',
    ].join('\n'),
  );
  const codes = /^index-/;
  const canonical = (table: IndexTable, bytes: Buffer) => {
    assert.deepEqual(Buffer.from(serialiseIndex(table)), bytes);
    for (const [number, entry] of table.entries()) {
      assert.equal(table.pathAt(number), entry.path);
      assert.deepEqual(entryAt(table, entry.path), entry);
    }
    assert.equal(table.at(table.length), undefined);
    const checked = IndexTable.ofChecked(Uint8Array.from(bytes));
    const shared = IndexTable.ofShared(checked.share());
    assert.deepEqual([...shared], [...table]);
    assert.equal(pathOf(shared, shared.length), undefined);
    assert.equal(pathOf([...shared], 0), '');
  };

  test('of other bytes: what is accepted is canonical', async () => {
    await fuzz('index', [index], (bytes) => parseIndex(bytes), canonical, { codes, share: 0.5 });
  });

  test('of canonical lines that say something else: what is accepted is canonical', async () => {
    await fuzzSubject({
      name: 'index of other lines',
      input: (random) => mutateLines(index, random),
      parse: (bytes) => parseIndex(bytes),
      accepted: canonical,
      codes,
    });
  });
});

suite('maps', () => {
  const sizes = [5, 300, 7];
  const map = serialiseMap({
    index: sha('index'),
    objectCount: 3,
    packs: [
      { sha256: sha('p'), length: 2000 },
      { sha256: sha('q'), length: 900 },
    ],
    frames: [
      {
        pack: 0,
        offset: 0,
        length: 200,
        rawLength: 305,
        objects: [
          { ordinal: 0, rawOffset: 0 },
          { ordinal: 1, rawOffset: 5 },
        ],
      },
      { pack: 1, offset: 10, length: 100, rawLength: 20, objects: [{ ordinal: 2, rawOffset: 2 }] },
    ],
  });
  const codes = /^map-/;
  const inside = (parsed: ObjectMap, bytes: Buffer) => {
    const frames = parsed.frames.map((frame, number) => ({ ...frame, objects: parsed.objectsIn(number) }));
    assert.deepEqual(serialiseMap({ ...parsed, packs: parsed.packs, frames }), bytes);
    for (const { pack, offset, length } of parsed.frames)
      assert.ok(offset + length <= parsed.pack(pack).length);
    sizes.forEach((size, ordinal) => {
      const { frame, rawOffset } = parsed.locate(ordinal);
      assert.ok(rawOffset + size <= parsed.frame(frame).rawLength);
    });
    for (const { objects } of frames)
      objects.reduce((end, { ordinal, rawOffset }) => {
        assert.ok(rawOffset >= end, 'objects overlap');
        return rawOffset + sizes[ordinal]!;
      }, 0);
    for (const { pack, offset, length } of coalesceFrames(parsed, parsed.frames.keys()))
      assert.ok(offset + length <= parsed.pack(pack).length);
  };

  test('of other bytes: what is accepted is canonical and inside its packs', async () => {
    await fuzz('map', [map], (bytes) => parseMap(bytes, sizes), inside, { codes, share: 0.5 });
  });

  test('of canonical lines that say something else: what is accepted is inside its packs', async () => {
    await fuzzSubject({
      name: 'map of other lines',
      input: (random) => mutateLines(map, random),
      parse: (bytes) => parseMap(bytes, sizes),
      accepted: inside,
      codes,
    });
  });
});

suite('frames', () => {
  const contents = ['hello', 'x'.repeat(300), 'pack of words'].map((text) => Buffer.from(text));
  const raw = Buffer.concat(contents);
  const objects = contents.map((content, number): FrameObject => {
    const rawOffset = contents.slice(0, number).reduce((sum, { length }) => sum + length, 0);
    return { sha256: sha(content.toString()), rawOffset, size: content.length };
  });

  test('of other bytes: never other than the length that was promised', async () => {
    const frame = await compressZstd(raw, { checksum: true });
    // Too long for its window, so that the frame has to say how large that is.
    const [long, longFrame] = [
      Buffer.alloc(3000, 'long '),
      await compressZstd(Buffer.alloc(3000, 'long '), { windowLog: 10 }),
    ];
    await fuzzSubject({
      name: 'frames with a window',
      input(random) {
        const bytes = Buffer.from(longFrame);
        bytes[4 + random(6)] = random(256);
        return bytes;
      },
      parse: (bytes) => decompressFrame(bytes, long.length),
      accepted: (content) => assert.ok(content.equals(long)),
      codes: /^zstd-(damaged|too-large)$/,
      memory: () => ownMemory,
      share: 0.3,
    });
    await fuzzSubject({
      name: 'frames',
      input: (random) => ({
        bytes: mutateBytes(frame, random),
        length: random(4) === 0 ? mutateNumber(raw.length, random) : raw.length,
      }),
      parse: ({ bytes, length }) => decompressFrame(bytes, length),
      accepted(content, { bytes, length }) {
        assert.equal(content.length, length);
        assert.equal(readZstdFrame(bytes)?.length, bytes.length);
      },
      codes: /^zstd-(damaged|too-large)$/,
      memory: ({ length }) => Math.min(length, 2 ** 22) + ownMemory,
    });
    await fuzzSubject({
      name: 'stored files',
      input: (random) => ({ bytes: mutateBytes(frame, random), limit: raw.length + random(3) - 1 }),
      parse: ({ bytes, limit }) => decompressBounded(bytes, limit),
      accepted: (content, { limit }) => assert.ok(content.length <= limit),
      codes: /^zstd-(damaged|too-large)$/,
      memory: () => ownMemory,
    });
  });

  test('that are right around other content, or for objects elsewhere: only objects that are right', async () => {
    await fuzzSubject({
      name: 'frames of packs sealed again',
      input(random) {
        const content = random(2) === 0 ? raw : mutateBytes(raw, random);
        const wanted = mutateList(objects, random, ({ sha256, rawOffset, size }) => ({
          sha256: objects[random(objects.length)]?.sha256 ?? sha256,
          rawOffset: random(2) === 0 ? rawOffset : mutateNumber(rawOffset, random),
          size: random(2) === 0 ? size : mutateNumber(size, random),
        }));
        const rawLength = random(9) === 0 ? mutateNumber(content.length, random) : content.length;
        return { bytes: quickZstd(content), rawLength, wanted };
      },
      parse: ({ bytes, rawLength, wanted }) =>
        readObjects({ bytes, rawLength, pack: sha('pack'), offset: 0 }, wanted),
      accepted: (made, { wanted }) =>
        wanted.forEach(({ sha256, size }, number) => {
          assert.equal(made[number]!.length, size);
          assert.equal(hash('sha256', made[number]!), sha256);
        }),
      codes: /^(frame|object)-damaged$/,
      memory: ({ rawLength }) => Math.min(rawLength, 2 ** 22) + ownMemory,
    });
  });
});

suite('records', () => {
  const stored = { stored: sha('s'), length: 10, sha256: sha('t'), size: 20 };
  const build = {
    satchel: 'build' as const,
    format: 1,
    name: 'two' as never,
    index: stored,
    contents: { sha256: sha('c'), length: 3, type: 'opaque' as const, hash: sha('h') },
    tree: { entries: 1, files: 1, bytes: 1 },
    published: '2026-01-01T00:00:00Z',
    sequence: 3,
    waypoint: false,
    minimumClient: '',
    notes: 'n',
  };
  const deltas = {
    satchel: 'deltas' as const,
    format: 1,
    build: 'two' as never,
    map: stored,
    everything: 5,
    costs: [{ from: 'one' as never, bytes: 3, requests: 2 }],
    deltas: [
      {
        from: 'one' as never,
        fromIndex: sha('i'),
        stored: sha('d'),
        length: 30,
        head: { length: 20, sha256: sha('e') },
        memory: 100,
        output: 40,
        why: 'stream' as const,
      },
    ],
  };

  test('of other bytes', async () => {
    const stream = {
      satchel: 'stream' as const,
      format: 1,
      stream: 'stable' as never,
      previous: ['one' as never],
      keepDeltas: 3,
      build,
      deltas,
    };
    await fuzz('build', [recordBytes(build)], (bytes) => parseBuildRecord(bytes, 'r'));
    await fuzz('deltas', [recordBytes(deltas)], (bytes) => parseDeltasRecord(bytes, 'r'));
    await fuzz('stream', [recordBytes(stream)], (bytes) => parseStreamRecord(bytes, 'r'));
  });
});
