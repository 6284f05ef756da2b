/** The disk refuses: at every call that changes something, once or from then on. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { buildName } from '../../src/base/identifiers.ts';
import { deviceLayout, pristineTree } from '../../src/device/layout.ts';
import { discard } from '../../src/os/discard.testkit.ts';
import { assertSentence, must } from '../doubles/command.ts';
import type { CrashAction, CrashPoint } from '../doubles/crash-order.ts';
import { forEach, pointsOf, recordCalls, runOrdered, sampleOf } from '../doubles/crash-run.ts';
import {
  assertBootable,
  assertReadable,
  copyDevice,
  copyRepository,
  inodesOf,
  makeWorld,
  type World,
} from '../doubles/crash-world.ts';

let world: World;
before(async () => {
  world = await makeWorld();
});
after(() => world.remove());

type Case = {
  readonly name: string;
  /** How many calls are tried usually. */
  readonly usual: number;
  prepare(folder: string): readonly string[];
  /** Looks at the state after a failure (or, if the program could go on, a success). */
  check(folder: string): Promise<void>;
  /** Looks at the state after the same command without a fault. */
  checkDone(folder: string): Promise<void>;
};

const layoutIn = (folder: string) => deviceLayout(join(folder, 'device'));
const inodes = new Map<string, ReturnType<typeof inodesOf>>();
const b1 = buildName('b1');

const cases: readonly Case[] = [
  {
    name: 'publish',
    usual: 5,
    prepare(folder) {
      copyRepository(world.first, join(folder, 'repo'));
      return ['publish', '--repo', join(folder, 'repo'), world.archives.b2];
    },
    async check(folder) {
      await assertReadable(world, join(folder, 'repo'), folder);
    },
    async checkDone(folder) {
      assert.equal(await assertReadable(world, join(folder, 'repo'), folder), 'b2');
    },
  },
  {
    name: 'update',
    usual: 7,
    prepare(folder) {
      const layout = layoutIn(folder);
      copyDevice(world.device, layout.root);
      inodes.set(folder, inodesOf(pristineTree(layout, b1)));
      return ['update', '--root', layout.root];
    },
    async check(folder) {
      const layout = layoutIn(folder);
      assertBootable(world, layout, ['b1', 'b2']);
      assert.deepEqual(inodesOf(pristineTree(layout, b1)), inodes.get(folder), 'the inodes of b1');
    },
    async checkDone(folder) {
      assertBootable(world, layoutIn(folder), ['b2']);
    },
  },
  {
    name: 'device init',
    usual: 4,
    prepare: (folder) => [
      ...['device', 'init', '--root', layoutIn(folder).root],
      ...['--source', `file://${world.second}`, '--trust-on-first-use'],
    ],
    async check() {},
    async checkDone(folder) {
      await must('update', '--root', layoutIn(folder).root);
      assertBootable(world, layoutIn(folder), ['b2']);
    },
  },
];

const faults = [
  { fail: 'ENOSPC', forGood: true },
  { fail: 'EIO', forGood: false },
] as const;

for (const each of cases)
  for (const fault of faults)
    test(`${each.name} that meets ${fault.fail} at any call says so and leaves the old or the new state`, async (context) => {
      const place = (name: string) =>
        join(world.folder, `${each.name}-${fault.fail}-${name}`.replaceAll(' ', '-'));
      const recorded = place('recorded');
      mkdirSync(recorded);
      const points = pointsOf(await recordCalls(each.prepare(recorded), recorded));
      const chosen = sampleOf(points, { usual: each.usual, complete: 36 });
      const failures: string[] = [];
      const codes: Record<string, number> = {};
      await forEach(chosen, async (point, number) => {
        const folder = place(String(number));
        mkdirSync(folder);
        try {
          const code = await tryFault(each, folder, { ...point, ...fault });
          codes[code] = (codes[code] ?? 0) + 1;
        } catch (error) {
          failures.push(`${JSON.stringify(point)}: ${error instanceof Error ? error.stack : error}`);
        }
        discard(folder);
      });
      context.diagnostic(
        `${each.name}: ${fault.fail} at ${chosen.length} of ${points.length} calls: ${JSON.stringify(codes)}`,
      );
      assert.equal(failures.length, 0, `${failures.length}:\n${failures.slice(0, 6).join('\n')}`);
    });

/** Gives the code of the sentence, or `done` where the command could do without the call. */
async function tryFault(each: Case, folder: string, at: CrashPoint & CrashAction): Promise<string> {
  const words = each.prepare(folder);
  const { code, signal, output, said } = await runOrdered([...words, '--json'], { root: folder, at });
  assert.equal(signal, null, said);
  const json = output === '' ? {} : JSON.parse(output);
  if (code !== 0) {
    assertSentence({ code: code ?? -1, json, said });
    if (json.error.code === 'disk-full') assert.equal('fail' in at && at.fail, 'ENOSPC');
  }
  await each.check(folder);
  if (code === 0) await each.checkDone(folder);
  await must(...words);
  await each.checkDone(folder);
  return code === 0 ? 'done' : json.error.code;
}
