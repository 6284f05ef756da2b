/** The bundle, as a program of its own: made, and used from the first build to the second update. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { deviceLayout } from '../../src/device/layout.ts';
import { assertSameTree } from '../doubles/same-tree.ts';
import { pristine } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { writeStoryTree } from '../doubles/story-trees.ts';

const scratch = scratchFolder('bundle');
const dist = scratch.file('dist');
const repository = scratch.file('repository');
const device = scratch.file('device');
// Nothing but the bundle itself and the system's programs, and the compiled code beside the bundle.
const environment = { ...process.env, NODE_COMPILE_CACHE: '', SATCHEL_LANG: 'en', SATCHEL_DELTAS: '0' };

/** Runs a command of the bundle that has to succeed; the object that it prints. */
// biome-ignore lint/suspicious/noExplicitAny: the test asks for the fields that the command promises
function must(...words: readonly string[]): any {
  const { status, stdout, stderr } = spawnSync(join(dist, 'satchel'), [...words, '--json'], {
    encoding: 'utf8',
    env: environment,
  });
  assert.equal(status, 0, `${words.join(' ')}: ${stderr}`);
  return JSON.parse(stdout);
}

/** Enough files that the threads of `verify` are worth their start. */
function writeTree(version: 1 | 2): string {
  const tree = scratch.file(`tree-${version}`);
  writeStoryTree(tree, version);
  mkdirSync(join(tree, 'many'));
  for (let i = 0; i < 350; i += 1) writeFileSync(join(tree, 'many', `${i}`), `${i} of ${version}`);
  return tree;
}

async function serve() {
  const words = ['serve', '--repo', repository, '--listen', '127.0.0.1:0', '--json'];
  const child = spawn(join(dist, 'satchel'), words, {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: environment,
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { url } = JSON.parse(line) as { url: string };
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

describe('the bundle', () => {
  before(() => {
    const script = resolve(import.meta.dirname, '../../scripts/bundle.ts');
    const { status, stderr } = spawnSync(process.execPath, [script, dist], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  });
  after(() => scratch.remove());

  test('has a file for the program and for each of its threads and processes', () => {
    const files = readdirSync(dist);
    for (const file of ['main.cjs', 'stage-worker.cjs', 'verify-worker.cjs', 'trash-collector.cjs'])
      assert.ok(files.includes(file), file);
  });

  test('carries satchel-lite for the machines on which nothing else runs', () => {
    const { status, stdout } = spawnSync(join(dist, 'satchel-lite'), ['--version'], { encoding: 'utf8' });
    assert.deepEqual([status, stdout], [0, 'satchel-lite 1\n']);
  });

  test('carries what starts versions: hooks for the initramfs, services, checks', () => {
    const tree = scratch.file('system');
    for (const folder of ['etc', 'usr/lib/systemd', 'boot'])
      mkdirSync(join(tree, folder), { recursive: true });
    writeFileSync(join(tree, 'usr/lib/systemd/systemd'), '');
    for (const [generator, file] of [
      ['dracut', 'usr/lib/dracut/modules.d/90satchel/module-setup.sh'],
      ['initramfs-tools', 'usr/share/initramfs-tools/hooks/satchel'],
    ] as const) {
      must('boot', 'install', '--tree', tree, '--with', generator, '--files-only');
      assert.ok(existsSync(join(tree, file)), file);
    }
    assert.ok(existsSync(join(tree, 'usr/lib/satchel/satchel-boot')));
  });

  test('publishes, serves, installs, updates and verifies', async () => {
    const { rootSha256 } = must('init', '--repo', repository);
    must('publish', '--repo', repository, '--name', 'os-1', '--stream', 'stable', writeTree(1));
    const server = await serve();
    try {
      assert.match(await (await fetch(server.url)).text(), /os-1/);
      must('device', 'init', '--root', device, '--source', server.url, '--trust', rootSha256);
      assert.equal(must('update', '--root', device).build, 'os-1');
      must('publish', '--repo', repository, '--name', 'os-2', '--stream', 'stable', writeTree(2));
      assert.equal(must('update', '--root', device).from, 'os-1');
      assert.equal(must('update', '--root', device).plan, 'none');
    } finally {
      await server.stop();
    }
    must('verify', '--full', '--root', device);
    for (const version of [1, 2])
      assertSameTree(pristine(device, `os-${version}`), scratch.file(`tree-${version}`));
  });

  test('empties the trash in a process of its own', () => {
    const { trash } = deviceLayout(device);
    mkdirSync(join(trash, 'old/folder'), { recursive: true });
    const { status, stderr } = spawnSync(process.execPath, [join(dist, 'trash-collector.cjs'), device], {
      encoding: 'utf8',
    });
    assert.deepEqual([status, stderr, existsSync(join(trash, 'old'))], [0, '', false]);
  });

  test('reads the packages of the server only to serve', () => {
    const copy = scratch.file('copy');
    cpSync(dist, copy, { recursive: true, verbatimSymlinks: true });
    for (const file of ['fastify.cjs', 'pino.cjs']) rmSync(join(copy, file));
    const { status } = spawnSync(join(copy, 'satchel'), ['list', '--repo', repository], { env: environment });
    assert.equal(status, 0);
  });

  test('is made anew only where a bundle was', () => {
    const script = resolve(import.meta.dirname, '../../scripts/bundle.ts');
    const { status } = spawnSync(process.execPath, [script, repository]);
    assert.notEqual(status, 0);
    assert.ok(existsSync(join(repository, 'metadata')));
  });
});
