import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildName, type Sha256 } from '../base/identifiers.ts';
import { serialiseIndex } from '../build/index-format.ts';
import { IndexTable } from '../build/index-table.ts';
import { objectsOf } from '../build/objects.ts';
import type { DeltaReference } from '../repository/records.ts';
import { emptyDevice, entriesFrom } from './device.fixture.ts';
import { priceOtherRoutes, priceRecorded, recordedWays } from './price-ways.ts';
import { costOfDeltas, type Route } from './route.ts';
import { openSpool } from './spool.ts';
import { planStage } from './stage-plan.ts';
import type { Wanted } from './wanted.ts';

const from = buildName('old');

function delta(digit: string, length: number, memory: number): DeltaReference {
  return {
    from,
    fromIndex: '0'.repeat(64) as Sha256,
    stored: digit.repeat(64) as Sha256,
    length,
    head: { length: 100, sha256: '0'.repeat(64) as Sha256 },
    memory,
    output: 10_000,
    why: 'stream',
  };
}

/** A new build of one directory and one file of 5000 bytes. */
function newBuild() {
  const { entries } = entriesFrom({ folder: { directory: true }, 'folder/file': 'x'.repeat(5000) });
  const table = IndexTable.ofChecked(Buffer.from(serialiseIndex(entries)));
  return { index: { entries: table, objects: objectsOf(table) }, stage: planStage(table, undefined) };
}

/** The sizes that are signed for a build. */
function wanted(costs: Wanted['deltas']['costs']): Wanted {
  const record = {
    build: { index: { length: 300 } },
    deltas: { map: { length: 200 }, everything: 90_000, costs },
  };
  return record as unknown as Wanted;
}

test('the signed record tells the price of objects and of everything, lists included', () => {
  const ways = recordedWays(wanted([{ from, bytes: 7000, requests: 9 }]), from);
  assert.deepEqual(ways, [
    // Two lists at once, then seven ranges on three connections.
    { kind: 'objects', bytes: 7000, requests: 9, roundTrips: 4 },
    { kind: 'everything', bytes: 90_500, requests: 3, roundTrips: 2 },
  ]);
});

test('from a build whose cost is not recorded only the full image has a price', () => {
  const ways = recordedWays(wanted([{ from: buildName('other'), bytes: 1, requests: 1 }]), from);
  assert.deepEqual(
    ways.map(({ kind }) => kind),
    ['everything'],
  );
});

test('on the disk lie what is received and what is written', () => {
  const { index, stage } = newBuild();
  const [everything] = priceRecorded(wanted([]), from, index, stage);
  // Two directories and a file of two blocks, each with its inode.
  assert.equal(everything?.disk, 90_500 + 2 * (4096 + 512) + 2 * 4096 + 512);
  assert.equal(everything?.inodes, 3 + everything!.requests);
});

test('the head of a delta is asked for before the rest; what has been received costs nothing more', (context) => {
  const layout = emptyDevice(context);
  const reference = delta('a', 1000, 5);
  assert.deepEqual(costOfDeltas(openSpool(layout.spool), [reference]), {
    bytes: 1000,
    requests: 2,
    roundTrips: 2,
  });
  writeFileSync(join(layout.spool, `${reference.stored}.0`), Buffer.alloc(400));
  const spool = openSpool(layout.spool);
  assert.deepEqual(costOfDeltas(spool, [reference]), { bytes: 600, requests: 1, roundTrips: 1 });
  assert.deepEqual(costOfDeltas(spool, [reference, delta('b', 50_000, 5)]), {
    bytes: 50_600,
    requests: 3,
    roundTrips: 3,
  });
});

test('two deltas take the disk of the tree between as well', () => {
  const { index, stage } = newBuild();
  const cost = { bytes: 1000, requests: 2, roundTrips: 2, memory: 7, scratch: 0 };
  const reference = delta('a', 1000, 7);
  const via = buildName('between');
  const between = { name: via, index: reference.fromIndex, deltas: wanted([]).deltas, reference };
  const routes: Route[] = [
    { reference, ...cost },
    { reference, between, ...cost },
  ];
  const [one, two] = priceOtherRoutes(routes, index, stage);
  assert.deepEqual([one?.kind, one?.via, one?.memory], ['delta', undefined, 7]);
  assert.deepEqual([two?.kind, two?.via], ['chain', via]);
  assert.equal(two!.disk - one!.disk, 10_000 + 2 * (4096 + 512));
});
