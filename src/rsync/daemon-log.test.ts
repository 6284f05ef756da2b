import assert from 'node:assert/strict';
import { appendFileSync, statSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { followDaemonLog, isRoutine, unknownBuild } from './daemon-log.ts';

const scratch = scratchFolder('daemon-log');
after(() => scratch.remove());

const dated = (text: string) => `2026/11/20 17:24:54 [3009] ${text}\n`;

test('lines come once each and whole, without their date; what was there before is forgotten', (context) => {
  const path = scratch.file('log');
  writeFileSync(path, dated('of an earlier daemon'));
  const lines: string[] = [];
  const log = followDaemonLog(path, (line) => lines.push(line));
  context.after(() => log.close());
  log.look();
  assert.deepEqual([lines, log.lastLine()], [[], '']);
  appendFileSync(path, `${dated('one')}${dated('two')}2026/11/20 17:24:54 [30`);
  log.look();
  appendFileSync(path, '09] three\n');
  log.look();
  log.look();
  assert.deepEqual(lines, ['one', 'two', 'three']);
  assert.equal(log.lastLine(), 'three');
});

test('a log does not grow for ever, and loses no line that was written before it was emptied', (context) => {
  const path = scratch.file('long');
  let count = 0;
  const log = followDaemonLog(path, () => {
    count += 1;
  });
  context.after(() => log.close());
  for (let part = 1; part <= 30; part += 1) {
    appendFileSync(path, dated('x'.repeat(970)).repeat(100));
    log.look();
    assert.equal(count, part * 100);
    assert.ok(statSync(path).size < 1_200_000);
  }
});

test('what comes with every connection is told from what an operator should see', () => {
  for (const line of [
    'connect from x (::1)',
    'rsync on build-b1/ from x (::1)',
    'sent 9 bytes  received 1 bytes',
  ])
    assert.ok(isRoutine(line), line);
  for (const line of ['rsync: [sender] chroot failed', "unknown module 'x' tried from y (::1)"])
    assert.ok(!isRoutine(line), line);
});

test('the build of a module that is not there is found, and only in a line of the daemon itself', () => {
  assert.equal(unknownBuild("unknown module 'build-py802-1' tried from localhost (127.0.0.1)"), 'py802-1');
  for (const module of ['py802-1', 'build-', 'build-a b'])
    assert.equal(
      unknownBuild(`unknown module '${module}' tried from localhost (127.0.0.1)`),
      undefined,
      module,
    );
  assert.equal(unknownBuild("connect from unknown module 'build-x' tried from me (::1)"), undefined);
});
