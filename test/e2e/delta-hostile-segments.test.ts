/** Segments of deltas that are validly signed and wrong all the same: never a wrong byte on the device. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import { buildName } from '../../src/base/identifiers.ts';
import { makePatch } from '../../src/delta/binary-patch.ts';
import type { Piece } from '../../src/delta/piece.ts';
import type { ObjectSizes } from '../../src/delta/piece-control.ts';
import { type EncodedSegment, encodeSegment } from '../../src/delta/segment-format.ts';
import { openCatalog } from '../../src/repository/catalog.ts';
import { openBuildSide } from '../../src/repository/delta-source.ts';
import { openDirectoryStore } from '../../src/store/directory.ts';
import { runCommand } from '../doubles/command.ts';
import type { Forgery, LooseDelta } from '../doubles/forged-delta.ts';
import { noise } from '../doubles/story-trees.ts';
import { type HostileStory, holding, prepareHostileStory, saying } from './delta-hostile.testkit.ts';

let hostile: HostileStory;

before(async () => {
  hostile = await prepareHostileStory('delta-segments');
});

after(() => hostile.remove());

suite('a segment that is signed and wrong gives way to objects', { concurrency: 2 }, () => {
  const cases: Readonly<Record<string, Forgery>> = {
    'less output than it makes': saying(({ output }) => ({ output: output - 1 })),
    'less base than it reads': saying(({ base }) => ({ base: base - 1 })),
    'fewer objects than it makes': saying(({ objects }) => ({ objects: objects - 1 })),
    'a byte too little': holding((bytes) => bytes.subarray(0, bytes.length - 1)),
    'a byte too much': holding((bytes) => Buffer.concat([bytes, Buffer.of(0)])),
    'only zeros': holding((bytes) => Buffer.alloc(bytes.length)),
    'only ones': holding((bytes) => Buffer.alloc(bytes.length, 0xff)),
    'no segment': { delta: ({ head }) => ({ head, segments: [] }) },
    'no byte': holding(() => Buffer.alloc(0)),
  };
  for (const [name, forgery] of Object.entries(cases)) test(name, () => hostile.survive(forgery, 'delta'));

  test('objects that are not there, and content that is not theirs', async () => {
    const { bases, targets } = await sizesOfBuilds();
    const nowhere = 10_000;
    const content = noise('not what belongs there', 500);
    const plain = (output: number, length: number): Piece => ({
      kind: 'plain',
      outputs: [output],
      content: content.subarray(0, length),
    });
    const patch = (output: number, base: number): Piece => ({
      kind: 'patch',
      outputs: [output],
      bases: [base],
      patch: makePatch(content, content),
    });
    const fitting = targets.findIndex((size) => size <= content.length);
    const [larger, more] = [
      { bases, targets: Object.assign([...targets], { [nowhere]: content.length }) },
      { bases: Object.assign([...bases], { [nowhere]: content.length }), targets },
    ];
    const lies: readonly [Piece[], ObjectSizes][] = [
      [[plain(fitting, targets[fitting]!)], { bases, targets }],
      [[plain(nowhere, content.length)], larger],
      [[patch(fitting, nowhere)], more],
    ];
    for (const [pieces, sizes] of lies)
      await hostile.survive({ delta: withSegment(encodeSegment(pieces, sizes)) }, 'delta');
  });

  test('a segment that comes twice writes nothing twice', async () => {
    const place = await hostile.place({
      delta: ({ head, segments }) => ({ head, segments: [...segments, ...segments] }),
    });
    const { code, json, said } = await runCommand('update', '--root', place.root, '--source', place.source);
    assert.deepEqual([code, json.plan], [0, 'delta'], said);
    hostile.assertRight(place);
  });

  test('one byte is wrong, at many places', async () => {
    const { delta } = hostile.story;
    const length = delta.length - delta.head.length;
    for (let round = 0; round < 12; round += 1) {
      const place = round < 6 ? round : Math.floor(6 + ((length - 7) * (round - 6)) / 5);
      await hostile.survive(
        holding((bytes) => {
          const changed = Buffer.from(bytes);
          changed.writeUInt8(changed.readUInt8(place) ^ (1 << (round % 8)), place);
          return changed;
        }),
        'delta',
      );
    }
  });

  test('within a budget that is too small for objects the update is refused, and nothing changes', async () => {
    const { root, source } = await hostile.place(cases['only zeros']!);
    const limit = ['--max-bytes', `${hostile.story.delta.length + 1000}B`];
    const { code, json } = await runCommand('update', '--root', root, '--source', source, ...limit);
    assert.deepEqual([code, json.error?.code], [4, 'plan-over-budget']);
    assert.deepEqual(readdirSync(`${root}/versions/pristine`), ['os-1']);
  });
});

/** Sizes of the objects of both builds, by ordinal. */
async function sizesOfBuilds(): Promise<{ bases: number[]; targets: number[] }> {
  const catalog = await openCatalog(openDirectoryStore(hostile.story.repository));
  const [bases, targets] = await Promise.all(
    ['os-1', 'os-2'].map(async (name) =>
      (await openBuildSide(catalog, buildName(name))).objects.map(({ size }) => size),
    ),
  );
  return { bases: bases!, targets: targets! };
}

/** Puts another segment in the place of all. */
const withSegment =
  (segment: EncodedSegment) =>
  ({ head }: LooseDelta): LooseDelta => ({ head, segments: [segment] });
