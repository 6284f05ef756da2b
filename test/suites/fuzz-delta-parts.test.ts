/** The parts of which segments are made, each without what lies around it: mutations are refused, or mean what they say. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { constants, gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { createByteReader } from '../../src/delta/byte-reader.ts';
import { createByteWriter } from '../../src/delta/byte-writer.ts';
import { damaged } from '../../src/delta/damaged.ts';
import { makeDictionaryFrame, readDictionaryFrame } from '../../src/delta/dictionary-frame.ts';
import { contentKinds, makeContent } from '../../src/delta/gzip.testkit.ts';
import {
  type GzipRecipe,
  gunzip,
  packGzip,
  readRecipe,
  unpackGzip,
  writeRecipe,
} from '../../src/delta/gzip-recipe.ts';
import { inflateGzip } from '../../src/delta/gzip-stream.ts';
import { packStream, readStreamHeader, streamWindow, unpackStream } from '../../src/delta/streams.ts';
import { fuzzSubject, type Random } from './fuzz.testkit.ts';
import { mutateBytes, mutateNumber, mutateVarints, writeVarints } from './fuzz-bytes.testkit.ts';

/** What decoders and tables take whatever they work on, in bytes. */
const ownMemory = 256 * 1024;

const codes = /^delta-damaged$/;
const encoders = ['gzip', 'zlib', 'zlib-large', 'zlib-chromium'] as const;
const plainHeader = Buffer.from('1f8b0800000000000003', 'hex');
/** Extra field, name, comment and checksum of the header: all that RFC 1952 knows. */
const fullHeader = Buffer.from('1f8b081e00000000020304000102030461006200ffff', 'hex');

function anyRecipe(random: Random): GzipRecipe {
  const header = Buffer.from(random(3) === 0 ? fullHeader : plainHeader);
  header[8] = [0, 2, 4][random(3)]!;
  return { header, encoder: encoders[random(encoders.length)]!, level: 1 + random(9) };
}

/** Mostly some hundred bytes; one in so many is as long that encoders end blocks and move their windows. */
function anyContent(random: Random, oneIn: number): Buffer {
  const length = random(oneIn) === 0 ? 60_000 + random(120_000) : random(3000);
  return makeContent(contentKinds[random(contentKinds.length)]!, length, random(1e6));
}

suite('gzip', () => {
  test('a recipe is refused, or packs the content so that it comes out again', async () => {
    await fuzzSubject({
      name: 'recipes',
      input(random) {
        const writer = createByteWriter();
        writeRecipe(writer, anyRecipe(random));
        return { written: mutateVarints(writer.finish(), random), raw: anyContent(random, 60) };
      },
      parse({ written, raw }) {
        const recipe = readRecipe(createByteReader(written, 'a recipe'));
        return { recipe, packed: packGzip(raw, recipe) };
      },
      accepted({ recipe, packed }, { raw }) {
        const length = recipe.header.length;
        assert.ok(Buffer.from(recipe.header).equals(packed.subarray(0, length)));
        assert.ok(raw.equals(contentOf(packed, length)));
      },
      codes,
      memory: ({ raw }) => 8 * raw.length + 2 ** 21,
      share: 0.5,
    });
  });

  test('a file is unpacked only into what it holds, and only when it can be packed again', async () => {
    await fuzzSubject({
      name: 'gzip files',
      input(random) {
        const raw = anyContent(random, 12);
        const packed = packGzip(raw, anyRecipe(random));
        const limit = random(4) === 0 ? mutateNumber(raw.length, random) : raw.length;
        return {
          packed: random(raw.length > 50_000 ? 2 : 4) === 0 ? packed : mutateGzip(packed, random),
          limit: Math.min(limit, 2 ** 28),
        };
      },
      parse: ({ packed, limit }) => ({ content: gunzip(packed, limit), whole: unpackGzip(packed, limit) }),
      accepted({ content, whole }, { packed, limit }) {
        if (content === undefined) assert.equal(whole, undefined);
        if (whole === undefined) return;
        assert.ok(contentOf(packed, whole.recipe.header.length).equals(content!) && content!.length <= limit);
        assert.ok(Buffer.from(whole.raw).equals(content!));
        assert.ok(Buffer.from(packGzip(whole.raw, whole.recipe)).equals(packed));
      },
      share: 0.1,
    });
  });
});

suite('archives', () => {
  test('are unpacked into what they hold, or refused, and never into more than was stated', async () => {
    await fuzzSubject({
      name: 'archives',
      input(random) {
        const raw = anyContent(random, 6);
        const packed =
          random(2) === 0 ? Buffer.from(packGzip(raw, anyRecipe(random))) : zlibGzip(raw, random);
        const limit = random(4) === 0 ? mutateNumber(raw.length, random) : raw.length;
        const pieceLength = 1 + random(random(2) === 0 ? 20 : 100_000);
        return { packed: random(3) === 0 ? packed : mutateBytes(packed, random), limit, pieceLength };
      },
      parse({ packed, limit, pieceLength }) {
        const parts: Buffer[] = [];
        let length = 0;
        let at = 0;
        const unpacked = inflateGzip({
          limit,
          source() {
            const piece = packed.subarray(at, at + pieceLength);
            at += piece.length;
            return piece.length === 0 ? undefined : piece;
          },
          sink(content) {
            length += content.length;
            assert.ok(length <= limit, 'more than was stated');
            parts.push(Buffer.from(content));
          },
          onBlock: (bits, before) =>
            assert.ok(bits <= 8 * packed.length && before <= 258 * 8 * packed.length),
        });
        return { ...unpacked, content: Buffer.concat(parts) };
      },
      accepted({ header, trailer, length, content }, { packed }) {
        assert.equal(length, content.length);
        assert.ok(packed.subarray(-8).equals(trailer));
        assert.ok(contentOf(packed, header.length).equals(content));
      },
      codes,
      share: 0.5,
    });
  });
});

/** What zlib makes: with codes that are fixed, without matches, or as it is. */
function zlibGzip(raw: Uint8Array, random: Random): Buffer {
  const { Z_FIXED, Z_HUFFMAN_ONLY, Z_DEFAULT_STRATEGY } = constants;
  const strategy = [Z_FIXED, Z_HUFFMAN_ONLY, Z_DEFAULT_STRATEGY][random(3)]!;
  return gzipSync(raw, { level: random(10), strategy });
}

/** What a .gz file with so long a header holds; zlib looks at the header more closely than a recipe has to. */
function contentOf(packed: Uint8Array, headerLength: number): Buffer {
  return gunzipSync(Buffer.concat([plainHeader, packed.subarray(headerLength)]));
}

/** Other bytes: anywhere, or only in the header. */
function mutateGzip(packed: Uint8Array, random: Random): Buffer {
  if (random(2) === 0) return mutateBytes(packed, random);
  return Buffer.concat([mutateBytes(packed.subarray(0, 22), random), packed.subarray(22)]);
}

suite('streams', () => {
  const contents = [
    Buffer.alloc(2_000_000, 'large'),
    makeContent('words', 3000, 1),
    makeContent('noise', 300, 2),
    Buffer.alloc(0),
    // Long enough that brotli pays.
    makeContent('digits', 9000, 3),
  ];
  const streams = contents
    .map(packStream)
    .concat(
      contents
        .slice(1, 2)
        .map((raw) => ({ codec: 1, rawLength: raw.length, stored: windowedZstd(raw) }) as const),
    );

  test('give as many bytes as are announced, or none', async () => {
    await fuzzSubject({
      name: 'streams',
      input(random) {
        const { codec, rawLength, stored } = streams[random(streams.length)]!;
        const changed = random(3) === 0 ? mutateBytes(stored, random) : Buffer.from(stored);
        // The window stands at the beginning.
        if (random(2) === 0 && changed.length > 0) changed[random(Math.min(8, changed.length))] = random(256);
        const numbers = [codec, rawLength, changed.length];
        const header = random(4) === 0 ? mutateVarints(writeVarints(numbers), random) : writeVarints(numbers);
        return { header, stored: changed };
      },
      parse(input) {
        const header = readStreamHeader(createByteReader(input.header, 'a header'));
        const stored = createByteReader(input.stored, 'a stream').take(header.storedLength);
        const window = streamWindow(header, stored);
        // Segments and index patches look at this before they unpack.
        if (header.rawLength > 2 ** 24) throw damaged('larger than a segment');
        return { header, window, raw: unpackStream(header, stored) };
      },
      accepted({ header, window, raw }) {
        assert.equal(raw.length, header.rawLength);
        assert.ok(window <= 2 ** 26);
      },
      codes,
      memory: () => 2 ** 24 + ownMemory,
    });
  });
});

/** One zstd frame that needs less than its content as a window, so that it states one. */
function windowedZstd(raw: Uint8Array): Buffer {
  const options = { params: { [constants.ZSTD_c_windowLog]: 10 }, pledgedSrcSize: raw.length };
  return zstdCompressSync(raw, options);
}

suite('dictionaries', () => {
  test('a frame gives as many bytes as are stated, or none', async () => {
    await fuzzSubject({
      name: 'dictionary frames',
      input(random) {
        const base = makeContent('words', 1 + random(2000), random(100));
        const target = Buffer.concat([
          base.subarray(random(base.length)),
          makeContent('digits', 1 + random(300), 1),
        ]);
        const sound = makeDictionaryFrame(base, target, 1)!;
        if (random(10) === 0) base.set(Buffer.from([0x37, 0xa4, 0x30, 0xec]).subarray(0, base.length));
        const frame = makeDictionaryFrame(base, target, 1) ?? sound;
        const length = random(4) === 0 ? mutateNumber(target.length, random) : target.length;
        const changed = random(4) === 0 ? frame : mutateBytes(frame, random);
        return { base: random(8) === 0 ? mutateBytes(base, random) : base, frame: changed, length };
      },
      parse: ({ base, frame, length }) => readDictionaryFrame(base, frame, length),
      accepted: (made, { length }) => assert.equal(made.length, length),
      codes,
      memory: ({ length }) => Math.min(length, 2 ** 26) + ownMemory,
    });
  });
});
