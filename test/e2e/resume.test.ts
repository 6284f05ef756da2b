/** Transfers that are killed, stopped, moved to another source or disturbed by a second one: nothing received is lost. */
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
  prepareTransfer,
  type Transfer,
  throttled,
} from '../doubles/killed-transfer.ts';
import { assertSameTree } from '../doubles/same-tree.ts';
import { done, pristine, type Running, refused, satchel, startSatchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { bytesIn, when } from '../doubles/when.ts';

const scratch = scratchFolder('resume');
const bytes = 24e6;
const bytesPerSecond = 8e6;
let transfer: Transfer;
/** What an undisturbed install costs. */
let clean = 0;

const spoolOf = (root: string) => `${root}/versions/updates/satchel/spool`;
const status = (root: string) => done<DeviceStatus>(['status', '--root', root]);

/** Starts an update and waits until so many bytes are in its spool. */
async function startedUntil(root: string, received: number, ...words: string[]): Promise<Running> {
  const running = startSatchel(['update', '--root', root, ...words]);
  await when(() => bytesIn(spoolOf(root)) >= received, running.ended);
  return running;
}

/** Lets an update come to its end; how much has been received since a moment before. */
async function finishAndCount(root: string, before: number): Promise<number> {
  await done(['update', '--root', root]);
  assertSameTree(pristine(root, transfer.build), transfer.tree);
  return transfer.received() - before;
}

before(async () => {
  transfer = await prepareTransfer(scratch, { bytes, bytesPerSecond });
});

after(async () => {
  await transfer.close();
  scratch.remove();
});

describe('a transfer', () => {
  test('that is killed 6 times costs 1.02 × a clean one and 64 KiB a kill at most', async () => {
    const cost = await costOfKills(transfer, scratch, 6);
    clean = cost.clean;
    assert.ok(clean > bytes);
    assert.ok(cost.disturbed <= cost.limit, JSON.stringify(cost));
  });

  test('that is stopped with Ctrl-C ends cleanly with code 130, and the next run goes on', async () => {
    const root = await newDevice(transfer, scratch.file('interrupted'));
    const sent = transfer.received();
    const running = await startedUntil(root, bytes / 3);
    running.child.kill('SIGINT');
    const { code, signal, stderr } = await running.ended;
    assert.deepEqual([code, signal], [130, null], stderr);
    assert.match(stderr, /Stopped on request/);
    assert.deepEqual(readdirSync(`${root}/versions/pristine`), []);
    const { nextBoot, pending, spoolBytes, lastUpdate } = await status(root);
    assert.deepEqual(
      [nextBoot, pending?.build, lastUpdate?.result],
      [undefined, transfer.build, 'cancelled'],
    );
    assert.ok(spoolBytes >= bytes / 3);
    const cost = await finishAndCount(root, sent);
    assert.ok(cost <= clean * 1.02 + 64 * 1024, `${cost} against ${clean}`);
    assert.equal((await status(root)).spoolBytes, 0);
  });

  test('that is asked to end by the system (SIGTERM) does so with code 143', async () => {
    const root = await newDevice(transfer, scratch.file('terminated'));
    const running = await startedUntil(root, bytes / 10);
    running.child.kill('SIGTERM');
    assert.equal((await running.ended).code, 143);
    assert.deepEqual(readdirSync(`${root}/versions/pristine`), []);
  });

  test('refuses a second update beside it, and goes on', async () => {
    const root = await newDevice(transfer, scratch.file('twice'));
    const running = await startedUntil(root, bytes / 10);
    const second = await refused(['update', '--root', root]);
    assert.deepEqual([second.exitCode, second.code], [1, 'update-running']);
    assert.match(second.message, new RegExp(`process ${running.child.pid}`));
    for (const words of [['purge'], ['rollback']])
      assert.equal((await refused([...words, '--root', root])).code, 'update-running');
    assert.equal((await running.ended).code, 0);
    assertSameTree(pristine(root, transfer.build), transfer.tree);
  });

  test('leaves a lock that is no obstacle once its process is dead', async () => {
    const root = await newDevice(transfer, scratch.file('dead'));
    await transfer.kill(await startedUntil(root, bytes / 10));
    assert.equal((await satchel(['update', '--root', root])).code, 0);
    assertSameTree(pristine(root, transfer.build), transfer.tree);
  });
});

describe('a change of source in the middle', () => {
  test('half from one server and half from another costs what one transfer costs', async () => {
    const root = await newDevice(transfer, scratch.file('two-servers'));
    const before = transfer.received();
    await transfer.kill(await startedUntil(root, bytes / 2));
    const first = transfer.received() - before;
    const other = await startFaultServer(transfer.repository, throttled(bytesPerSecond));
    try {
      await done(['update', '--root', root, '--source', other.url]);
      const cost = first + other.counters().bytesSent;
      assert.ok(cost <= clean * 1.02 + 64 * 1024, `${cost} against ${clean}`);
    } finally {
      await other.close();
    }
    assertSameTree(pristine(root, transfer.build), transfer.tree);
  });

  test('half from a server and the rest from a stick: what was received is not read from the stick', async () => {
    const root = await newDevice(transfer, scratch.file('server-and-stick'));
    await transfer.kill(await startedUntil(root, bytes / 2));
    const stick = scratch.file('stick');
    cpSync(transfer.repository, stick, { recursive: true });
    spoilReceived(spoolOf(root), stick);
    const report = await done<UpdateResult>([
      'update',
      '--root',
      root,
      '--source',
      pathToFileURL(stick).href,
    ]);
    assert.equal(report.build, transfer.build);
    assertSameTree(pristine(root, transfer.build), transfer.tree);
  });

  test('half from a stick and the rest from a server', async () => {
    const root = await newDevice(transfer, scratch.file('stick-and-server'));
    const source = pathToFileURL(transfer.repository).href;
    await transfer.kill(await startedUntil(root, bytes / 3, '--source', source, '--limit-rate', '10MB'));
    const kept = bytesIn(spoolOf(root));
    const cost = await finishAndCount(root, transfer.received());
    assert.ok(cost <= clean * 1.02 - kept + 64 * 1024, `${cost} with ${kept} kept`);
  });
});

/** Overwrites on the stick what a device has received already: whoever reads it again meets wrong bytes. */
function spoilReceived(spool: string, stick: string): void {
  let spoiled = 0;
  for (const name of readdirSync(spool)) {
    const [sha256, start] = name.split('.');
    if (!existsSync(`${stick}/packs/${sha256}.pack`)) continue;
    const pack = openSync(`${stick}/packs/${sha256}.pack`, 'r+');
    const { size } = statSync(`${spool}/${name}`);
    spoiled += writeSync(pack, Buffer.alloc(size), 0, size, Number(start));
    closeSync(pack);
  }
  assert.ok(spoiled >= bytes / 2);
}
