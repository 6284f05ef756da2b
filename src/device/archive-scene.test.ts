import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { isSatchelError } from '../base/errors.ts';
import type { Archive } from '../delta/delta-format.ts';
import { makeContent } from '../delta/gzip.testkit.ts';
import { writeScratch } from '../os/scratch-file.ts';
import { archiveReader, openArchiveScene } from './archive-scene.ts';

const folder = mkdtempSync(join(tmpdir(), 'archive-scene-'));
after(() => rmSync(folder, { recursive: true }));

const contents = [makeContent('words', 300_000, 1), makeContent('noise', 100_000, 2)] as const;
/** Two gzip files, the first in two objects, and something else. */
const [first, second] = contents.map((raw) => gzipSync(raw)) as [Buffer, Buffer];
const objects: readonly Buffer[] = [
  first.subarray(0, 5000),
  second,
  first.subarray(5000),
  Buffer.from('no gzip'),
];
const archives: readonly Archive[] = [
  {
    objects: [
      { first: 0, count: 1 },
      { first: 2, count: 1 },
    ],
    length: contents[0].length,
  },
  { objects: [{ first: 1, count: 1 }], length: contents[1].length },
];

/** Reads of archives; `asked` are the old objects that were read for it. */
function openReader(
  list: readonly Archive[],
  readObject = (ordinal: number): Uint8Array | undefined => Buffer.from(objects[ordinal]!),
) {
  const opened = openArchiveScene(folder, list);
  const asked: number[] = [];
  const reader = archiveReader(opened.scene!, objects.length, (ordinal) => {
    asked.push(ordinal);
    return readObject(ordinal);
  });
  const read = (number: number, position: number, length: number) => {
    const into = Buffer.alloc(length);
    return reader.read(number, position, into) ? into : undefined;
  };
  return { reader, asked, read, [Symbol.dispose]: () => opened[Symbol.dispose]() };
}

/** Another thread, which finishes what is said to be under way. */
const otherThread = `
const { workerData: { progress, state } } = require('node:worker_threads');
Atomics.store(progress, 0, state);
Atomics.notify(progress, 0);
`;

const isDamaged = (error: unknown) => isSatchelError(error, 'delta-damaged');

test('archives are unpacked when they are first asked for, and only once', () => {
  using open = openReader(archives);
  assert.deepEqual(open.reader.sizes, [300_000, 100_000]);
  assert.deepEqual(open.asked, []);
  assert.deepEqual(open.read(1, 99_000, 1000), contents[1].subarray(99_000));
  assert.deepEqual(open.asked, [1]);
  assert.deepEqual(open.read(0, 0, 300_000), contents[0]);
  assert.deepEqual(open.read(0, 123_456, 7), contents[0].subarray(123_456, 123_463));
  assert.deepEqual(open.read(1, 0, 10), contents[1].subarray(0, 10));
  assert.deepEqual(open.asked, [1, 0, 2]);
});

test('there is no name of the file in which they lie, so that nothing is left of it after a kill', () => {
  using open = openReader(archives);
  open.read(0, 0, 1);
  assert.deepEqual(readdirSync(folder), []);
});

test('an old object that is wrong costs what is made from its archive, and nothing else', () => {
  using open = openReader(archives, (ordinal) => (ordinal === 2 ? undefined : objects[ordinal]));
  assert.equal(open.read(0, 0, 10), undefined);
  assert.equal(open.read(0, 0, 10), undefined);
  assert.deepEqual(open.asked, [0, 2]);
  assert.deepEqual(open.read(1, 0, 10), contents[1].subarray(0, 10));
});

const lies: [string, Archive][] = [
  ['is no gzip file', { objects: [{ first: 3, count: 1 }], length: 10 }],
  ['unpacks to more than stated', { ...archives[0]!, length: 299_999 }],
  ['unpacks to less than stated', { ...archives[0]!, length: 300_001 }],
  ['is only a part of a file', { objects: [{ first: 0, count: 1 }], length: 300_000 }],
  ['is of objects that there are not', { objects: [{ first: 3, count: 2 }], length: 10 }],
];
for (const [what, archive] of lies)
  test(`an archive that ${what} is refused, and keeps nobody from the one beside it`, () => {
    using open = openReader([archive, archives[1]!]);
    for (let time = 0; time < 2; time += 1) assert.throws(() => open.read(0, 0, 1), isDamaged);
    assert.deepEqual(open.read(1, 0, 100_000), contents[1]);
    assert.throws(() => open.read(0, 0, 1), isDamaged);
    assert.deepEqual(open.read(1, 0, 100_000), contents[1]);
  });

for (const [state, what] of [
  [2, contents[0].subarray(0, 10)],
  [3, undefined],
] as const)
  test(`an archive that another thread unpacks is waited for (${what ? 'right' : 'wrong in the end'})`, async () => {
    using opened = openArchiveScene(folder, archives);
    const scene = opened.scene!;
    scene.progress[0] = 1;
    const other = new Worker(otherThread, { eval: true, workerData: { progress: scene.progress, state } });
    writeScratch(scene.fd, contents[0], 0);
    const reader = archiveReader(scene, objects.length, () => assert.fail('it is unpacked already'));
    const into = Buffer.alloc(10);
    assert.deepEqual(reader.read(0, 0, into) ? into : undefined, what);
    await once(other, 'exit');
  });

test('a bomb fills no more of the disk than was stated', () => {
  const bomb = gzipSync(Buffer.alloc(20_000_000));
  const list = [{ objects: [{ first: 0, count: 1 }], length: 5000 }, archives[1]!];
  using open = openReader(list, (ordinal) => (ordinal === 0 ? bomb : objects[ordinal]));
  assert.deepEqual(open.read(1, 0, 100_000), contents[1]);
  assert.throws(() => open.read(0, 0, 1), isDamaged);
  assert.deepEqual(open.read(1, 0, 100_000), contents[1]);
});

test('a disk that is full is told as it is, and nobody waits for ever', () => {
  const failing = () => {
    throw new Error('the disk is full');
  };
  using open = openReader(archives, failing);
  assert.throws(() => open.read(0, 0, 1), /full/);
  assert.equal(open.read(0, 0, 1), undefined);
});
