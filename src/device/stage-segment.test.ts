import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { buildName, type Sha256 } from '../base/identifiers.ts';
import type { SegmentEntry } from '../delta/delta-format.ts';
import { type PieceSpec, type Sample, sampleOf, segmentOf } from '../delta/segment.testkit.ts';
import { locateBaseObjects } from './base-objects.ts';
import { emptyDevice, installVersion, type PathSpec } from './device.fixture.ts';
import { readInstalledIndex } from './installed.ts';
import { applyReceivedSegment, type DeltaScene, type SegmentOutcome } from './stage-segment.ts';

const usual: PieceSpec = {
  kind: 'patch',
  outputs: 1,
  bases: 1,
  unpacksBase: false,
  packsOutput: false,
  isReversed: false,
  seed: 1,
  length: 2000,
};

/** A patch with two bases, a dictionary with one, and plain content: four outputs. */
const specs: readonly PieceSpec[] = [
  { ...usual, bases: 2, seed: 10, outputs: 2 },
  { ...usual, kind: 'dictionary', seed: 20 },
  { ...usual, kind: 'plain', seed: 30 },
];

type Applied = SegmentOutcome & { readonly written: Map<number, Buffer> };
type Changes = {
  readonly bytes?: Buffer;
  readonly entry?: Partial<SegmentEntry>;
  readonly needed?: readonly number[];
};
type Scene = {
  readonly sample: Sample;
  pathOf(base: number): string;
  apply(changes?: Changes): Applied;
};

/** A device whose tree has the old objects of a sample, and a received segment. */
async function sceneOf(context: TestContext): Promise<Scene> {
  const layout = emptyDevice(context);
  const sample = sampleOf(specs);
  const name = (base: number) => `old-${base}`;
  const paths = sample.oldObjects.map((content, base): [string, PathSpec] => [name(base), { content }]);
  const { tree } = await installVersion(layout, 'one', Object.fromEntries(paths));
  const base = locateBaseObjects(readInstalledIndex(layout, buildName('one')));
  const made = new Uint8Array(new SharedArrayBuffer(sample.newObjects.length));
  const apply = ({ bytes, entry, needed = [0, 1, 2, 3] }: Changes = {}): Applied => {
    const encoded = segmentOf(sample);
    const stored = bytes ?? encoded.bytes;
    const path = join(layout.own, 'segment');
    writeFileSync(path, stored);
    const scene: DeltaScene = {
      base,
      targets: sample.targets,
      needed: new Map(needed.map((ordinal) => [ordinal, [{ entry: ordinal }]])),
      written: made,
    };
    const written = new Map<number, Buffer>();
    const outcome = applyReceivedSegment(
      {
        kind: 'segment',
        segment: { ...encoded.entry, ...entry },
        pieces: [{ path, position: 0, length: stored.length }],
      },
      { ...scene, tree, lend: Buffer.alloc },
      (targets, content) => {
        for (const target of targets) written.set(target.entry, Buffer.from(content));
      },
    );
    return { ...outcome, written };
  };
  return { sample, apply, pathOf: (number) => join(tree, name(number)) };
}

function assertWritten({ written, produced }: Applied, { newObjects }: Sample, ordinals: number[]): void {
  assert.deepEqual([...written.keys()].sort(), ordinals);
  assert.deepEqual([...produced].sort(), ordinals);
  for (const [ordinal, content] of written) assert.deepEqual(content, Buffer.from(newObjects[ordinal]!));
}

test('every needed object is made out of the tree and written', async (context) => {
  const { sample, apply } = await sceneOf(context);
  const applied = apply();
  assertWritten(applied, sample, [0, 1, 2, 3]);
  assert.deepEqual([applied.damaged, applied.badBytes], [[], false]);
});

test('what the new tree does not need is not written', async (context) => {
  const { sample, apply } = await sceneOf(context);
  assertWritten(apply({ needed: [1, 3] }), sample, [1, 3]);
});

test('an object that another segment has written is not written again', async (context) => {
  const { sample, apply } = await sceneOf(context);
  assertWritten(apply({ needed: [2] }), sample, [2]);
  assertWritten(apply(), sample, [0, 1, 3]);
});

test('a base that changed costs what is made from it, and is named', async (context) => {
  const { sample, apply, pathOf } = await sceneOf(context);
  writeFileSync(pathOf(1), Buffer.alloc(sample.oldObjects[1]!.length, 'x'));
  const applied = apply();
  assertWritten(applied, sample, [2, 3]);
  assert.deepEqual(applied.damaged, ['old-1']);
});

test('a base that is gone costs what is made from it, and is named', async (context) => {
  const { sample, apply, pathOf } = await sceneOf(context);
  rmSync(pathOf(2));
  const applied = apply();
  assertWritten(applied, sample, [0, 1, 3]);
  assert.deepEqual(applied.damaged, ['old-2']);
});

test('a damaged base whose objects nobody needs is not even read', async (context) => {
  const { sample, apply, pathOf } = await sceneOf(context);
  rmSync(pathOf(2));
  const applied = apply({ needed: [0, 1, 3] });
  assertWritten(applied, sample, [0, 1, 3]);
  assert.deepEqual(applied.damaged, []);
});

test('bytes that were not signed are not even looked into', async (context) => {
  const { sample, apply } = await sceneOf(context);
  const bytes = Buffer.from(segmentOf(sample).bytes);
  bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40);
  const applied = apply({ bytes });
  assertWritten(applied, sample, []);
  assert.equal(applied.badBytes, true);
});

test('a segment that is signed and wrong makes nothing, and no base is blamed', async (context) => {
  const { sample, apply } = await sceneOf(context);
  const { bytes, entry } = segmentOf(sample);
  const cut = bytes.subarray(0, bytes.length - 1);
  const lies: Changes[] = [
    { entry: { output: entry.output + 1 } },
    { entry: { objects: entry.objects - 1 } },
    { entry: { memory: 10 } },
    { bytes: cut, entry: { length: cut.length, sha256: hash('sha256', cut) as Sha256 } },
  ];
  for (const lie of lies) {
    const applied = apply(lie);
    assertWritten(applied, sample, []);
    assert.deepEqual([applied.damaged, applied.badBytes], [[], false]);
  }
});
