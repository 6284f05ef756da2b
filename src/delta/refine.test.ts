import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { heldSide } from './delta-side.testkit.ts';
import { matchBuilds } from './match.ts';
import { createRefiner } from './refine.ts';

/** Bytes that no compressor makes smaller, always the same for a seed. */
function noise(seed: string, length: number): Buffer {
  const parts: Buffer[] = [];
  for (let number = 0; number * 32 < length; number += 1)
    parts.push(createHash('sha256').update(`${seed} ${number}`).digest());
  return Buffer.concat(parts).subarray(0, length);
}

test('what moved from the end of a large file to its start is made from where it was', async () => {
  const part = noise('part', 500_000);
  const touched = Buffer.from(part);
  // So often that no object stays as it was.
  for (let place = 0; place < touched.length; place += 2000) touched[place]! ^= 1;
  const from = await heldSide({ 'big-1': Buffer.concat([noise('a', 12_000_000), part]) });
  const to = await heldSide({ 'big-2': Buffer.concat([touched, noise('b', 100_000)]) });
  const target = { ...matchBuilds(from, to)[0]! };
  const file = from.objects.map((_, ordinal) => ordinal);
  const candidate = { bases: file.slice(0, 8), isWholeFile: false, file };
  const content = Buffer.concat(target.outputs.map(to.contentOf));
  const refined = await createRefiner(from).refine(
    { ...target, candidates: [candidate] },
    content,
    undefined,
  );
  const { bases } = refined.candidates[0]!;
  assert.ok(bases.includes(file.at(-2)!), `${bases}`);
  const lengthOf = (ordinals: readonly number[]) =>
    ordinals.reduce((sum, ordinal) => sum + from.objects[ordinal]!.size, 0);
  assert.ok(lengthOf(bases) <= lengthOf(candidate.bases));
  assert.deepEqual(
    [...bases].sort((a, b) => a - b),
    bases,
  );
});

test('a base that is a whole file stays', async () => {
  const from = await heldSide({ a: noise('a', 5000) });
  const to = await heldSide({ a: noise('b', 5000) });
  const target = matchBuilds(from, to)[0]!;
  const refined = await createRefiner(from).refine(target, to.contentOf(0), undefined);
  assert.deepEqual(refined, target);
});

/** A file of which each object changed a little, and the same file as it was, for a refiner that counts what it reads. */
async function touchedFile() {
  const old = noise('long', 3_000_000);
  const touched = Buffer.from(old);
  for (let place = 0; place < touched.length; place += 2000) touched[place]! ^= 1;
  const from = await heldSide({ 'big-1': old });
  const to = await heldSide({ 'big-2': touched });
  const file = from.objects.map((_, ordinal) => ordinal);
  const candidate = { bases: file.slice(0, 2), isWholeFile: false, file };
  const target = { ...matchBuilds(from, to)[0]!, candidates: [candidate] };
  let read = 0;
  const counting: typeof from = {
    ...from,
    async read(ordinals, signal) {
      read += ordinals.length;
      return from.read(ordinals, signal);
    },
  };
  return { counting, target, file, readObjects: () => read, content: touched.subarray(0, 400_000) };
}

test('a file is read once for all windows that may be made from it', async () => {
  const { counting, target, file, readObjects, content } = await touchedFile();
  const other = { ...target.candidates[0]!, file: [...file] };
  const refiner = createRefiner(counting);
  for (let window = 0; window < 3; window += 1)
    await refiner.refine({ ...target, candidates: [target.candidates[0]!, other] }, content, undefined);
  assert.equal(readObjects(), 2 * file.length);
});

test('a file that is longer than what may be sketched is not read, and its bases stay', async () => {
  const { counting, target, readObjects, content } = await touchedFile();
  const refined = await createRefiner(counting, 2_000_000).refine(target, content, undefined);
  assert.deepEqual([refined, readObjects()], [target, 0]);
});
