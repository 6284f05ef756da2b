import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildName } from '../base/identifiers.ts';
import { tryLock } from '../os/file-lock.ts';
import type { HeldBuild, Holdings } from './evict-holdings.ts';
import { forgetKept, keepForStick, keptForStick, stickLock } from './evict-kept.ts';
import { planEviction } from './evict-plan.ts';
import { evictionQuestion } from './evict-question.ts';

test('what a stick brings is kept while its lock is held, and a note that was left behind keeps nothing', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'satchel-kept-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const layout = { directory };
  assert.equal(keptForStick(layout).size, 0);
  keepForStick(layout, ['packs/a', 'packs/b', 'packs/a']);
  assert.equal(keptForStick(layout).size, 0);
  const lock = tryLock(stickLock(layout));
  assert.ok(lock !== undefined);
  assert.deepEqual([...keptForStick(layout)], ['packs/a', 'packs/b']);
  forgetKept(layout);
  assert.equal(keptForStick(layout).size, 0);
  lock.release();
});

const fileNames = Array.from({ length: 12 }, (_, number) => `packs/${number}`);
const held = fc.record({
  here: fc.subarray(fileNames),
  builds: fc.array(fc.subarray(fileNames), { maxLength: 6 }),
  kept: fc.subarray(fileNames),
  budget: fc.integer({ min: 0, max: 2000 }),
  incoming: fc.integer({ min: 0, max: 2000 }),
});

test('whatever builds share, and known to the metadata or not: nothing that a stick brings goes', () => {
  fc.assert(
    fc.property(held, ({ here, builds, kept, budget, incoming }) => {
      const needed = new Set(builds.flat());
      const holdings = {
        files: new Map(
          here.map((name) => [name, { name, whole: name, isInParts: false, bytes: 100, modified: 0 }]),
        ),
        builds: builds.map((files, number) => ({
          ...({ name: buildName(`b${number}`), streams: [], files, usedAt: number } as Partial<HeldBuild>),
        })) as readonly HeldBuild[],
        bundles: [],
        unneeded: here.filter((name) => !needed.has(name)),
        otherBytes: 0,
      } satisfies Holdings;
      const reasons = {
        ...{ pins: [], follow: [], inUse: new Set<string>(), receiving: new Set<string>() },
        ...{ kept: new Set(kept), lastUse: () => undefined, now: 1e12 },
      };
      const room = { treeBytes: 0, budget, free: 1e9, reserve: 0 };
      const { pieceNames, question } = evictionQuestion(holdings, reasons, room);
      const plan = planEviction({ ...question, incoming });
      const gone = new Set(plan.victims.flatMap(({ pieces }) => pieces.map((piece) => pieceNames[piece]!)));
      assert.deepEqual(
        kept.filter((name) => gone.has(name)),
        [],
      );
      const most = here.filter((name) => !kept.includes(name)).length * 100;
      assert.equal(plan.missing, Math.max(0, here.length * 100 + incoming - budget - most));
    }),
    { numRuns: 1000 },
  );
});
