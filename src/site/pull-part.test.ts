import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { noise, pulled, pullScene } from '../../test/doubles/pull-scene.ts';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { when } from '../../test/doubles/when.ts';
import { siteLayout } from './layout.ts';
import { keptParts } from './mirror-parts.ts';
import { createIntervals } from './pull-intervals.ts';
import { hashedName } from './pull-name.ts';
import { openPartFile } from './pull-part-file.ts';
import { goneLine, journalHead, parseJournal, receivedLine, syncedLine } from './pull-part-journal.ts';

const skip = process.getuid?.() !== 0 && 'NOT TESTED: mounting a file system needs root';

const head = journalHead({ name: 'deltas/x', size: 1000, received: createIntervals(), boot: 'one' });
const listed = (text: string, boot: string) => parseJournal(text, boot)?.received.list();

test('a killed process has lost nothing that it told of, a power cut what was not synced', () => {
  const synced = head + receivedLine(0, 100);
  const text = synced + receivedLine(100, 300) + syncedLine(synced.length) + receivedLine(500, 600);
  assert.deepEqual(listed(text, 'one'), [
    { start: 0, end: 300 },
    { start: 500, end: 600 },
  ]);
  assert.equal(parseJournal(text, 'one')?.isSynced, false);
  assert.deepEqual(listed(text, 'two'), [{ start: 0, end: 100 }]);
  assert.equal(parseJournal(head + receivedLine(0, 9) + syncedLine(head.length + 6), 'one')?.isSynced, true);
});

test('bytes that were taken back are gone after a power cut as well, and come back only when they were synced', () => {
  const gone = head + receivedLine(0, 100) + syncedLine(head.length + 8) + goneLine(20, 40);
  assert.deepEqual(listed(gone, 'two'), [
    { start: 0, end: 20 },
    { start: 40, end: 100 },
  ]);
  const again = gone + receivedLine(20, 30);
  assert.deepEqual(listed(again, 'two'), listed(gone, 'two'));
  assert.deepEqual(listed(again, 'one')?.[0], { start: 0, end: 30 });
});

test('half a line, lines that make no sense and other files are passed over', () => {
  const whole = head + receivedLine(0, 10) + receivedLine(20, 30);
  for (let length = 0; length < whole.length; length += 1) {
    const content = parseJournal(whole.slice(0, length), 'one');
    assert.ok(content === undefined || content.received.total() <= 20);
  }
  const odd = `${head}[0,2000]\n[-5,3]\n["gone"]\n[3,\n[4,5]\nnull\n{"synced":-1}\n`;
  assert.deepEqual(listed(odd, 'one'), [{ start: 4, end: 5 }]);
  for (const text of ['', '{}\n', 'x', '{"satchel":"part","format":2,"name":"a","size":1}\n'])
    assert.equal(parseJournal(text, 'one'), undefined);
});

test('a part file knows what it received when it is opened again, and nothing of a file that was shortened', async (t) => {
  const scratch = scratchFolder('part');
  t.after(() => scratch.remove());
  const what = { key: 'deltas-x', name: 'deltas/x', size: 200_000 };
  const first = await openPartFile(scratch.path, what);
  await first.write(noise(50_000, 1), 100_000);
  await first.write(noise(10, 2), 0);
  first.forget(5, 10);
  await first.close();
  const second = await openPartFile(scratch.path, what);
  const expected = [
    { start: 0, end: 5 },
    { start: 100_000, end: 150_000 },
  ];
  assert.deepEqual(second.received.list(), expected);
  const read = Buffer.alloc(50_000);
  await second.read(read, 100_000);
  assert.ok(read.equals(noise(50_000, 1)));
  await second.close();
  await second.close();
  truncateSync(second.path, 120_000);
  const third = await openPartFile(scratch.path, what);
  assert.equal(third.received.total(), 20_005);
  await third.close();
  const other = await openPartFile(scratch.path, { ...what, size: 300_000 });
  assert.equal(other.received.total(), 0);
  other.remove();
  await other.close();
  assert.deepEqual(readdirSync(scratch.path), []);
});

test('what processes that were killed had received does not come again', async (t) => {
  const scene = await pullScene(t, [
    { pattern: '^/deltas/', fault: { kind: 'slow', bytesPerSecond: 20_000_000 } },
  ]);
  const size = 12_000_000;
  const name = scene.add('deltas', noise(size, 5));
  const kept = () => keptParts(scene.layout, name).reduce((sum, { start, end }) => sum + end - start, 0);
  let before = 0;
  for (const wanted of [2_000_000, 5_000_000, 9_000_000]) {
    const process = startPulling(scene.layout.repository, scene.server.url, name);
    await when(() => kept() >= wanted, process.ended);
    process.kill();
    await process.ended;
    assert.ok(kept() >= Math.max(wanted, before));
    before = kept();
  }
  assert.equal(
    (await startPulling(scene.layout.repository, scene.server.url, name).ended).output,
    `${size}\n`,
  );
  assert.equal(scene.server.requests.at(-1)?.range, `bytes=${before}-`);
  assert.equal(scene.has(name), true);
});

test('a file of which the last process received every byte is stored by the next', async (t) => {
  const scene = await pullScene(t);
  const name = scene.add('deltas', noise(200_000, 8));
  const key = hashedName(name)?.key ?? '';
  const part = await openPartFile(scene.layout.partial, { key, name, size: 200_000 });
  await part.write(scene.bytes(name), 0);
  await part.close();
  const pull = scene.start();
  pull.goOn();
  await when(() => pull.isSound(name));
  assert.equal(scene.server.requests.length, 0);
});

test('a disk that gets full harms nothing else, and what came is used when there is room', {
  skip,
}, async (t) => {
  const scene = await pullScene(t);
  const disk = mountedDisk(t, 4 * 1024 * 1024);
  const layout = siteLayout(join(disk, 'site'));
  mkdirSync(layout.repository);
  const [small, large] = [scene.add('contents', noise(500_000, 6)), scene.add('deltas', noise(2_500_000, 7))];
  const pull = scene.start({ layout });
  await pulled(pull, small);
  writeFileSync(join(disk, 'ballast'), '');
  fill(disk, 1_500_000);
  for (let time = 0; time < 3; time += 1)
    await assert.rejects(pulled(pull, large), { code: 'site-disk-full' });
  assert.ok((await pulled(pull, small)).equals(scene.bytes(small)));
  await when(() => pull.inUse().length === 0);
  const kept = keptParts(layout, large).reduce((sum, { start, end }) => sum + end - start, 0);
  assert.ok(kept > 1_000_000);
  rmSync(join(disk, 'ballast'));
  const sent = scene.server.counters().bodyBytes;
  assert.ok((await pulled(pull, large)).equals(scene.bytes(large)));
  assert.equal(scene.server.counters().bodyBytes - sent, 2_500_000 - kept);
});

function startPulling(...words: string[]): {
  kill(): void;
  readonly ended: Promise<{ readonly output: string }>;
} {
  const program = join(import.meta.dirname, '../../test/doubles/pulling-site.ts');
  const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (piece: Buffer) => {
    output += String(piece);
  });
  return { kill: () => child.kill('SIGKILL'), ended: once(child, 'close').then(() => ({ output })) };
}

/** A small file system of its own. */
function mountedDisk(context: TestContext, bytes: number): string {
  const scratch = scratchFolder('pull-disk');
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'none', scratch.path]);
  context.after(() => {
    execFileSync('umount', ['-l', scratch.path]);
    scratch.remove();
  });
  return scratch.path;
}

/** Leaves so many bytes free. */
function fill(disk: string, free: number): void {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(join(disk, 'ballast'), Buffer.alloc(bavail * bsize - free));
}
