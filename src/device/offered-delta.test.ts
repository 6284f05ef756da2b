import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { SatchelError } from '../base/errors.ts';
import { type BuildName, buildName, type Sha256 } from '../base/identifiers.ts';
import { serialiseIndex } from '../build/index-format.ts';
import { type DeltaHead, type SegmentEntry, serialiseHead } from '../delta/delta-format.ts';
import { makeIndexPatch } from '../delta/index-patch.ts';
import { deltaFile } from '../repository/layout.ts';
import type { DeltaReference } from '../repository/records.ts';
import { memoryStore } from '../store/memory.ts';
import { emptyDevice, entriesFrom, installVersion } from './device.fixture.ts';
import { indexFile } from './layout.ts';
import { isUnservable, offeredDelta, openDelta } from './offered-delta.ts';
import { openSpool } from './spool.ts';
import type { Wanted } from './wanted.ts';

const one = buildName('one');
const sha256 = (bytes: Uint8Array | string) => hash('sha256', bytes) as Sha256;
const segment: SegmentEntry = {
  length: 100,
  sha256: sha256('segment'),
  output: 10,
  base: 0,
  memory: 500,
  objects: 1,
};

type Changes = {
  readonly head?: Partial<DeltaHead>;
  readonly reference?: Partial<DeltaReference>;
  /** What the source has in the place of the head. */
  readonly sent?: (head: Buffer) => Buffer;
};

/** A device with one build, and a source that has the head of a delta to another. */
async function sceneOf(context: TestContext, { head, reference, sent }: Changes = {}) {
  const layout = emptyDevice(context);
  const { index, entries } = await installVersion(layout, 'one', { file: 'old' });
  const next = serialiseIndex(entriesFrom({ file: 'new', more: 'content' }).entries);
  const to = sha256(next);
  const indexPatch = makeIndexPatch(serialiseIndex(entries), next);
  const bytes = serialiseHead({ from: index, to, indexPatch, segments: [segment], ...head });
  const delta: DeltaReference = {
    ...{ from: one, fromIndex: index, stored: sha256('delta'), length: bytes.length + segment.length },
    ...{ head: { length: bytes.length, sha256: sha256(bytes) }, memory: 500, output: 10, why: 'asked' },
    ...reference,
  };
  const store = memoryStore();
  await store.put(deltaFile(delta.stored), sent?.(bytes) ?? bytes);
  const said: string[] = [];
  const options = {
    layout,
    store,
    spool: openSpool(layout.spool),
    wanted: wantedWith(to, next.length, delta),
    reporter: { progress() {}, notice: (code: string) => void said.push(code) },
  };
  return { options, delta, next, to, said, open: () => openDelta(options, delta) };
}

function wantedWith(index: Sha256, size: number, delta: DeltaReference): Wanted {
  const name: BuildName = buildName('two');
  const file = { stored: sha256('x'), length: 1, sha256: index, size };
  return {
    build: {
      ...{
        satchel: 'build',
        format: 1,
        name,
        index: file,
        published: '2020-01-01T00:00:00.000Z',
        sequence: 2,
      },
      contents: { sha256: sha256('c'), length: 1, type: 'olpc-contents-x', hash: sha256('h') },
      tree: { entries: 3, files: 2, bytes: 10 },
      ...{ waypoint: false, minimumClient: '', notes: '' },
    },
    deltas: {
      satchel: 'deltas',
      format: 1,
      build: name,
      map: file,
      everything: 1,
      costs: [],
      deltas: [delta],
    },
  };
}

test('a delta is offered to whoever has the index that it leads from, whatever its name is', async (context) => {
  const { options, delta } = await sceneOf(context, { reference: { from: buildName('renamed') } });
  assert.equal(offeredDelta(options.layout, one, options.wanted), delta);
  assert.equal(offeredDelta(options.layout, buildName('renamed'), options.wanted), undefined);
});

test('a delta from another build of the same name is not offered', async (context) => {
  const { options } = await sceneOf(context, { reference: { fromIndex: sha256('other') } });
  assert.equal(offeredDelta(options.layout, one, options.wanted), undefined);
});

test('the head makes the new index, which is kept, and is not received again', async (context) => {
  const { options, delta, to, open, said } = await sceneOf(context);
  const opened = await open();
  assert.deepEqual(opened?.delta.head.segments, [segment]);
  assert.deepEqual(
    [...opened!.index.entries].map(({ path }) => path),
    ['', 'file', 'more'],
  );
  assert.equal(opened?.index.objects.length, 2);
  assert.equal(options.spool.size(), delta.head.length);
  rmSync(indexFile(options.layout, delta.fromIndex));
  const again = await open();
  assert.deepEqual([...again!.index.entries], [...opened!.index.entries], to);
  assert.deepEqual(said, []);
});

test('a device that has lost the old index has no use for the delta', async (context) => {
  const { options, delta, open, said } = await sceneOf(context);
  rmSync(indexFile(options.layout, delta.fromIndex));
  assert.equal(await open(), undefined);
  assert.deepEqual(said, ['delta-of-no-use']);
});

const wrong: Readonly<Record<string, Changes>> = {
  'with other bytes': { sent: (head) => Buffer.alloc(head.length) },
  'that ends early': { sent: (head) => head.subarray(1) },
  'of no bytes': { reference: { head: { length: 0, sha256: sha256('') } } },
  'from another build': { head: { from: sha256('other') } },
  'to another build': { head: { to: sha256('other') } },
  'with another index': { head: { indexPatch: makeIndexPatch(Buffer.from('a\n'), Buffer.from('b\n')) } },
  'whose segments need more memory than the record says': { reference: { memory: 499 } },
  'whose archives need more of the disk than the record says': {
    head: { archives: [{ objects: [{ first: 0, count: 1 }], length: 100 }] },
    reference: { scratch: 99 },
  },
  'whose archives the record does not speak of': {
    head: { archives: [{ objects: [{ first: 0, count: 1 }], length: 1 }] },
  },
  'whose segments are not as long as the file': { head: { segments: [segment, segment] } },
};
for (const [what, changes] of Object.entries(wrong))
  test(`a head ${what} is of no use, which is said`, async (context) => {
    const { open, said } = await sceneOf(context, changes);
    assert.equal(await open(), undefined);
    assert.deepEqual(said, ['delta-of-no-use']);
  });

test('what the source will never give is told from a link that is down', () => {
  for (const code of ['store-not-found', 'source-has-not'] as const)
    assert.equal(isUnservable(new SatchelError(code, {})), true);
  for (const code of ['store-unreachable', 'source-has-not-yet', 'cancelled'] as const)
    assert.equal(isUnservable(new SatchelError(code, {})), false);
});
