/** Updates by delta that are killed, stopped or moved to another source: what was received is never read again. */
import assert from 'node:assert/strict';
import { closeSync, cpSync, existsSync, openSync, readdirSync, statSync, writeSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { DeviceStatus } from '../../src/device/status.ts';
import type { UpdateResult } from '../../src/device/update.ts';
import { startFaultServer } from '../doubles/fault-server.ts';
import {
  costOfKills,
  newDevice,
  prepareDeltaTransfer,
  type Transfer,
  throttled,
} from '../doubles/killed-transfer.ts';
import { assertSameTree } from '../doubles/same-tree.ts';
import { done, pristine, type Running, startSatchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { bytesIn, when } from '../doubles/when.ts';

const scratch = scratchFolder('delta-resume');
const bytesPerSecond = 2e6;
let transfer: Transfer;
/** What an undisturbed update costs. */
let clean = 0;

const spoolOf = (root: string) => `${root}/versions/updates/satchel/spool`;

/** Starts an update and waits until so many bytes are in its spool. */
async function startedUntil(root: string, received: number, ...words: string[]): Promise<Running> {
  const running = startSatchel(['update', '--root', root, ...words]);
  await when(() => bytesIn(spoolOf(root)) >= received, running.ended);
  return running;
}

/** Ends an update, which has to go by delta and make the tree. */
async function finish(root: string, ...words: string[]): Promise<void> {
  const { plan } = await done<UpdateResult>(['update', '--root', root, ...words]);
  assert.equal(plan, 'delta');
  assertSameTree(pristine(root, transfer.build), transfer.tree);
}

before(async () => {
  transfer = await prepareDeltaTransfer(scratch, { segments: 3, bytes: 900_000, bytesPerSecond });
});

after(async () => {
  await transfer.close();
  scratch.remove();
});

describe('an update by delta', () => {
  test('that is killed 5 times costs 1.02 × a clean one and 64 KiB a kill at most', async () => {
    const cost = await costOfKills(transfer, scratch, 5);
    clean = cost.clean;
    // Metadata, and no index, map or pack.
    assert.ok(clean > transfer.bytes && clean < transfer.bytes + 100_000, `${clean} bytes`);
    assert.ok(cost.disturbed <= cost.limit, JSON.stringify(cost));
  });

  test('that is stopped with Ctrl-C ends cleanly with code 130, and the next run goes on', async () => {
    const root = await newDevice(transfer, scratch.file('interrupted'));
    const sent = transfer.received();
    const running = await startedUntil(root, transfer.bytes / 2);
    running.child.kill('SIGINT');
    const { code, stderr } = await running.ended;
    assert.equal(code, 130, stderr);
    assert.match(stderr, /Stopped on request/);
    assert.deepEqual(readdirSync(`${root}/versions/pristine`), ['b1']);
    const { nextBoot, pending } = await done<DeviceStatus>(['status', '--root', root]);
    assert.deepEqual([nextBoot, pending?.build], ['b1', 'b2']);
    await finish(root);
    const cost = transfer.received() - sent;
    assert.ok(cost <= clean * 1.02 + 64 * 1024, `${cost} against ${clean}`);
    assert.equal(bytesIn(spoolOf(root)), 0);
  });

  test('half from one server and half from another costs what one transfer costs', async () => {
    const root = await newDevice(transfer, scratch.file('two-servers'));
    const before = transfer.received();
    await transfer.kill(await startedUntil(root, transfer.bytes / 2));
    const first = transfer.received() - before;
    const other = await startFaultServer(transfer.repository, throttled(bytesPerSecond));
    try {
      await finish(root, '--source', other.url);
      const cost = first + other.counters().bytesSent;
      assert.ok(cost <= clean * 1.02 + 64 * 1024, `${cost} against ${clean}`);
    } finally {
      await other.close();
    }
  });

  test('half from a server and the rest from a stick: what was received is not read from the stick', async () => {
    const root = await newDevice(transfer, scratch.file('stick-device'));
    await transfer.kill(await startedUntil(root, transfer.bytes / 2));
    const stick = scratch.file('stick');
    cpSync(transfer.repository, stick, { recursive: true });
    spoilReceived(spoolOf(root), stick);
    await finish(root, '--source', pathToFileURL(stick).href);
  });

  test('whose second half only packs have makes the tree of both', async () => {
    const root = await newDevice(transfer, scratch.file('without-deltas'));
    await transfer.kill(await startedUntil(root, transfer.bytes / 2));
    const other = await startFaultServer(transfer.repository, [
      { pattern: '^/deltas/', fault: { kind: 'status', status: 404 } },
    ]);
    try {
      await done(['update', '--root', root, '--source', other.url]);
      // Whole segments that were there have been applied.
      assert.ok(other.counters().bytesSent < clean, `${other.counters().bytesSent} against ${clean}`);
    } finally {
      await other.close();
    }
    assertSameTree(pristine(root, transfer.build), transfer.tree);
  });
});

/** Overwrites on the stick what a device has received already: whoever reads it again meets wrong bytes. */
function spoilReceived(spool: string, stick: string): void {
  let spoiled = 0;
  for (const name of readdirSync(spool)) {
    const [sha256, start] = name.split('.');
    const file = `${stick}/deltas/${sha256}.delta`;
    if (!existsSync(file)) continue;
    const { size } = statSync(`${spool}/${name}`);
    const delta = openSync(file, 'r+');
    spoiled += writeSync(delta, Buffer.alloc(size), 0, size, Number(start));
    closeSync(delta);
  }
  assert.ok(spoiled >= transfer.bytes / 2);
}
