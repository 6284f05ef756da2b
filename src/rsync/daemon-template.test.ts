import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDaemonTemplate } from './daemon-template.ts';

const parse = (text: string) =>
  parseDaemonTemplate(text, 'rsyncd.conf.in', (name) => name === 'builds' || name === 'build-b1');

test('globals and modules of the operator come out as they stand there, without comments', () => {
  const { globals, modules, notices } = parse(
    '# ours\nhosts allow = 10.0.0.0/8\n  ; theirs\n\n[ music  files ]\npath = /srv/music \\\nand more\r\n  read only = yes\n',
  );
  assert.deepEqual(globals, ['hosts allow = 10.0.0.0/8']);
  assert.deepEqual(modules, [
    { name: 'music files', lines: ['[music files]', 'path = /srv/music and more', 'read only = yes'] },
  ]);
  assert.deepEqual(notices, []);
});

test('a module that has the name of one of ours is left out with all its settings', () => {
  const { modules, notices } = parse('[build-b1]\npath = /etc\nuid = root\n[other]\npath = /srv\n');
  assert.deepEqual(
    modules.map(({ name }) => name),
    ['other'],
  );
  assert.deepEqual(notices, [
    { code: 'rsync-template-module-ours', parameters: { module: 'build-b1', path: 'rsyncd.conf.in' } },
  ]);
});

test('settings on which the daemon depends are left out, however they are written, also in [global]', () => {
  const { globals, modules, notices } = parse(
    'PidFile = /x\nlog file = /var/log/rsync.log\n[global]\ndaemon  uid=y\nmotd file = /y\ntimeout = 3\n[m]\nlock file = /z\npath = /\n',
  );
  assert.deepEqual(globals, ['log file = /var/log/rsync.log']);
  assert.deepEqual(modules, [
    { name: 'global', lines: ['[global]', 'motd file = /y', 'timeout = 3'] },
    { name: 'm', lines: ['[m]', 'lock file = /z', 'path = /'] },
  ]);
  assert.deepEqual(
    notices.map(({ parameters }) => parameters.setting),
    ['PidFile', 'daemon  uid'],
  );
});

test('a line that rsync would stumble over is left out, and a last line that goes on nowhere ends there', () => {
  const { globals, modules, notices } = parse(
    'nonsense\n[bad/name]\npath = /\n&include /etc/more.d\n[m]\npath = /srv\\',
  );
  assert.deepEqual(globals, []);
  assert.deepEqual(modules, [{ name: 'm', lines: ['[m]', 'path = /srv'] }]);
  assert.deepEqual(
    notices.map(({ parameters }) => parameters.line),
    [1, 2, 4],
  );
});

test('a line in brackets that is no header is left out with what follows it', () => {
  const { globals, modules, notices } = parse(
    '[foo = bar\nhosts allow = *\n[m]\npath = /\n[n] x\nuid = 0\n[]\n',
  );
  assert.deepEqual(globals, []);
  assert.deepEqual(modules, [{ name: 'm', lines: ['[m]', 'path = /'] }]);
  assert.deepEqual(
    notices.map(({ code, parameters }) => [code, parameters.line]),
    [1, 5, 7].map((line) => ['rsync-template-line-wrong', line]),
  );
});

test('other files are read only by their whole paths and when they can be read', () => {
  const here = import.meta.filename;
  const lines = [
    `&include ${here}`,
    '&include /nonexistent',
    '&merge relative',
    '&foo bar',
    '&include',
    `&merge ${here}`,
  ];
  const { globals, notices } = parse(lines.join('\n'));
  assert.deepEqual(globals, [lines[0], lines[5]]);
  assert.deepEqual(
    notices.map(({ code, parameters }) => [code, parameters.line]),
    [2, 3, 4, 5].map((line) => ['rsync-template-inclusion', line]),
  );
});

test('a comment that ends in a backslash ends with its line', () => {
  const { globals, notices } = parse(
    '# see C:\\\nhosts deny = *\n  ; or \\\nhosts allow = ::1 \\\n# no comment\n',
  );
  assert.deepEqual(globals, ['hosts deny = *', 'hosts allow = ::1 # no comment']);
  assert.deepEqual(notices, []);
});
