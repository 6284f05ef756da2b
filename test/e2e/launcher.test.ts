/** `./satchel` as a process of its own. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';

const launcher = path.resolve(import.meta.dirname, '../../satchel');

function temporaryDirectory(context: TestContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'satchel-launcher-'));
  context.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

test('the launcher finds its checkout through links, from any directory', (context) => {
  const directory = temporaryDirectory(context);
  symlinkSync(launcher, path.join(directory, 'first'));
  symlinkSync('first', path.join(directory, 'second'));
  for (const [command, cwd] of [
    ['./second', directory],
    [path.join(directory, 'second'), '/'],
    ['./satchel', path.dirname(launcher)],
  ] as const) {
    const { status, stdout, stderr } = spawnSync(command, ['--version'], { cwd, encoding: 'utf8' });
    assert.deepEqual([status, stderr], [0, ''], command);
    assert.match(stdout, /^satchel \d+\.\d+\.\d+\n$/);
  }
});

test('without its packages the launcher says so in the language of the reader', (context) => {
  const directory = temporaryDirectory(context);
  copyFileSync(launcher, path.join(directory, 'satchel'));
  for (const [language, expected] of [
    ['en', `satchel: The packages it needs are not installed yet; run "npm ci" in ${directory}.\n`],
    ['es', `satchel: Los paquetes que necesita aún no están instalados; ejecute «npm ci» en ${directory}.\n`],
  ] as const) {
    const { status, stderr } = spawnSync(path.join(directory, 'satchel'), ['list'], {
      encoding: 'utf8',
      env: { ...process.env, SATCHEL_LANG: language },
    });
    assert.deepEqual([status, stderr], [1, expected]);
  }
});

test('a call that is off ends the process with code 2, one object and one sentence', () => {
  const { status, stdout, stderr } = spawnSync(launcher, ['publsh', '--json'], {
    encoding: 'utf8',
    env: { ...process.env, SATCHEL_LANG: 'en' },
  });
  assert.equal(status, 2);
  assert.equal(JSON.parse(stdout).error.code, 'command-unknown-similar');
  assert.equal(stderr, 'satchel: There is no command "publsh".\n  Did you mean "publish"?\n');
});

test('a reader that goes away early is no failure', async () => {
  const child = spawn(launcher, ['help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const [code] = await once(child, 'close');
  assert.deepEqual([code, errors], [0, '']);
});
