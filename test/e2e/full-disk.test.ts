/** Real file systems without room, at many sizes, so that the end of the room comes at every stage. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { buildName } from '../../src/base/identifiers.ts';
import { deviceLayout, pristineTree } from '../../src/device/layout.ts';
import { discard } from '../../src/os/discard.testkit.ts';
import { assertSentence, must, runCommand } from '../doubles/command.ts';
import { isComplete } from '../doubles/crash-run.ts';
import {
  assertBootable,
  assertReadable,
  copyDevice,
  copyRepository,
  deviceInit,
  inodesOf,
  makeWorld,
  type World,
} from '../doubles/crash-world.ts';

const mebibyte = 1024 * 1024;

/** What the planner keeps free (see `diskReserve`); less than that is refused before anything is fetched. */
const reserve = 16 * mebibyte;

const skip = whyNot();

/** Why no file system can be mounted here, or false. */
function whyNot(): string | false {
  if (process.getuid?.() !== 0) return 'NOT TESTED: mounting a file system needs root';
  const place = mkdtempSync(join(tmpdir(), 'satchel-mount-'));
  try {
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', 'none', place], { encoding: 'utf8' });
    if (status !== 0) return `NOT TESTED: this machine does not let tests mount a file system: ${stderr}`;
    execFileSync('umount', [place]);
    return false;
  } finally {
    rmSync(place, { recursive: true });
  }
}

let world: World;
before(async () => {
  if (skip === false) world = await makeWorld();
});
after(() => world?.remove());

/** Mounts a file system for a test; `ext4` in a file, `tmpfs` in memory. */
function mounted(context: TestContext, kind: 'tmpfs' | 'ext4', bytes: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'satchel-full-'));
  const place = join(folder, 'disk');
  mkdirSync(place);
  if (kind === 'tmpfs') execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'none', place]);
  else {
    const image = join(folder, 'image');
    writeFileSync(image, '');
    truncateSync(image, bytes);
    execFileSync('mkfs.ext4', ['-q', '-F', '-m', '0', '-b', '1024', image]);
    execFileSync('mount', ['-o', 'loop', image, place]);
  }
  context.after(() => {
    execFileSync('umount', ['-l', place]);
    rmSync(folder, { recursive: true, force: true });
  });
  return place;
}

/** Leaves so many bytes free on a file system, until it is called with undefined. */
function leaveFree(place: string, bytes: number | undefined): void {
  const ballast = join(place, 'ballast');
  rmSync(ballast, { force: true });
  if (bytes === undefined) return;
  const { bavail, bsize } = statfsSync(place);
  const length = bavail * bsize - bytes;
  if (length > 0) spawnSync('fallocate', ['-l', String(length), ballast]);
}

/** Tries one command with more and more room until it has enough; every failure has to be a sentence. */
async function growing(
  context: TestContext,
  options: {
    readonly place: string;
    readonly sizes: readonly number[];
    readonly words: readonly string[];
    /** Lays everything out anew. */
    readonly prepare: () => void;
    readonly unchanged: () => Promise<void>;
    readonly done: () => Promise<void>;
  },
): Promise<void> {
  const { place, sizes, words, prepare, unchanged, done } = options;
  const ends: Record<string, number> = {};
  for (const size of sizes) {
    leaveFree(place, undefined);
    prepare();
    leaveFree(place, size);
    const end = await runCommand(...words);
    const name = end.code === 0 ? 'done' : end.json.error?.code;
    ends[name] = (ends[name] ?? 0) + 1;
    leaveFree(place, undefined);
    if (end.code !== 0) {
      assertSentence(end);
      assert.ok(['disk-full', 'plan-no-space', 'plan-no-inodes'].includes(name), `${size}: ${end.said}`);
      await unchanged();
      await must(...words);
    }
    await done();
  }
  context.diagnostic(`${sizes.length} sizes: ${JSON.stringify(ends)}`);
  assert.ok((ends['disk-full'] ?? 0) + (ends['plan-no-space'] ?? 0) > 0, 'some sizes are too small');
}

/** Sizes in bytes: every page at first, then in larger steps. */
function sizesUpTo(most: number, count: number, base = 0): number[] {
  return Array.from(
    { length: count },
    (_, i) => base + Math.floor((most * i ** 2) / (count - 1) ** 2 / 4096) * 4096,
  );
}

for (const [kind, count] of [
  ['tmpfs', isComplete ? 30 : 9],
  ['ext4', isComplete ? 12 : 4],
] as const) {
  test(`publishing on a full ${kind} changes nothing and works with room`, { skip }, async (context) => {
    const place = mounted(context, kind, 24 * mebibyte);
    const repo = join(place, 'repo');
    const folder = join(world.folder, `clients-${kind}`);
    mkdirSync(folder, { recursive: true });
    await growing(context, {
      place,
      sizes: sizesUpTo(mebibyte, count),
      words: ['publish', '--repo', repo, world.archives.b2],
      prepare() {
        discard(repo);
        discard(`${repo}.keys`);
        copyRepository(world.first, repo);
      },
      unchanged: async () => assert.equal(await assertReadable(world, repo, folder), 'b1'),
      done: async () => assert.equal(await assertReadable(world, repo, folder), 'b2'),
    });
  });

  test(`a device on a full ${kind} keeps its version and updates with room`, { skip }, async (context) => {
    const place = mounted(context, kind, 48 * mebibyte);
    const layout = deviceLayout(join(place, 'device'));
    const tree = pristineTree(layout, buildName('b1'));
    let inodes: ReturnType<typeof inodesOf>;
    await growing(context, {
      place,
      // Below the reserve the plan is refused; the rest is the little that comes before the plan.
      sizes: [...sizesUpTo(mebibyte / 2, count), reserve, reserve + mebibyte, reserve + 4 * mebibyte],
      words: ['update', '--root', layout.root],
      prepare() {
        discard(layout.root);
        copyDevice(world.device, layout.root);
        inodes = inodesOf(tree);
      },
      async unchanged() {
        assertBootable(world, layout, ['b1']);
        assert.deepEqual(inodesOf(tree), inodes);
      },
      async done() {
        assertBootable(world, layout, ['b2']);
        assert.deepEqual(inodesOf(tree), inodes);
      },
    });
  });

  test(`making a device on a full ${kind} works with room`, { skip }, async (context) => {
    const place = mounted(context, kind, 48 * mebibyte);
    const layout = deviceLayout(join(place, 'device'));
    await growing(context, {
      place,
      sizes: sizesUpTo(mebibyte / 8, count),
      words: deviceInit(layout.root, world.second),
      prepare: () => discard(layout.root),
      unchanged: async () => {},
      async done() {
        await must('update', '--root', layout.root);
        assertBootable(world, layout, ['b2']);
      },
    });
  });
}
