/** What the tests of hostile deltas share: devices that meet a forged delta, and ways to forge one. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import type { SegmentEntry } from '../../src/delta/delta-format.ts';
import { runCommand } from '../doubles/command.ts';
import { type DeltaStory, deviceWithFirst, publishDeltaStory } from '../doubles/delta-story.ts';
import { type Forgery, forgeDelta, type LooseDelta, type LooseSegment } from '../doubles/forged-delta.ts';
import { assertSameTree, describeTree } from '../doubles/same-tree.ts';
import { pristine } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';

/** What the program says when a delta gives way to another. */
export const noUse = /The delta from os-1 to os-2 is of no use/;

/** A device that runs `os-1`, and a repository with a forged delta to `os-2`. */
export type HostilePlace = { readonly root: string; readonly source: string; remove(): void };

/** A repository with a delta that can be forged, and devices that can meet it. */
export type HostileStory = {
  readonly story: DeltaStory;
  place(forgery: Forgery): Promise<HostilePlace>;
  /** Fails unless the device has exactly the tree that was published. */
  assertRight(place: HostilePlace): void;
  /** Updates with a forged delta, which has to make the right tree and to say that the delta was of no use. */
  survive(forgery: Forgery, plan: 'delta' | 'objects'): Promise<void>;
  remove(): void;
};

/** Publishes both builds and installs the first. */
export async function prepareHostileStory(name: string): Promise<HostileStory> {
  const scratch = scratchFolder(name);
  const story = await publishDeltaStory(scratch);
  const expected = describeTree(story.trees[1]);
  await deviceWithFirst(story, scratch.file('template'), story.repository);
  let forged = 0;
  const assertRight = ({ root }: HostilePlace) => assertSameTree(pristine(root, 'os-2'), expected);
  const place = async (forgery: Forgery): Promise<HostilePlace> => {
    forged += 1;
    const [root, source] = [scratch.file(`device-${forged}`), scratch.file(`repository-${forged}`)];
    assert.equal(spawnSync('cp', ['-a', scratch.file('template'), root]).status, 0);
    await forgeDelta(story, source, forgery);
    return {
      root,
      source,
      remove() {
        for (const path of [root, source]) rmSync(path, { recursive: true });
      },
    };
  };
  return {
    story,
    place,
    assertRight,
    async survive(forgery, plan) {
      const here = await place(forgery);
      const { code, json, said } = await runCommand('update', '--root', here.root, '--source', here.source);
      assert.deepEqual([code, json.plan], [0, plan], said);
      assert.match(said, noUse);
      assert.equal(json.damaged, undefined, 'the base is not to blame');
      assertRight(here);
      here.remove();
    },
    remove: () => scratch.remove(),
  };
}

const inSegment =
  (change: (segment: LooseSegment) => LooseSegment) =>
  (delta: LooseDelta): LooseDelta => ({ ...delta, segments: delta.segments.map(change) });
/** Changes what the head says of the segment. */
export const saying = (change: (entry: SegmentEntry) => Partial<SegmentEntry>): Forgery => ({
  delta: inSegment(({ bytes, entry }) => ({ bytes, entry: { ...entry, ...change(entry) } })),
});
/** Other bytes in the place of the segment's. */
export const holding = (change: (bytes: Buffer) => Buffer): Forgery => ({
  delta: inSegment(({ bytes, entry }) => ({ entry, bytes: change(bytes) })),
});
/** Changes the patch that makes the index. */
export const patching = (change: (patch: Uint8Array) => Uint8Array): Forgery => ({
  delta: ({ head, segments }) => ({ segments, head: { ...head, indexPatch: change(head.indexPatch) } }),
});
