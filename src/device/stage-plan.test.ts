import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { byteStringFromText } from '../base/byte-string.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { FileEntry, IndexEntry, InodeEntry } from '../build/entry.ts';
import { type BaseState, planStage } from './stage-plan.ts';

const metadata = { mode: 0o644, uid: 0, gid: 0, mtime: [1_700_000_000, 0], xattrs: [] } as const;
const sha256 = (text: string) => hash('sha256', text) as Sha256;
const file = (path: string, content: string, more: Partial<FileEntry> = {}): FileEntry => ({
  ...metadata,
  type: 'file',
  path: byteStringFromText(path),
  size: content.length,
  sha256: sha256(content),
  ...more,
});
const root: InodeEntry = { ...metadata, mode: 0o755, type: 'directory', path: byteStringFromText('') };
const hardlink = (path: string, link: string): IndexEntry => ({
  type: 'hardlink',
  path: byteStringFromText(path),
  link: byteStringFromText(link),
});
const base = (entries: IndexEntry[], state: (path: string) => BaseState = () => 'clean') => ({
  entries,
  check: (number: number) => state(entries[number]?.path ?? ''),
});

test('a file with equal content and metadata is linked', () => {
  const plan = planStage([root, file('a', 'x')], base([root, file('a', 'x')]));
  assert.deepEqual(plan.links, [1]);
  assert.equal(plan.objects.size, 0);
});

for (const [what, change] of [
  ['time', { mtime: [1_700_000_001, 0] }],
  ['fraction of the time', { mtime: [1_700_000_000, 1] }],
  ['mode', { mode: 0o4755 }],
  ['owner', { uid: 1 }],
  ['group', { gid: 1 }],
  [
    'attributes',
    { xattrs: [{ name: byteStringFromText('security.capability'), value: byteStringFromText('v') }] },
  ],
] as const) {
  test(`a file that differs only in its ${what} is copied on the device, never linked and never fetched`, () => {
    const plan = planStage([root, file('a', 'x', change)], base([root, file('a', 'x')]));
    assert.deepEqual(plan.links, []);
    assert.deepEqual(plan.objects.get(sha256('x'))?.source, { path: 'a', position: 0 });
    assert.deepEqual(plan.metadataOnly, { files: 1, bytes: 1 });
  });
}

test('content that moved is copied from where it was', () => {
  const plan = planStage([root, file('new/name', 'x')], base([root, file('old', 'x')]));
  assert.equal(plan.objects.get(sha256('x'))?.source?.path, 'old');
});

test('content that the base has not is fetched', () => {
  const plan = planStage([root, file('a', 'y')], base([root, file('a', 'x')]));
  assert.equal(plan.objects.get(sha256('y'))?.source, undefined);
});

test('a damaged file of the base is fetched and reported', () => {
  const plan = planStage(
    [root, file('a', 'x')],
    base([root, file('a', 'x')], () => 'damaged'),
  );
  assert.equal(plan.objects.get(sha256('x'))?.source, undefined);
  assert.deepEqual(plan.damaged, ['a']);
});

test('a file of the base whose attributes changed is copied, because its inode is not what it was', () => {
  const plan = planStage(
    [root, file('a', 'x')],
    base([root, file('a', 'x')], () => 'content-right'),
  );
  assert.deepEqual(plan.links, []);
  assert.equal(plan.objects.get(sha256('x'))?.source?.path, 'a');
});

test('an equal hard-link group is linked name by name', () => {
  const entries = [root, file('a', 'x'), hardlink('b', 'a')];
  assert.deepEqual(planStage(entries, base(entries)).links, [1, 2]);
});

test('a group that gained a name gets a new inode, so that the old version does not get the name', () => {
  const plan = planStage(
    [root, file('a', 'x'), hardlink('b', 'a')],
    base([root, file('a', 'x'), file('b', 'x')]),
  );
  assert.deepEqual(plan.links, []);
  assert.deepEqual(plan.hardLinks, [2]);
});

test('a group that lost a name gets a new inode', () => {
  const plan = planStage(
    [root, file('a', 'x'), file('b', 'x')],
    base([root, file('a', 'x'), hardlink('b', 'a')]),
  );
  assert.deepEqual(plan.links, []);
  assert.equal(plan.objects.get(sha256('x'))?.targets.length, 2);
});

test('an empty file needs no object', () => {
  const plan = planStage([root, file('a', '')], undefined);
  assert.deepEqual(plan.small, [1]);
  assert.equal(plan.objects.size, 0);
});

test('the chunks of a large file are taken from the same chunks of the base', () => {
  const chunk = (text: string) => ({ sha256: sha256(text), size: 1_000_000 });
  const large = (path: string, chunks: string[]) =>
    file(path, '', {
      size: chunks.length * 1_000_000,
      sha256: sha256(chunks.join()),
      chunks: chunks.map(chunk),
    });
  const plan = planStage([root, large('big', ['p', 'n', 'q'])], base([root, large('big', ['p', 'o', 'q'])]));
  assert.deepEqual(plan.objects.get(sha256('q'))?.source, { path: 'big', position: 2_000_000 });
  assert.equal(plan.objects.get(sha256('n'))?.source, undefined);
});
