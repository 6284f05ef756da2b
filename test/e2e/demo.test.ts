/** What a newcomer sees first: `npm start`, on two real Debian systems where there is root and a mirror. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const checkout = join(import.meta.dirname, '../..');
/** Making two Debian systems anew takes a minute on a fast mirror. */
const patience = 10 * 60 * 1000;

test('the demonstration publishes, serves, installs, updates, verifies and goes back, and says what each step cost', {
  timeout: patience,
}, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/demo.ts', '--once'], {
    cwd: checkout,
    encoding: 'utf8',
    timeout: patience,
    maxBuffer: 64 * 1024 * 1024,
  });
  assert.equal(status, 0, `${stdout}\n${stderr}`);
  for (const word of ['publish', 'delta create', 'device init', 'update', 'verify', 'rollback'])
    assert.match(stdout, new RegExp(`satchel ${word}\\b`), `${word} is not shown in\n${stdout}`);
  assert.match(stdout, /http:\/\/127\.0\.0\.1:\d+/);
});
