import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { lockHolder, tryLock } from './file-lock.ts';

function lockPath(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'satchel-lock-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'lock');
}

test('only one holds the lock, and it is free after release', (context) => {
  const path = lockPath(context);
  const first = tryLock(path);
  assert.ok(first);
  assert.equal(tryLock(path), undefined);
  first.release();
  first.release();
  const second = tryLock(path);
  assert.ok(second);
  second.release();
});

test('the lock ends with the block that uses it', (context) => {
  const path = lockPath(context);
  {
    using held = tryLock(path);
    assert.ok(held);
  }
  using again = tryLock(path);
  assert.ok(again);
});

test('the file names the process that holds the lock', (context) => {
  const path = lockPath(context);
  assert.equal(lockHolder(path), undefined);
  using held = tryLock(path);
  assert.ok(held);
  assert.equal(lockHolder(path), process.pid);
});

test('a file that somebody removed does not keep the lock from the next', (context) => {
  const path = lockPath(context);
  using held = tryLock(path);
  assert.ok(held);
  unlinkSync(path);
  using next = tryLock(path);
  assert.ok(next);
});

test('a process that is killed does not hold the lock', async (context) => {
  const path = lockPath(context);
  const script = `
    import { tryLock } from ${JSON.stringify(new URL('./file-lock.ts', import.meta.url).href)};
    const lock = tryLock(${JSON.stringify(path)});
    process.stdout.write(lock ? 'held' : 'refused');
    setInterval(() => lock, 1000);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  assert.equal(String(said), 'held');
  assert.equal(tryLock(path), undefined);
  assert.equal(lockHolder(path), child.pid);
  child.kill('SIGKILL');
  await once(child, 'exit');
  using lock = tryLock(path);
  assert.ok(lock);
});
