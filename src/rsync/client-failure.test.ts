import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rsyncFailure } from './client-failure.ts';

const codeOf = (said: string, exitCode: number | null = 5) => {
  const { code, parameters } = rsyncFailure({ exitCode, said, place: 'rsync://host/build-a' });
  return [code, parameters.answer ?? parameters.reason ?? parameters.module];
};

test('a refusal of the daemon is told in its own words', () => {
  const end =
    'rsync error: error starting client-server protocol (code 5) at main.c(1850) [Receiver=3.2.7]\n';
  assert.deepEqual(codeOf(`@ERROR: max connections (10) reached -- try again later\n${end}`), [
    'rsync-refused',
    'max connections (10) reached -- try again later',
  ]);
  assert.deepEqual(codeOf(`@ERROR: Unknown module 'build-a'\n${end}`), ['rsync-module-unknown', 'build-a']);
  assert.deepEqual(
    codeOf(`@ERROR: pre-xfer exec returned failure (256): Inappropriate ioctl\nbusy\nnow\n${end}`),
    ['rsync-refused', 'busy now'],
  );
  const reset = 'rsync: [Receiver] read error: Connection reset by peer (104)\n';
  assert.deepEqual(codeOf(`pre-xfer exec returned failure (256):\nbeing made, 40 %\n${reset}`, 10), [
    'rsync-refused',
    'being made, 40 %',
  ]);
});

test('a server that cannot send attributes is told from one that refuses', () => {
  assert.equal(
    codeOf('ERROR: The server is configured to refuse --acls (-A)\n', 1)[0],
    'rsync-option-refused',
  );
  assert.equal(
    codeOf('--xattrs requires protocol 30 or higher (negotiated 29).\n', 2)[0],
    'rsync-option-refused',
  );
});

test('the cause of a broken connection is named, not the exit code in words', () => {
  assert.deepEqual(
    codeOf(
      'rsync: [sender] failed to connect to x (::1): Connection refused (111)\nrsync error: x (code 10)\n',
      10,
    ),
    ['rsync-connection-failed', 'failed to connect to x (::1): Connection refused (111)'],
  );
  assert.equal(codeOf('', null)[0], 'rsync-failed');
  assert.equal(codeOf('rsync: write failed on "x": No space left on device (28)\n', 11)[0], 'disk-full');
});
