import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { findProgram } from '../os/process.ts';
import { postTransferScript, preTransferScript, shellQuoted } from './daemon-scripts.ts';

const scratch = scratchFolder('rsync-scripts');
const directory = scratch.file("it's a 'directory'");
const below = (...names: string[]) => join(directory, ...names);

before(() => {
  for (const name of ['run', 'uses', 'asks', 'ready', 'pub/builds/b1', 'pub/builds/b2'])
    mkdirSync(below(name), { recursive: true });
  for (const name of ['b1', 'b2']) writeFileSync(below('ready', name), 'mark');
  write(0);
});
after(() => scratch.remove());

function write(perSource: number): void {
  writeFileSync(below('run/pre-xfer.sh'), preTransferScript({ perSource, language: 'en' }));
  writeFileSync(below('run/post-xfer.sh'), postTransferScript());
}

const shells = [['dash'], ['busybox', 'sh'], ['bash', '--posix']].filter(([program = '']) =>
  findProgram(program),
);

type Request = { readonly module: string; readonly words?: readonly string[]; readonly address?: string };

function run(
  shell: readonly string[],
  script: 'pre' | 'post',
  { module, words = [], address = '::1' }: Request,
) {
  const [program = '', ...rest] = shell;
  const given = ['rsyncd', '--server', '--sender', ...words];
  const { status, stdout, stderr } = spawnSync(program, [...rest, below('run', `${script}-xfer.sh`)], {
    encoding: 'utf8',
    timeout: 10_000,
    env: {
      PATH: process.env.PATH,
      RSYNC_MODULE_NAME: module,
      RSYNC_HOST_ADDR: address,
      RSYNC_PID: String(process.pid),
      RSYNC_REQUEST: `${module}/`,
      ...Object.fromEntries(given.map((word, number) => [`RSYNC_ARG${number}`, word])),
    },
  });
  return { status, stdout, stderr };
}

const uses = () => readdirSync(below('uses')).sort();
const fine = { status: 0, stdout: '', stderr: '' };

for (const shell of shells) {
  const name = shell.join(' ');

  test(`${name}: a ready tree is used and touched, and the use ends with the transfer`, () => {
    utimesSync(below('ready/b1'), 1000, 1000);
    assert.deepEqual(run(shell, 'pre', { module: 'build-b1' }), fine);
    assert.deepEqual(uses(), [`b1,::1,${process.pid}`]);
    assert.ok(statSync(below('ready/b1')).mtimeMs > 1_000_000);
    assert.equal(statSync(below('ready/b1')).size, 4);
    assert.deepEqual(run(shell, 'post', { module: 'build-b1' }), fine);
    assert.deepEqual(uses(), []);
  });

  test(`${name}: a request to the module of all builds names the builds that it needs`, () => {
    for (const [words, expected] of [
      [['-de.LsfxCIvu', '.', '/'], []],
      [['-vlogDtpre.iLsfxCIvu', '--numeric-ids', '.', '/'], ['']],
      [['-r', '.', './'], ['']],
      [
        ['-logDtpr', '.', '/b1/root/', 'b2/root/a file', './b1/contents'],
        ['b1', 'b2'],
      ],
      [['-e.rLs', '.', '.'], []],
    ] as const) {
      assert.deepEqual(run(shell, 'pre', { module: 'builds', words }), fine, words.join(' '));
      assert.deepEqual(
        uses(),
        expected.map((build) => `${build},::1,${process.pid}`),
        words.join(' '),
      );
      run(shell, 'post', { module: 'builds', words });
    }
  });

  test(`${name}: words that try to be more than names do nothing`, () => {
    const evil = [
      '$(touch pwned)',
      '`touch pwned`',
      ';touch pwned',
      '..',
      '*',
      '-n',
      "'; touch pwned;'",
      'b1,x',
      'b\n1',
    ];
    for (const word of evil) {
      const { status, stdout, stderr } = run(shell, 'pre', { module: 'builds', words: ['-r', '.', word] });
      assert.deepEqual([status, stderr], [1, ''], word);
      assert.equal(stdout, 'No build can have the name that was asked for.\n', word);
    }
    const address = run(shell, 'pre', { module: 'build-b1', address: '../../x,y' });
    assert.deepEqual(address, fine);
    assert.deepEqual(uses(), [`b1,unknown,${process.pid}`]);
    run(shell, 'post', { module: 'build-b1', address: '../../x,y' });
    assert.deepEqual([uses(), readdirSync(below('asks'))], [[], []]);
    assert.ok(!existsSync('pwned'));
  });

  test(`${name}: a name that is too long for a build is refused before it is written down`, () => {
    const { status, stdout } = run(shell, 'pre', { module: 'builds', words: ['-r', '.', 'b'.repeat(300)] });
    assert.deepEqual([status, stdout], [1, 'No build can have the name that was asked for.\n']);
    assert.deepEqual(uses(), []);
  });

  test(`${name}: connections from one address are counted without those that have ended`, () => {
    write(2);
    try {
      writeFileSync(below(`uses/b2,::1,${process.ppid}`), '');
      writeFileSync(below('uses/b2,::1,999999999'), '');
      writeFileSync(below('uses/b2,::2,1'), '');
      assert.deepEqual(run(shell, 'pre', { module: 'build-b1' }), fine);
      run(shell, 'post', { module: 'build-b1' });
      writeFileSync(below('uses/b1,::1,1'), '');
      const { status, stdout } = run(shell, 'pre', { module: 'os' });
      assert.equal(status, 1);
      assert.match(stdout, /^Connections from one address at the same time: 2 at most\./);
      assert.equal(uses().length, 4, 'a use that was refused is taken back');
    } finally {
      write(0);
      for (const use of uses()) spawnSync('rm', ['-f', '--', below('uses', use)]);
    }
  });

  test(`${name}: a disk that takes no uses is no silent success`, () => {
    renameSync(below('uses'), below('no uses'));
    const { status, stdout } = run(shell, 'pre', { module: 'build-b1' });
    renameSync(below('no uses'), below('uses'));
    assert.equal(status, 1);
    assert.match(stdout, /^The server cannot keep account of its transfers\./);
  });
}

test('a text for the shell stands for exactly itself', () => {
  for (const text of ["it's", '$HOME `x` "y" \\', '', '-n', '%']) {
    const { stdout } = spawnSync('/bin/sh', ['-c', `printf %s ${shellQuoted(text)}`], { encoding: 'utf8' });
    assert.equal(stdout, text);
  }
});

test('shellcheck finds nothing in the scripts', { skip: findProgram('shellcheck') === undefined }, () => {
  write(3);
  for (const script of ['pre', 'post']) {
    const { status, stdout } = spawnSync('shellcheck', [below(`run/${script}-xfer.sh`)], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stdout);
  }
});
