/** Deltas that look into a gzip file whose content is longer than a segment, as a boot image is. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Archive } from '../../src/delta/delta-format.ts';
import { runGzip } from '../../src/delta/gzip.testkit.ts';
import type { UpdatePlan } from '../../src/device/plan-update.ts';
import type { UpdateResult } from '../../src/device/update.ts';
import { setTimes } from '../../src/os/system-calls.ts';
import { must } from '../doubles/command.ts';
import { type DeltaStory, deltaBetween, deviceWithFirst } from '../doubles/delta-story.ts';
import { forgeDelta } from '../doubles/forged-delta.ts';
import { assertSameTree, snapshotOf } from '../doubles/same-tree.ts';
import { done, doneWith, pristine, startSatchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { noise } from '../doubles/story-trees.ts';
import { bytesIn, when } from '../doubles/when.ts';

const scratch = scratchFolder('delta-large-gzip');
let story: DeltaStory;

const names = { 1: 'boot/initrd.img-6.1.0-9', 2: 'boot/initrd.img-6.1.0-40' } as const;

/** Some 20 MB, of which most is easily packed: 1.3 MB of gzip. In the second version a part has moved and one is new. */
function image(version: 1 | 2): Buffer {
  const module = (number: number) => [
    noise(`module ${number}`, 100_000),
    Buffer.alloc(1_500_000, `${number} `),
  ];
  const numbers =
    version === 1 ? [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] : [2, 3, 4, 0, 5, 6, 7, 8, 12, 9, 10, 11];
  return runGzip(Buffer.concat(numbers.flatMap(module)), '-6');
}

before(async () => {
  const repository = scratch.file('repository');
  const trees = [scratch.file('tree-1'), scratch.file('tree-2')] as const;
  const { rootSha256: rootHash } = await must('init', '--repo', repository);
  for (const version of [1, 2] as const) {
    const tree = trees[version - 1]!;
    mkdirSync(`${tree}/boot`, { recursive: true });
    writeFileSync(`${tree}/${names[version]}`, image(version));
    const words = ['publish', '--repo', repository, '--name', `os-${version}`];
    await must(...words, '--deltas', '1', '--wait', tree);
  }
  const delta = await deltaBetween(repository, 'os-1', 'os-2');
  story = { repository, rootHash, trees, delta, deltaFile: `${repository}/deltas/${delta.stored}.delta` };
});

after(() => scratch.remove());

const own = (root: string) => `${root}/versions/updates/satchel`;

describe('a gzip file that is longer than a segment when it is unpacked', () => {
  test('travels as what changed in it', () => {
    const packed = statSync(`${story.trees[1]}/${names[2]}`).size;
    assert.ok(packed > 1_200_000, `${packed} bytes`);
    // The new module, of which what lies around the border of two segments is in both.
    assert.ok(story.delta.length < 100_000 + 100_000, `${story.delta.length} bytes`);
    assert.equal(story.delta.scratch, 12 * 1_600_000);
    // Format 2: an earlier program says that it is newer, and takes another way.
    assert.equal(readFileSync(story.deltaFile)[8], 2);
  });

  test('is made bit for bit, and the disk for it is a part of the plan', async () => {
    const root = await deviceWithFirst(story, scratch.file('device'), story.repository);
    const old = snapshotOf(pristine(root, 'os-1'));
    const { ways } = await done<UpdatePlan>(['plan', '--root', root]);
    const disk = (kind: string) => ways.find((way) => way.kind === kind)!.disk;
    assert.ok(disk('delta') > disk('everything') + 15_000_000, JSON.stringify(ways));
    const { report, stderr } = await doneWith<UpdateResult>(['update', '--root', root]);
    assert.equal(report.plan, 'delta', stderr);
    assert.doesNotMatch(stderr, /of no use|damaged/);
    assertSameTree(pristine(root, 'os-2'), story.trees[1]);
    assert.deepEqual(snapshotOf(pristine(root, 'os-1')), old);
    assert.equal(bytesIn(`${own(root)}/spool`), 0);
    assert.deepEqual(temporaries(root), []);
  });

  test('is fetched when the old one is damaged', async () => {
    const root = await deviceWithFirst(story, scratch.file('dirty'), story.repository);
    changeSilently(`${pristine(root, 'os-1')}/${names[1]}`);
    const { stderr } = await doneWith<UpdateResult>(['update', '--root', root]);
    assert.match(stderr, /not as they were published/);
    assertSameTree(pristine(root, 'os-2'), story.trees[1]);
  });

  test('is made after any kill, of which nothing stays on the disk', async () => {
    const root = await deviceWithFirst(story, scratch.file('killed'), story.repository);
    for (let time = 0; time < 3; time += 1) {
      const running = startSatchel(['update', '--root', root]);
      const stage = `${own(root)}/stage/os-2/${names[2]}`;
      const begun = () => existsSync(stage) && statSync(stage).blocks > time * 8;
      await when(begun, running.ended).catch(() => undefined);
      running.child.kill('SIGKILL');
      await running.ended;
    }
    await done(['update', '--root', root]);
    assertSameTree(pristine(root, 'os-2'), story.trees[1]);
    assert.deepEqual(temporaries(root), []);
  });

  const lies: Readonly<Record<string, (archive: Archive) => Archive>> = {
    'unpacks to less': (archive) => ({ ...archive, length: archive.length + 1 }),
    'unpacks to more': (archive) => ({ ...archive, length: archive.length - 1 }),
    'is only a part of a file': ({ objects, length }) => ({
      objects: [{ ...objects[0]!, count: 1 }],
      length,
    }),
    'is no gzip file': ({ length }) => ({ objects: [{ first: 1, count: 1 }], length }),
    'is of objects that there are not': ({ length }) => ({ objects: [{ first: 1000, count: 1 }], length }),
  };
  for (const [what, lie] of Object.entries(lies))
    test(`is fetched when the signed delta names an archive that ${what}`, async () => {
      const copy = scratch.file(`forged: ${what}`);
      await forgeDelta(story, copy, {
        delta: ({ head, segments }) => ({ head: { ...head, archives: head.archives!.map(lie) }, segments }),
        reference: (reference) => ({ ...reference, scratch: 1e9 }),
      });
      const root = await deviceWithFirst(story, scratch.file(`device: ${what}`), copy);
      const { stderr } = await doneWith<UpdateResult>(['update', '--root', root]);
      assert.match(stderr, /of no use/);
      assertSameTree(pristine(root, 'os-2'), story.trees[1]);
      assert.deepEqual(temporaries(root), []);
    });

  test('is fetched when the delta takes more of the disk than was signed', async () => {
    const copy = scratch.file('forged scratch');
    await forgeDelta(story, copy, { reference: ({ scratch: _scratch, ...reference }) => reference });
    const root = await deviceWithFirst(story, scratch.file('device forged scratch'), copy);
    const { stderr } = await doneWith<UpdateResult>(['update', '--root', root]);
    assert.match(stderr, /of no use/);
    assertSameTree(pristine(root, 'os-2'), story.trees[1]);
  });

  test('is proved by the check of the repository', async () => {
    const { damaged } = await must('fsck', '--repo', story.repository);
    assert.deepEqual(damaged, []);
  });
});

function temporaries(root: string): string[] {
  return readdirSync(own(root)).filter((name) => name.startsWith('.tmp.'));
}

/** Another byte in the same inode, and the time as it was, to the nanosecond. */
function changeSilently(path: string): void {
  const { mtimeNs, size } = statSync(path, { bigint: true });
  const bytes = readFileSync(path);
  const middle = Number(size / 2n);
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 0xff, middle);
  writeFileSync(path, bytes, { flag: 'r+' });
  setTimes(path, [Number(mtimeNs / 1_000_000_000n), Number(mtimeNs % 1_000_000_000n)]);
}
