/** Builds and indexes for the fuzzing of deltas: small, and with everything that a delta can say. */
import { hash } from 'node:crypto';
import { makePatch } from '../../src/delta/binary-patch.ts';
import { makeContent } from '../../src/delta/gzip.testkit.ts';
import {
  type PieceSpec,
  partSample,
  relocatedSample,
  type Sample,
  sampleFrom,
  sampleOf,
} from '../../src/delta/segment.testkit.ts';

const spec: PieceSpec = {
  kind: 'patch',
  outputs: 1,
  bases: 1,
  unpacksBase: false,
  packsOutput: false,
  isReversed: false,
  seed: 7,
  length: 600,
};
const plain: PieceSpec = { ...spec, kind: 'plain', seed: 1 };
const dictionary: PieceSpec = { ...spec, kind: 'dictionary', seed: 2 };
/** Pieces of every kind between two builds, with gzip files, several objects and other orders among them. */
export const samples: readonly Sample[] = [
  [plain, spec, dictionary],
  [{ ...spec, outputs: 3, bases: 3, isReversed: true }, plain, { ...spec, seed: 4, length: 2000 }],
  [{ ...spec, unpacksBase: true, packsOutput: true, outputs: 2, bases: 2, seed: 9 }, dictionary],
  [{ ...dictionary, unpacksBase: true, packsOutput: true, isReversed: true, outputs: 3, seed: 11 }, spec],
  [{ ...dictionary, outputs: 2, bases: 3, seed: 5 }, { ...plain, outputs: 3 }, dictionary],
]
  .map(sampleOf)
  .concat(binarySample(), partSample(), relocatedSample());

/** Three patches of bytes like a program's: runs of differences of all lengths, near and far from each other. */
function binarySample(): Sample {
  const oldObjects = ['f', 'g', 'h'].map((name) => makeContent('noise', 2500, name.charCodeAt(0)));
  const newObjects = oldObjects.map((base) => {
    const made = Buffer.from(base);
    for (const [at, length] of [
      [5, 1],
      [9, 2],
      [300, 3],
      [310, 1],
      [500, 4],
      [900, 9],
      [1000, 1],
      [2000, 2],
    ] as const)
      for (let offset = 0; offset < length; offset += 1) made[at + offset]! += 3 + 70 * offset;
    return Buffer.concat([made.subarray(0, 1200), Buffer.from('something else'), made.subarray(1100)]);
  });
  const pieces = newObjects.map((made, ordinal) => ({
    kind: 'patch' as const,
    outputs: [ordinal],
    bases: [ordinal],
    patch: makePatch(oldObjects[ordinal]!, made),
  }));
  return sampleFrom({ oldObjects, newObjects, pieces });
}

/** Two indexes that differ in every way that a patch knows. */
export function sampleIndexes(): readonly [Buffer, Buffer] {
  const line = (path: string, rest: string) =>
    `{"path":"${path}","type":${rest}\n`.replace('@', '"mode":420,"uid":0,"gid":0,"mtime":');
  const name = (number: number) => hash('sha256', `${number}`);
  const file = (path: string, mtime: number, content: number) =>
    line(path, `"file",@[${mtime},0],"size":${content + 1},"sha256":"${name(content)}"}`);
  const root = line('', '"directory",@[0,0]}');
  const chunks = (first: number) => `"chunks":[["${name(first)}",1048576],["${name(77)}",${first}]]`;
  const large = (first: number) =>
    line('m', `"file",@[5,1],"size":${1048576 + first},"sha256":"${name(first + 1)}",${chunks(first)}}`);
  const build = (lines: readonly string[]) =>
    Buffer.from(`{"satchel":"index","format":1}\n${root}${lines.join('')}`);
  const numbers = Array.from({ length: 12 }, (_, number) => number);
  const old = numbers.map((number) => file(`a${number + 10}`, 1e9 + number, number));
  const renewed = numbers.map((number) =>
    file(`a${number + 10}`, 1e9 + number * 2, number % 3 ? number : 50 + number),
  );
  const moved = file('b', 7, 3);
  return [
    build([...old, large(9), file('z', 7, 300)]),
    build([
      ...renewed.slice(0, 6),
      ...renewed.slice(8),
      moved,
      large(11),
      line('n', '"fifo",@[-1,5]}'),
      file('y', 7, 300),
    ]),
  ];
}
