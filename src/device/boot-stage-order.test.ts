import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { buildName, type Sha256 } from '../base/identifiers.ts';
import {
  type BootStageOrder,
  bootStageFiles,
  freshBootStage,
  readBootStageOrder,
  readSegmentUses,
  writeBootStageOrder,
  writeSegmentUses,
} from './boot-stage-order.ts';
import { emptyDevice } from './device.fixture.ts';

const sha = (digit: string) => digit.repeat(64) as Sha256;

const order: BootStageOrder = {
  ...{ from: buildName('os-1'), fromIndex: sha('1'), to: buildName('os-2'), toIndex: sha('2') },
  ...{ contentsHash: sha('3'), size: 1000, entries: 10, sequence: 2 },
  way: { kind: 'delta', stored: sha('4'), head: 100 },
  ...{ held: [3, 5], punches: true, bytesReceived: 500, requests: 2, seconds: 1.5 },
};
const uses = [{ number: 1, outputs: [4, 2], reads: [7] }];

test('an order is read as it was given, with what the segments of its delta mean', (context) => {
  const layout = emptyDevice(context);
  freshBootStage(layout);
  assert.equal(readBootStageOrder(layout), undefined);
  assert.equal(readSegmentUses(layout), undefined);
  writeSegmentUses(layout, uses);
  writeBootStageOrder(layout, order, '/bin/true');
  assert.deepEqual(readBootStageOrder(layout), order);
  assert.deepEqual(readSegmentUses(layout), uses);
});

for (const [format, code] of [
  [1, 'device-file-damaged'],
  [99, 'device-file-newer'],
] as const)
  test(`an order whose steps another program counts, of format ${format}, is not gone on with`, (context) => {
    const layout = emptyDevice(context);
    freshBootStage(layout);
    writeBootStageOrder(layout, order, '/bin/true');
    const { plan } = bootStageFiles(layout);
    const fields = JSON.parse(readFileSync(plan, 'utf8'));
    writeFileSync(plan, JSON.stringify({ ...fields, format }));
    assert.throws(() => readBootStageOrder(layout), { code });
  });
