import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type EvictionPlan, type EvictionQuestion, type Exemption, planEviction } from './evict-plan.ts';

const roomy = { treeBytes: 0, otherBytes: 0, budget: 1000, free: 10_000, reserve: 100, incoming: 0 };

test('nothing goes while the budget and the reserve hold', () => {
  const units = [{ name: 'old', usedAt: 1, pieces: [0] }];
  const plan = planEviction({ ...roomy, pieceBytes: [900], units });
  assert.deepEqual(plan, { trees: 0, victims: [], before: 900, after: 900, missing: 0, why: undefined });
});

test('trees for rsync clients go first, then what no build needs, then the build used longest ago', () => {
  const units = [
    { name: 'new', usedAt: 3, pieces: [0] },
    { name: 'old', usedAt: 2, pieces: [1] },
    { name: undefined, usedAt: 9, pieces: [2] },
  ];
  const question = { ...roomy, pieceBytes: [400, 400, 100], units, treeBytes: 300 };
  const names = (plan: EvictionPlan) => plan.victims.map(({ unit }) => units[unit]!.name);
  const trees = planEviction(question);
  assert.deepEqual([trees.trees, names(trees), trees.why], [200, [], 'budget']);
  const waste = planEviction({ ...question, incoming: 150 });
  assert.deepEqual([waste.trees, names(waste), waste.after], [300, [undefined], 800]);
  const build = planEviction({ ...question, incoming: 300 });
  assert.deepEqual([build.trees, names(build), build.after], [300, [undefined, 'old'], 400]);
});

test('the reserve of the file system asks for room within the budget', () => {
  const units = [{ name: 'old', usedAt: 1, pieces: [0] }];
  const plan = planEviction({ ...roomy, pieceBytes: [500], units, free: 150, incoming: 200 });
  assert.deepEqual([plan.victims.length, plan.why, plan.missing], [1, 'reserve', 0]);
});

test('a piece goes with the last build that needs it, and a build that frees nothing stays', () => {
  const units = [
    { name: 'older', usedAt: 1, pieces: [0] },
    { name: 'old', usedAt: 2, pieces: [1] },
    { name: 'head', usedAt: 3, pieces: [0], exempt: 'head' as const },
  ];
  const plan = planEviction({ ...roomy, pieceBytes: [800, 300], units });
  assert.deepEqual(plan.victims, [{ unit: 1, pieces: [1], bytes: 300 }]);
  const both = planEviction({
    ...roomy,
    pieceBytes: [800, 300],
    units: units.slice(0, 2).map((unit) => ({ ...unit, pieces: [0] })),
    budget: 100,
  });
  assert.deepEqual(
    both.victims.map(({ unit, bytes }) => [unit, bytes]),
    [
      [0, 0],
      [1, 800],
    ],
  );
});

test('what cannot be had is told', () => {
  const units = [{ name: 'head', usedAt: 1, pieces: [0], exempt: 'head' as const }];
  const plan = planEviction({ ...roomy, pieceBytes: [1500], units });
  assert.deepEqual([plan.victims, plan.after, plan.missing], [[], 1500, 500]);
});

const exemptions: readonly Exemption[] = ['pinned', 'sticky', 'in-use', 'head', 'being-written'];
const question: fc.Arbitrary<EvictionQuestion> = fc
  .array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 20 })
  .chain((pieceBytes) => {
    const unit = fc.record({
      name: fc.option(fc.string({ minLength: 1, maxLength: 4 }), { nil: undefined }),
      usedAt: fc.integer({ min: 0, max: 100 }),
      pieces: fc.array(fc.integer({ min: 0, max: pieceBytes.length - 1 }), { maxLength: 8 }),
      exempt: fc.option(fc.constantFrom(...exemptions), { nil: undefined, freq: 2 }),
    });
    const bytes = fc.integer({ min: 0, max: 5000 });
    return fc.record({
      pieceBytes: fc.constant(pieceBytes),
      units: fc.array(unit, { maxLength: 12 }),
      ...{ treeBytes: bytes, otherBytes: bytes, budget: bytes, free: bytes, reserve: bytes, incoming: bytes },
    });
  });

/** Bytes that all units but these need. */
function bytesWithout({ units, pieceBytes }: EvictionQuestion, gone: ReadonlySet<number>): number {
  const kept = new Set(units.flatMap(({ pieces }, unit) => (gone.has(unit) ? [] : pieces)));
  return [...kept].reduce((sum, piece) => sum + pieceBytes[piece]!, 0);
}

function neededBytes({ budget, incoming, reserve, free }: EvictionQuestion, before: number): number {
  return Math.max(0, before + incoming - budget, reserve + incoming - free);
}

test('whatever is on the disk: exempt builds keep every piece, and the laws hold whenever they can', () => {
  fc.assert(
    fc.property(question, (given) => {
      const plan = planEviction(given);
      const gone = new Set(plan.victims.map(({ unit }) => unit));
      const goneOutside = given.treeBytes + given.otherBytes;
      assert.equal(plan.before, bytesWithout(given, new Set()) + goneOutside);
      assert.equal(plan.after, bytesWithout(given, gone) + goneOutside - plan.trees);
      const removed = new Set(plan.victims.flatMap(({ pieces }) => pieces));
      for (const [unit, { exempt, pieces }] of given.units.entries()) {
        if (exempt !== undefined) assert.ok(!gone.has(unit), `${exempt} went`);
        if (!gone.has(unit)) for (const piece of pieces) assert.ok(!removed.has(piece));
      }
      const needed = neededBytes(given, plan.before);
      const freed = plan.before - plan.after;
      const free = given.units.flatMap(({ exempt }, unit) => (exempt === undefined ? [unit] : []));
      const most = given.treeBytes + bytesWithout(given, new Set()) - bytesWithout(given, new Set(free));
      assert.equal(plan.missing, Math.max(0, needed - freed));
      if (plan.missing > 0) assert.equal(freed, most, 'something could still have gone');
      if (needed === 0) assert.equal(freed, 0);
    }),
    { numRuns: 2000 },
  );
});

test('nobody goes while somebody used longer ago stays whose going would free something', () => {
  fc.assert(
    fc.property(question, (given) => {
      const { victims, trees } = planEviction(given);
      const gone = new Set(victims.map(({ unit }) => unit));
      if (victims.length > 0) assert.equal(trees, given.treeBytes, 'trees go first');
      const last = victims.at(-1);
      if (last === undefined) return;
      const rank = (unit: number) => [
        given.units[unit]!.name === undefined ? 0 : 1,
        given.units[unit]!.usedAt,
      ];
      const isBefore = (one: number, other: number) => {
        const [[a, b], [c, d]] = [rank(one), rank(other)] as [[number, number], [number, number]];
        return a < c || (a === c && b < d);
      };
      for (const [unit, { exempt }] of given.units.entries()) {
        if (exempt !== undefined || gone.has(unit) || !isBefore(unit, last.unit)) continue;
        assert.equal(bytesWithout(given, gone), bytesWithout(given, new Set([...gone, unit])));
      }
    }),
    { numRuns: 1000 },
  );
});
