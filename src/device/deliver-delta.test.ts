import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { byteStringFromText } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import { buildName, type Sha256 } from '../base/identifiers.ts';
import type { SegmentEntry } from '../delta/delta-format.ts';
import { deltaFile } from '../repository/layout.ts';
import { memoryStore } from '../store/memory.ts';
import type { ReadOptions } from '../store/store.ts';
import { createDeltaDelivery } from './deliver-delta.ts';
import { temporaryFolder } from './device.fixture.ts';
import { openSpool, readPieces } from './spool.ts';
import type { NeededObject } from './stage-plan.ts';
import type { StageOutcome } from './stage-task.ts';

const headLength = 20;
const segmentLength = 1000;
const file = 'ab'.repeat(32) as Sha256;
const nothing: StageOutcome = {
  dirty: [],
  badFrame: false,
  produced: [],
  damaged: [],
  unlinkable: [],
  owed: [],
  written: 0,
};

type Options = {
  /** Memory of each segment; three small ones when absent. */
  readonly memory?: readonly number[];
  /** Bytes of the source that are wrong, and in how many answers. */
  readonly wrong?: { readonly at: number; times: number };
  /** The object that the old build has. */
  readonly beside?: number;
  /** The source has no more of the delta than this. */
  readonly sourceLength?: number;
  /** What applying a segment that has the right bytes comes to, by its number. */
  readonly outcome?: (segment: number) => Partial<StageOutcome>;
};

/** A delta whose segment `n` makes object `n`, a source that has it, and what becomes of its delivery. */
function deltaOf(context: TestContext, options: Options = {}) {
  const { memory = [1, 1, 1], wrong, beside, sourceLength, outcome = () => ({}) } = options;
  const contents = memory.map((_, number) => Buffer.alloc(segmentLength, `segment ${number} `));
  const segments: SegmentEntry[] = contents.map((content, number) => ({
    length: content.length,
    sha256: hash('sha256', content) as Sha256,
    output: 1,
    base: 0,
    memory: memory[number]!,
    objects: 1,
  }));
  const bytes = Buffer.concat([Buffer.alloc(headLength), ...contents]);
  const kept = memoryStore();
  const asked: string[] = [];
  const store = {
    ...kept,
    async read(name: string, wanted: ReadOptions = {}) {
      const { offset = 0, length = 0 } = wanted;
      asked.push(`${offset}+${length}`);
      const reading = await kept.read(name, wanted);
      if (wrong === undefined || wrong.times < 1 || wrong.at < offset || wrong.at >= offset + length)
        return reading;
      wrong.times -= 1;
      const whole = Buffer.concat(await Array.fromAsync(reading.body));
      whole.writeUInt8(whole.readUInt8(wrong.at - offset) ^ 1, wrong.at - offset);
      return {
        ...reading,
        body: (async function* () {
          yield whole;
        })(),
      };
    },
  };
  const said: string[] = [];
  const rest: string[][] = [];
  const applied: number[] = [];
  const inside = { now: 0, most: 0 };
  let rests = 0;
  const name = buildName('one');
  const spool = openSpool(temporaryFolder(context));
  const shas = memory.map((_, number) => hash('sha256', `object ${number}`) as Sha256);
  const objects: NeededObject[] = shas.map((sha256) => ({ sha256, size: 1, targets: [] }));
  const deliver = createDeltaDelivery({
    store,
    spool,
    build: buildName('two'),
    ordinals: new Map(shas.map((sha256, ordinal) => [sha256, ordinal])),
    reporter: { progress() {}, notice: (code) => void said.push(code) },
    delta: {
      from: name,
      head: { from: file, to: file, indexPatch: Buffer.alloc(0), segments },
      reference: {
        ...{
          from: name,
          fromIndex: file,
          stored: file,
          length: bytes.length,
          memory: Math.max(...memory),
          output: 3,
          why: 'asked',
        },
        head: { length: headLength, sha256: file },
      },
    },
    beside: new Set(shas.filter((_, number) => number === beside)),
    rest: async () => {
      rests += 1;
      return async (missing) => void rest.push(missing.map(({ sha256 }) => String(shas.indexOf(sha256))));
    },
  });
  const take = async (task: Parameters<Parameters<typeof deliver>[1]>[0]): Promise<StageOutcome> => {
    if (task.kind !== 'segment') throw new Error('no frames are in a delta');
    inside.now += 1;
    inside.most = Math.max(inside.most, inside.now);
    await new Promise((done) => setImmediate(done));
    inside.now -= 1;
    const received = hash('sha256', readPieces(task.pieces));
    const number = segments.indexOf(task.segment);
    if (received !== segments[number]!.sha256) return { ...nothing, badFrame: true };
    applied.push(number);
    return { ...nothing, produced: [number], ...outcome(number) };
  };
  const ready = kept.put(deltaFile(file), bytes.subarray(0, sourceLength ?? bytes.length));
  return {
    spool,
    said,
    rest,
    asked,
    applied,
    inside,
    bytes,
    rests: () => rests,
    run: async (signal?: AbortSignal) => {
      await ready;
      await deliver(objects, take, signal);
    },
    again: () => deliver(objects.slice(0, 1), take),
  };
}

async function receive(delta: ReturnType<typeof deltaOf>, start: number, end: number): Promise<void> {
  const writer = delta.spool.append(file, start);
  await writer.write(delta.bytes.subarray(start, end));
  await writer.close();
}

test('all segments are asked for at once and applied; nothing else is fetched', async (context) => {
  const delta = deltaOf(context);
  await delta.run();
  assert.deepEqual([delta.asked, delta.applied], [['20+3000'], [0, 1, 2]]);
  assert.deepEqual([delta.rest, delta.said], [[], []]);
});

test('what has been received is applied and not asked for, wherever it ends', async (context) => {
  const delta = deltaOf(context);
  await receive(delta, 20, 1500);
  await delta.run();
  assert.deepEqual([delta.asked, delta.applied.sort()], [['1500+1520'], [0, 1, 2]]);
});

test('a segment whose end is there before its beginning is applied', async (context) => {
  const delta = deltaOf(context);
  await receive(delta, 20, 1100);
  await receive(delta, 1500, 3020);
  await delta.run();
  assert.deepEqual([delta.asked, delta.applied.sort()], [['1100+400'], [0, 1, 2]]);
  assert.deepEqual(delta.rest, []);
});

test('a segment with wrong bytes is asked for once more, and the others are not', async (context) => {
  const delta = deltaOf(context, { wrong: { at: 1200, times: 1 } });
  await delta.run();
  assert.deepEqual(delta.asked, ['20+3000', '1020+1000']);
  assert.deepEqual(delta.applied.sort(), [0, 1, 2]);
  assert.deepEqual([delta.rest, delta.said], [[], []]);
});

test('what a segment that stays wrong would have made is fetched otherwise', async (context) => {
  const delta = deltaOf(context, { wrong: { at: 1200, times: 9 } });
  await delta.run();
  assert.deepEqual([delta.asked.length, delta.applied.sort()], [2, [0, 2]]);
  assert.deepEqual([delta.rest, delta.said], [[['1']], ['delta-of-no-use']]);
});

test('what a damaged base costs is fetched otherwise, and the delta is not blamed', async (context) => {
  const outcome = (number: number) =>
    number === 2 ? { produced: [], damaged: [byteStringFromText('old')] } : {};
  const delta = deltaOf(context, { outcome });
  await delta.run();
  assert.deepEqual([delta.rest, delta.said], [[['2']], []]);
});

test('a delta that does not make what it was signed for is named', async (context) => {
  const outcome = (number: number) => (number === 0 ? { produced: [] } : {});
  const delta = deltaOf(context, { outcome });
  await delta.run();
  assert.deepEqual([delta.rest, delta.said], [[['0']], ['delta-of-no-use']]);
});

test('what no delta makes is fetched otherwise without a word', async (context) => {
  const delta = deltaOf(context, { beside: 1, outcome: (number) => (number === 1 ? { produced: [] } : {}) });
  await delta.run();
  assert.deepEqual([delta.rest, delta.said], [[['1']], []]);
});

test('a source without the delta leads to the other way with what has been applied', async (context) => {
  const delta = deltaOf(context, { sourceLength: 1500 });
  await receive(delta, 20, 1100);
  await delta.run();
  assert.deepEqual(delta.applied, [0]);
  assert.deepEqual([delta.rest, delta.said], [[['1', '2']], ['delta-of-no-use']]);
});

test('later rounds are fetched in the other way, which is prepared once', async (context) => {
  const delta = deltaOf(context);
  await delta.run();
  await delta.again();
  await delta.again();
  assert.deepEqual([delta.rest, delta.rests()], [[['0'], ['0']], 1]);
});

test('segments are applied together only within the memory that the record states', async (context) => {
  const large = deltaOf(context, { memory: [40, 100, 100] });
  await large.run();
  assert.deepEqual([large.inside.most, large.applied], [1, [0, 1, 2]]);
  const small = deltaOf(context, { memory: [60, 20, 20, 20, 20, 20, 20, 20] });
  await small.run();
  assert.deepEqual([small.inside.most, small.applied.length], [3, 8]);
});

test('a small segment is applied beside a large one, past others that have to wait', async (context) => {
  const delta = deltaOf(context, { memory: [90, 100, 95, 10] });
  await delta.run();
  assert.deepEqual([delta.inside.most, delta.applied], [2, [0, 3, 1, 2]]);
});

test('a failure to write stops the delivery', async (context) => {
  const delta = deltaOf(context, {
    outcome() {
      throw new SatchelError('disk-full', { path: '/x' });
    },
  });
  await assert.rejects(delta.run(), { code: 'disk-full' });
  assert.deepEqual(delta.rest, []);
});

test('stopping it on request is no reason for another way', async (context) => {
  const delta = deltaOf(context);
  await assert.rejects(delta.run(AbortSignal.abort()), { code: 'cancelled' });
  assert.deepEqual(delta.rest, []);
});
