import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { arrange } from './boot-stage-arrange.ts';
import type { Work } from './boot-stage-readers.ts';
import { planReleases } from './boot-stage-release.ts';

const mebibyte = 1024 * 1024;

type Named = Work & { readonly name: string };

type Part = {
  readonly disk: number;
  /** What its received bytes give back. */
  readonly spooled?: number;
  readonly reads: readonly number[];
};

/** Parts of an update; sizes are in MiB. */
type Scene = {
  /** Of each old file, with what is copied from it. */
  readonly files: readonly { readonly gives: number; readonly copied: number | undefined }[];
  readonly received: readonly Part[];
};

const part = (name: string, { disk, spooled = 0, reads }: Part): Named => ({
  name,
  disk: disk * mebibyte,
  spooled: spooled * mebibyte,
  reads: new Set(reads),
});

function partsOf({ files, received }: Scene) {
  const copies = new Map<number, Named>();
  files.forEach(({ copied }, file) => {
    if (copied !== undefined) copies.set(file, part(`copy ${file}`, { disk: copied, reads: [file] }));
  });
  return { copies, received: received.map((given, number) => part(`part ${number}`, given)) };
}

function arranged(scene: Scene): Named[] {
  return arrange({ ...partsOf(scene), gives: (file) => scene.files[file]!.gives * mebibyte });
}

/** The most MiB that are taken at any moment, when files go as soon as nothing reads them any more. */
function peakOf({ files }: Scene, order: readonly Named[]): number {
  const { first, after } = planReleases(files.keys(), order);
  let taken = 0;
  let peak = 0;
  const release = (numbers: readonly number[]) => {
    for (const number of numbers) taken -= files[number]!.gives;
  };
  release(first);
  order.forEach(({ disk, spooled }, number) => {
    taken += disk / mebibyte;
    peak = Math.max(peak, taken);
    taken -= spooled / mebibyte;
    release(after[number]!);
  });
  return peak;
}

const namesOf = (order: readonly Named[]) => order.map(({ name }) => name);

const scenes: fc.Arbitrary<Scene> = fc
  .array(
    fc.record({
      gives: fc.oneof(fc.nat(20), fc.nat(200)),
      copied: fc.option(fc.oneof(fc.nat(20), fc.nat(200)), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 20 },
  )
  .chain((files) =>
    fc.record({
      files: fc.constant(files),
      received: fc.array(
        fc.record({
          disk: fc.nat(16),
          spooled: fc.nat(8),
          reads: fc.array(fc.nat(files.length - 1), { maxLength: 5 }),
        }),
        { maxLength: 15 },
      ),
    }),
  );

test('a file of which a part changes is copied when that part is made, and goes then', () => {
  const files = Array.from({ length: 3 }, () => ({ gives: 40, copied: 39 }));
  const received = [0, 1, 2].map((file) => ({ disk: 1, reads: [file] }));
  const scene = { files, received };
  assert.deepEqual(namesOf(arranged(scene)), ['part 0', 'copy 0', 'part 1', 'copy 1', 'part 2', 'copy 2']);
  assert.equal(peakOf(scene, arranged(scene)), 40);
});

test('what gives much back waits for what gives back with less, and what gives nothing back comes last', () => {
  const files = [
    { gives: 100, copied: 100 },
    { gives: 0, copied: 50 },
    { gives: 20, copied: 10 },
    { gives: 60, copied: undefined },
  ];
  const received = [
    { disk: 16, reads: [] },
    { disk: 16, reads: [3] },
    { disk: 16, reads: [3] },
  ];
  const scene = { files, received };
  assert.deepEqual(namesOf(arranged(scene)), ['copy 2', 'part 1', 'part 2', 'copy 0', 'copy 1', 'part 0']);
});

test('what gives received bytes back comes before what gives nothing back', () => {
  const received = [
    { disk: 16, reads: [] },
    { disk: 16, spooled: 4, reads: [0] },
    { disk: 16, reads: [1] },
  ];
  const files = [
    { gives: 12, copied: undefined },
    { gives: 0, copied: undefined },
  ];
  assert.deepEqual(namesOf(arranged({ files, received })), ['part 1', 'part 0', 'part 2']);
});

test('everything is done once, and what is copied from a file after all else that reads it', () => {
  fc.assert(
    fc.property(scenes, (scene) => {
      const { copies, received } = partsOf(scene);
      const order = namesOf(arranged(scene));
      assert.deepEqual(order.toSorted(), namesOf([...copies.values(), ...received]).toSorted());
      received.forEach(({ name, reads }) => {
        for (const file of reads)
          if (copies.has(file)) assert.ok(order.indexOf(name) < order.indexOf(`copy ${file}`));
      });
    }),
  );
});

test('no file goes before the last that reads it, and no more is taken than when all copies come first', () => {
  // Sizes are compared by so many MiB.
  const grain = 16;
  fc.assert(
    fc.property(scenes, (scene) => {
      const { copies, received } = partsOf(scene);
      const order = arranged(scene);
      const { first, after } = planReleases(scene.files.keys(), order);
      const gone = new Set(first);
      order.forEach(({ reads }, number) => {
        for (const file of reads) assert.ok(!gone.has(file));
        for (const file of after[number]!) gone.add(file);
      });
      assert.equal(gone.size, scene.files.length);
      assert.ok(peakOf(scene, order) <= peakOf(scene, [...copies.values(), ...received]) + grain);
    }),
    { numRuns: 1000 },
  );
});
