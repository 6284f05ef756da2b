/** Updates by delta from a version that somebody has meddled with, or meddles with meanwhile. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { UpdatePlan } from '../../src/device/plan-update.ts';
import type { UpdateResult } from '../../src/device/update.ts';
import { setTimes } from '../../src/os/system-calls.ts';
import {
  changedGzip,
  changedProgram,
  changedText,
  type DeltaStory,
  deviceWithFirst,
  publishDeltaStory,
} from '../doubles/delta-story.ts';
import { type FaultServer, startFaultServer } from '../doubles/fault-server.ts';
import { assertSameTree } from '../doubles/same-tree.ts';
import { done, doneWith, pristine, refused } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { largeFile } from '../doubles/story-trees.ts';
import { bytesIn } from '../doubles/when.ts';

const scratch = scratchFolder('delta-dirty');
let story: DeltaStory;
let server: FaultServer;
/** What an update from a clean version reads, and what one by objects would. */
let cleanBytes = 0;
let objectBytes = 0;

async function device(name: string): Promise<{ root: string; base: string }> {
  const root = await deviceWithFirst(story, scratch.file(name), server.url);
  return { root, base: pristine(root, 'os-1') };
}

/** Other bytes of the same length in the same inode, and the time as it was, to the nanosecond. */
function changeSilently(path: string): void {
  const { mtimeNs, size } = statSync(path, { bigint: true });
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(Number(size / 2n)) ^ 0xff, Number(size / 2n));
  writeFileSync(path, bytes, { flag: 'r+' });
  setTimes(path, [Number(mtimeNs / 1_000_000_000n), Number(mtimeNs % 1_000_000_000n)]);
}

/** Ways to spoil a file that the delta is made from. */
const damages: Readonly<Record<string, readonly [path: string, spoil: (path: string) => void]>> = {
  'an earlier version of it': [changedText, (path) => writeFileSync(path, 'short')],
  'a shorter file': [changedGzip, (path) => truncateSync(path, 100)],
  'an empty file': [changedProgram, (path) => truncateSync(path, 0)],
  'a silent change': [changedProgram, changeSilently],
  'a silent change in a gzip file': [changedGzip, changeSilently],
  'a silent change in a large file': [largeFile, changeSilently],
  'no file': [changedText, (path) => rmSync(path)],
  'a symlink to the right content': [
    changedText,
    (path) => {
      renameSync(path, `${path}.away`);
      symlinkSync(`${path}.away`, path);
    },
  ],
  'a fifo': [
    changedProgram,
    (path) => {
      rmSync(path);
      execFileSync('mkfifo', [path]);
    },
  ],
  'a directory': [
    changedText,
    (path) => {
      rmSync(path);
      mkdirSync(path);
    },
  ],
};

before(async () => {
  story = await publishDeltaStory(scratch);
  server = await startFaultServer(story.repository);
  const { root } = await device('clean');
  const { ways } = await done<UpdatePlan>(['plan', '--root', root]);
  objectBytes = ways.find(({ kind }) => kind === 'objects')!.bytes;
  cleanBytes = story.delta.length;
});

after(async () => {
  await server.close();
  scratch.remove();
});

describe('a base of a delta', { concurrency: 2 }, () => {
  for (const [name, [path, spoil]] of Object.entries(damages))
    test(`that is ${name} costs what is made from it, and is named`, async () => {
      const { root, base } = await device(name.replaceAll(' ', '-'));
      spoil(`${base}/${path}`);
      const { report, stderr } = await doneWith<UpdateResult>(['update', '--root', root]);
      assert.deepEqual([report.plan, report.damaged], ['delta', [path]], stderr);
      assert.ok(stderr.includes(path), stderr);
      assert.doesNotMatch(stderr, /of no use/, 'the delta is not to blame');
      assertSameTree(pristine(root, 'os-2'), story.trees[1]);
      // At most a chunk of the large file and the frames of the others.
      assert.ok(report.bytesReceived < cleanBytes + objectBytes + 700_000, `${report.bytesReceived}`);
    });

  test('that only has more at its end serves as well as before', async () => {
    const { root, base } = await device('longer');
    appendFileSync(`${base}/${changedText}`, 'more\n');
    const report = await done<UpdateResult>(['update', '--root', root]);
    assert.deepEqual([report.plan, report.damaged], ['delta', undefined]);
    assertSameTree(pristine(root, 'os-2'), story.trees[1]);
  });

  test('that costs more than the budget allows stops the update; with more it goes on', async () => {
    const { root, base } = await device('over-budget');
    changeSilently(`${base}/${changedProgram}`);
    const limit = ['--max-bytes', `${story.delta.length + 100}B`];
    const { exitCode, code } = await refused(['update', '--root', root, ...limit]);
    assert.deepEqual([exitCode, code], [4, 'plan-over-budget']);
    assert.equal((await done(['status', '--root', root])).nextBoot, 'os-1');
    const kept = bytesIn(`${root}/versions/updates/satchel/spool`);
    assert.ok(kept >= story.delta.length, `${kept} bytes of the delta are kept`);
    const report = await done<UpdateResult>(['update', '--root', root]);
    assert.deepEqual([report.plan, report.damaged], ['delta', [changedProgram]]);
    assertSameTree(pristine(root, 'os-2'), story.trees[1]);
  });

  test('that was damaged where it is linked is priced before anything moves', async () => {
    const { root, base } = await device('linked');
    appendFileSync(`${base}/etc/same`, 'more\n');
    appendFileSync(`${base}/usr/share/many/7`, 'more\n');
    const plan = await done<UpdatePlan>(['plan', '--root', root]);
    assert.deepEqual(plan.damaged, ['etc/same', 'usr/share/many/7']);
    const priced = Object.fromEntries(plan.ways.map(({ kind, bytes }) => [kind, bytes]));
    assert.ok(priced.delta! > story.delta.length && priced.delta! < priced.objects!, JSON.stringify(priced));
    const report = await done<UpdateResult>(['update', '--root', root]);
    assert.deepEqual([plan.plan, report.plan, report.damaged], ['delta', 'delta', plan.damaged]);
    // Heads of answers and metadata come on top.
    assert.ok(
      Math.abs(report.bytesReceived - priced.delta!) < 20_000,
      `${report.bytesReceived} for ${priced.delta}`,
    );
    assertSameTree(pristine(root, 'os-2'), story.trees[1]);
  });
});

describe('bases that change while they are read', { concurrency: 2 }, () => {
  for (const name of ['once', 'twice', 'thrice'])
    test(`never lead to a wrong byte, ${name}`, async () => {
      const { root, base } = await device(`restless-${name}`);
      const paths = [largeFile, changedText, changedProgram].map((path) => `${base}/${path}`);
      const meddler = spawn(process.execPath, ['--eval', meddling, ...paths], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      try {
        await new Promise((started) => meddler.stdout.once('data', started));
        const report = await done<UpdateResult>(['update', '--root', root]);
        assert.equal(report.build, 'os-2');
      } finally {
        meddler.kill('SIGKILL');
      }
      assertSameTree(pristine(root, 'os-2'), story.trees[1]);
    });
});

/** Writes a file's right content and another over it by turns, for ever. */
const meddling = `
const { readFileSync, openSync, writeSync } = require('node:fs');
const files = process.argv.slice(1).map((path) => ({ right: readFileSync(path), file: openSync(path, 'r+') }));
console.log('begins');
for (let turn = 0; ; turn += 1)
  for (const { right, file } of files) {
    const other = Buffer.from(right);
    other[turn % right.length] ^= 1;
    writeSync(file, other, 0, other.length, 0);
    writeSync(file, right, 0, right.length, 0);
  }
`;
