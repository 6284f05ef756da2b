import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { heldSide } from './delta-side.testkit.ts';
import { matchBuilds } from './match.ts';

const old = Buffer.from('the old content of a file\n');
const renewed = Buffer.from('the new content of a file\n');
const other = Buffer.from('something else altogether, as long\n');

/** The paths of the candidates for the only missing file of the second tree. */
async function candidatesOf(
  before: Readonly<Record<string, Uint8Array>>,
  after: Readonly<Record<string, Uint8Array>>,
): Promise<(string | undefined)[]> {
  const from = await heldSide(before);
  const targets = matchBuilds(from, await heldSide(after));
  assert.equal(targets.length, 1);
  return targets[0]!.candidates.map(({ bases }) => {
    const content = from.contentOf(bases[0]!);
    return Object.keys(before).find((path) => Buffer.from(before[path]!).equals(content));
  });
}

test('a file at its old path is the only candidate', async () => {
  const found = await candidatesOf({ 'a/lib.so.1': old, 'b/lib.so.1': other }, { 'a/lib.so.1': renewed });
  assert.deepEqual(found, ['a/lib.so.1']);
});

test('version numbers in names and in directories do not matter', async () => {
  assert.deepEqual(await candidatesOf({ 'lib/libfoo.so.1.2.3': old }, { 'lib/libfoo.so.1.2.4': renewed }), [
    'lib/libfoo.so.1.2.3',
  ]);
  assert.deepEqual(
    await candidatesOf({ 'modules/6.1.0-9-amd64/net.ko': old }, { 'modules/6.1.0-40-amd64/net.ko': renewed }),
    ['modules/6.1.0-9-amd64/net.ko'],
  );
});

test('a file that is packed now is like the one that was not', async () => {
  assert.deepEqual(await candidatesOf({ 'doc/changes': old }, { 'doc/changes.gz': renewed }), [
    'doc/changes',
  ]);
});

test('a file is looked for where its unchanged neighbours came from', async () => {
  const before = { 'red/one': other, 'red/two': old, 'green/two': Buffer.from('no, this is not the one\n') };
  const found = await candidatesOf(before, { 'blue/one': other, 'blue/two': renewed });
  assert.equal(found[0], 'red/two');
});

test('of files with its name those with like paths come first, and no more than three', async () => {
  const before = Object.fromEntries(
    ['x', 'y', 'z', 'share/doc'].map((place) => [
      `${place}/copyright`,
      Buffer.from(`${place}${old.toString()}`),
    ]),
  );
  const found = await candidatesOf(before, { 'usr/share/doc/copyright': renewed });
  assert.equal(found.length, 3);
  assert.equal(found[0], 'share/doc/copyright');
});

test('a file of quite another size is no candidate', async () => {
  assert.deepEqual(await candidatesOf({ 'x/a': Buffer.alloc(5000, 'x') }, { 'y/a': renewed }), []);
});

test('content that stands in two places is made once', async () => {
  const targets = matchBuilds(await heldSide({ a: old }), await heldSide({ a: renewed, b: renewed }));
  assert.equal(targets.length, 1);
});

test('the windows of a large file share one list of what they may be made from', async () => {
  const content = randomBytes(20 * 1024 * 1024);
  const touched = Buffer.from(content);
  for (const place of [1000, content.length - 1000]) touched[place]! ^= 1;
  const targets = matchBuilds(await heldSide({ big: content }), await heldSide({ big: touched }));
  assert.equal(targets.length, 2);
  assert.equal(new Set(targets.map(({ candidates }) => candidates[0]!.file)).size, 1);
});
