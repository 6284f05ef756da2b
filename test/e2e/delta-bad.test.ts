/** Deltas that come damaged, short or not at all: the update takes the next way, and says so, within its budget. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { runCommand } from '../doubles/command.ts';
import { type DeltaStory, deltaBetween, deviceWithFirst, publishDeltaStory } from '../doubles/delta-story.ts';
import { type FaultRule, type FaultServer, startFaultServer } from '../doubles/fault-server.ts';
import { newDevice, prepareDeltaTransfer } from '../doubles/killed-transfer.ts';
import { assertSameTree, describeTree } from '../doubles/same-tree.ts';
import { pristine } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';

const scratch = scratchFolder('delta-bad');
const noUse = /The delta from os-1 to os-2 is of no use/;
let story: DeltaStory;
let server: FaultServer;
let expected: ReturnType<typeof describeTree>;
let devices = 0;

/** A device of its own that runs `os-1`. */
function device(): string {
  devices += 1;
  const root = scratch.file(`device-${devices}`);
  assert.equal(spawnSync('cp', ['-a', scratch.file('template'), root]).status, 0);
  return root;
}

const ofDelta = (fault: FaultRule['fault'], more: Partial<FaultRule> = {}): FaultRule[] => [
  { pattern: '^/deltas/', fault, ...more },
];
const flipped = (offset: number, times?: number) =>
  ofDelta({ kind: 'flip', offset }, times === undefined ? {} : { times });

/** An update from a server with these faults that has to make the right tree; what it did and said. */
async function updated(rules: readonly FaultRule[]) {
  server.setRules(rules);
  const root = device();
  const { code, json, said } = await runCommand('update', '--root', root);
  assert.equal(code, 0, said);
  assert.equal(json.damaged, undefined, 'the base is not to blame');
  assertSameTree(pristine(root, 'os-2'), expected);
  return { plan: json.plan as string, said };
}

before(async () => {
  story = await publishDeltaStory(scratch);
  expected = describeTree(story.trees[1]);
  server = await startFaultServer(story.repository);
  await deviceWithFirst(story, scratch.file('template'), server.url);
});

after(async () => {
  await server.close();
  scratch.remove();
});

describe('a delta with wrong bytes', () => {
  test('in its head is not used: objects are fetched instead', async () => {
    const { head } = story.delta;
    for (const offset of [0, 9, 13, 17, 25, 300, head.length - 1]) {
      const { plan, said } = await updated(flipped(offset));
      assert.equal(plan, 'objects', `byte ${offset}`);
      assert.match(said, noUse);
    }
  });

  test('in a segment gives way to objects for what the segment would have made', async () => {
    const { head, length } = story.delta;
    const places = Array.from({ length: 6 }, (_, part) =>
      Math.floor(head.length + ((length - head.length - 1) * part) / 5),
    );
    for (const offset of places) {
      const { plan, said } = await updated(flipped(offset));
      assert.equal(plan, 'delta', `byte ${offset}`);
      assert.match(said, noUse);
    }
  });

  test('is asked for once more, and used when it is right then', async () => {
    for (const offset of [3, story.delta.head.length + 5]) {
      // A damaged head is met by the first request, a damaged segment by the second.
      const { plan, said } = await updated(flipped(offset, offset === 3 ? 1 : 2));
      assert.equal(plan, 'delta');
      assert.doesNotMatch(said, noUse);
    }
  });

  test('is not fetched otherwise when that costs more than the budget', async () => {
    const limit = `${story.delta.length + 100}B`;
    for (const offset of [3, story.delta.head.length + 5]) {
      server.setRules(flipped(offset));
      const root = device();
      const { code, json } = await runCommand('update', '--root', root, '--max-bytes', limit);
      assert.deepEqual([code, json.error?.code], [4, 'plan-over-budget'], `byte ${offset}`);
      assert.deepEqual(readdirSync(`${root}/versions/pristine`), ['os-1']);
      server.setRules([]);
      assert.equal((await runCommand('update', '--root', root)).json.plan, 'delta');
      assertSameTree(pristine(root, 'os-2'), expected);
    }
  });
});

describe('a delta that a source does not have as it was signed', () => {
  const absent: Readonly<Record<string, FaultRule['fault']>> = {
    'not there': { kind: 'status', status: 404 },
    'not given': { kind: 'status', status: 403 },
    empty: { kind: 'replace', text: '' },
    'a login page': { kind: 'replace', text: '<html><body>Please accept our terms.</body></html>\n' },
    'another part than asked for': { kind: 'wrong-content-range', shift: 100 },
    'compressed on the way': { kind: 'encoding', name: 'gzip' },
  };
  for (const [name, fault] of Object.entries(absent))
    test(`(${name}) gives way to objects`, async () => {
      const { plan, said } = await updated(ofDelta(fault));
      assert.equal(plan, 'objects');
      assert.match(said, noUse);
    });

  test('(cut short) gives way wherever it ends', async () => {
    const { head, length } = story.delta;
    for (const left of [10, head.length - 1, head.length, head.length + 50, length - 1]) {
      const { plan, said } = await updated(ofDelta({ kind: 'resize', by: left - length }));
      assert.equal(plan, left < head.length ? 'objects' : 'delta', `${left} bytes`);
      assert.match(said, noUse);
    }
  });

  test('(longer than it was) is as good as the right one', async () => {
    const { plan, said } = await updated(ofDelta({ kind: 'resize', by: 1000 }));
    assert.equal(plan, 'delta');
    assert.doesNotMatch(said, noUse);
  });
});

test('a link that breaks in the middle of a delta is no reason for another way: it is tried again', async () => {
  const { plan, said } = await updated(ofDelta({ kind: 'reset', after: 2000 }, { times: 4 }));
  assert.equal(plan, 'delta');
  assert.doesNotMatch(said, noUse);
});

test('of three segments a wrong one costs what it makes; the others are used', async () => {
  const folder = scratchFolder('delta-segments');
  const transfer = await prepareDeltaTransfer(folder, { segments: 3, bytes: 100_000, bytesPerSecond: 1e9 });
  const source = await startFaultServer(transfer.repository);
  try {
    const clean = await newDevice(transfer, folder.file('clean'));
    const { json: usual } = await runCommand('update', '--root', clean, '--source', source.url);
    assert.equal(usual.plan, 'delta');
    const root = await newDevice(transfer, folder.file('device'));
    const { length } = await deltaBetween(transfer.repository, 'b1', 'b2');
    source.setRules(flipped(length - 1));
    const { json, said } = await runCommand('update', '--root', root, '--source', source.url);
    assert.match(said, /The delta from b1 to b2 is of no use/);
    assert.equal(json.plan, 'delta');
    assertSameTree(pristine(root, 'b2'), transfer.tree);
    // By objects the changed file alone would cost a megabyte.
    assert.ok(json.bytesReceived < usual.bytesReceived + 1e6, `${json.bytesReceived}`);
  } finally {
    await source.close();
    await transfer.close();
    folder.remove();
  }
});
