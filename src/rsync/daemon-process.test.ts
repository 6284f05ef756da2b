import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { findProgram } from '../os/process.ts';
import { keeperScript, startDaemonProcess } from './daemon-process.ts';

const shells = [['dash'], ['busybox', 'sh'], ['bash', '--posix']].filter(([program = '']) =>
  findProgram(program),
);

for (const [shell = '', ...words] of shells)
  test(`${shell}: the code of a daemon that ends at once is told, without a word of the shell`, async () => {
    // A `kill` that finds nobody: the daemon has ended, and was waited for, before the first look.
    const script = `kill() { [ "$1" != -0 ] && command kill "$@"; }\n${keeperScript}`;
    const given = [...words, '-c', script, 'keeper', '0', '0', '/bin/sh', '-c', 'exit 7'];
    // A group of its own: it ends its group when standard input ends.
    const child = spawn(shell, given, { stdio: ['pipe', 'ignore', 'pipe'], detached: true });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const [status] = await once(child, 'close');
    assert.deepEqual({ status, said }, { status: 7, said: '' });
  });

test('a daemon that cannot be run is told by its code', async () => {
  const daemon = startDaemonProcess({ program: '/nonexistent/rsync', arguments: [], nice: 0, memory: 0 });
  const { code, said } = await daemon.ended;
  await daemon.stop(1000);
  assert.equal(code, 127);
  assert.doesNotMatch(said, /Illegal/);
});
