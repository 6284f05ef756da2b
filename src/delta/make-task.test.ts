import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { applySegment } from './apply-segment.ts';
import { heldSide, missingOrdinals } from './delta-side.testkit.ts';
import { makeSegments } from './make-task.ts';
import { matchBuilds } from './match.ts';
import { objectList } from './object-list.ts';
import { groupTargets } from './segments.ts';

const content = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .array(fc.constantFrom('alpha ', 'beta ', 'gamma\n'), { maxLength: 80 })
    .map((words) => Buffer.from(words.join(''))),
  fc
    .tuple(
      fc.array(fc.constantFrom('alpha ', 'beta ', 'gamma\n'), { maxLength: 80 }),
      fc.constantFrom(1, 6, 9),
    )
    .map(([words, level]) => gzipSync(words.join(''), { level })),
);
const name = fc.constantFrom(
  'a',
  'b',
  'd/a',
  'd/lib.so.1',
  'd/lib.so.2',
  'e-1.0/x.gz',
  'e-1.1/x.gz',
  'e-1.1/x',
);
const tree = fc.dictionary(name, content, { maxKeys: 8 });

test('of any two trees come segments that make exactly what the first has not', async () => {
  await fc.assert(
    fc.asyncProperty(tree, tree, async (before, after) => {
      const from = await heldSide(before);
      const to = await heldSide(after);
      const sizes = { bases: objectList(from.objects).sizes, targets: objectList(to.objects).sizes };
      const made = new Map<number, Buffer>();
      for (const { targets } of groupTargets(matchBuilds(from, to), from.objects, to.objects)) {
        const outputs = targets.flatMap((target) => target.outputs);
        const bases = [
          ...new Set(targets.flatMap(({ candidates }) => candidates.flatMap((candidate) => candidate.bases))),
        ];
        const task = {
          targets,
          outputs: { ordinals: outputs, bytes: Buffer.concat(outputs.map(to.contentOf)) },
          bases: { ordinals: bases, bytes: Buffer.concat(bases.map(from.contentOf)) },
        };
        for (const { bytes, entry } of makeSegments(task, sizes)) {
          const { failed } = applySegment({
            stored: bytes,
            segment: entry,
            baseSizes: sizes.bases,
            targets: objectList(to.objects),
            base: from.contentOf,
            produce: (ordinal, content) => made.set(ordinal, Buffer.from(content)),
          });
          assert.deepEqual(failed, []);
        }
      }
      assert.deepEqual(
        [...made.keys()].sort((a, b) => a - b),
        missingOrdinals(from, to),
      );
      for (const [ordinal, bytes] of made) assert.ok(bytes.equals(to.contentOf(ordinal)));
    }),
    { numRuns: 100 },
  );
});
