import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import { countOnce, holdDataAccount, openDataAccount, readDataCount } from './data-account.ts';
import { emptyDevice } from './device.fixture.ts';

const at = (text: string) => Date.parse(text);

/** A device whose time is set by the test. */
function device(context: TestContext, time: string) {
  const layout = emptyDevice(context);
  let now = at(time);
  const open = () => {
    const account = openDataAccount(layout, { now: () => now, isLaw: true });
    context.after(() => account.close());
    return account;
  };
  const count = () => {
    const { month, bytes } = readDataCount(layout, now);
    return [month, bytes];
  };
  return { layout, open, count, setTime: (text: string) => (now = at(text)) };
}

test('what is added counts at once, also for other processes, without being closed', (context) => {
  const { open, count } = device(context, '2026-01-15T00:00:00Z');
  const [one, other] = [open(), open()];
  one.add(1000);
  other.add(20);
  one.add(3);
  assert.deepEqual(count(), ['2026-01', 1023]);
  assert.equal(one.count().bytes, 1023);
});

test('a new month begins with nothing, in the middle of a transfer too', (context) => {
  const { layout, open, count, setTime } = device(context, '2026-01-31T23:59:00Z');
  const account = open();
  account.add(1000);
  setTime('2026-02-01T00:00:00Z');
  assert.deepEqual(count(), ['2026-02', 0]);
  account.add(5);
  assert.deepEqual(count(), ['2026-02', 5]);
  assert.deepEqual(readdirSync(layout.usage).sort(), ['2026-01', '2026-02']);
});

test('a clock that jumps back goes on with the month that it came from', (context) => {
  const { open, count, setTime } = device(context, '2026-05-15T00:00:00Z');
  open().add(1000);
  setTime('2026-03-01T00:00:00Z');
  assert.deepEqual(count(), ['2026-05', 1000]);
  open().add(5);
  setTime('2026-05-20T00:00:00Z');
  assert.deepEqual(count(), ['2026-05', 1005]);
});

test('bytes that were counted under an impossible clock go to the real month, once', (context) => {
  const { layout, open, count, setTime } = device(context, '2026-05-15T00:00:00Z');
  open().add(1000);
  setTime('2099-01-01T00:00:00Z');
  open().add(70);
  setTime('2026-05-16T00:00:00Z');
  assert.deepEqual(count(), ['2026-05', 1070]);
  open().add(5);
  assert.deepEqual(count(), ['2026-05', 1075]);
  assert.deepEqual(readdirSync(layout.usage), ['2026-05']);
  setTime('2026-06-01T00:00:00Z');
  assert.deepEqual(count(), ['2026-06', 0]);
});

test('a line that a power cut tore takes nothing else with it', (context) => {
  const { layout, open, count } = device(context, '2026-01-15T00:00:00Z');
  const account = open();
  account.add(1000);
  appendFileSync(join(layout.usage, '2026-01'), '\0\0\0');
  account.add(20);
  assert.deepEqual(count(), ['2026-01', 1020]);
});

test('the counts of a year are kept, and files that are no months are left alone', (context) => {
  const { layout, open } = device(context, '2026-01-15T00:00:00Z');
  mkdirSync(layout.usage, { recursive: true });
  writeFileSync(join(layout.usage, 'note'), 'x');
  for (let month = 1; month <= 12; month += 1)
    for (const year of [2023, 2025])
      writeFileSync(join(layout.usage, `${year}-${String(month).padStart(2, '0')}`), '1\n');
  open().add(5);
  const names = readdirSync(layout.usage).sort();
  assert.deepEqual([names.length, names[0], names.at(-2), names.at(-1)], [14, '2025-01', '2026-01', 'note']);
});

test('what came before there was an account is counted in one go', async (context) => {
  const { layout, count } = device(context, '2026-01-15T00:00:00Z');
  await countOnce(layout, () => at('2026-01-15T00:00:00Z'), 4321);
  assert.deepEqual(count(), ['2026-01', 4321]);
  assert.equal(readFileSync(join(layout.usage, '2026-01'), 'utf8'), '4321\n');
});

test('a held account counts with the others, in the month in which it was opened', async (context) => {
  const { layout, open, count, setTime } = device(context, '2026-01-31T23:00:00Z');
  open().add(1000);
  const held = holdDataAccount(layout, at('2026-01-31T23:00:00Z'));
  held?.add(50);
  setTime('2026-02-01T01:00:00Z');
  held?.add(7);
  assert.deepEqual([held?.count().month, held?.count().bytes], ['2026-01', 1057]);
  await held?.close();
  assert.deepEqual(count(), ['2026-02', 0]);
  setTime('2026-01-31T23:30:00Z');
  assert.deepEqual(count(), ['2026-01', 1057]);
});

test('a held account goes on where it may not be opened, nor even seen, any more', async (context) => {
  const { layout, count } = device(context, '2026-01-15T00:00:00Z');
  const held = holdDataAccount(layout, at('2026-01-15T00:00:00Z'));
  const away = `${layout.usage}-away`;
  renameSync(layout.usage, away);
  held?.add(20);
  assert.equal(held?.count().bytes, 20);
  await held?.close();
  renameSync(away, layout.usage);
  assert.deepEqual(count(), ['2026-01', 20]);
});

test('a pipe in the place of a month is refused and not waited for', { timeout: 10_000 }, (context) => {
  const { layout, open } = device(context, '2026-01-15T00:00:00Z');
  mkdirSync(layout.usage, { recursive: true });
  execFileSync('mkfifo', [join(layout.usage, '2026-01')]);
  const isRefused = (error: unknown) => isSatchelError(error, 'file-not-regular');
  assert.throws(() => open().add(5), isRefused);
  assert.throws(() => open().count(), isRefused);
  assert.throws(() => holdDataAccount(layout, at('2026-01-15T00:00:00Z')), isRefused);
});
