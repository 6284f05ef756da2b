/** A drop directory that a running server watches: from four files to a module, and back, over real rsync. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { dropSet } from '../doubles/dropped-sets.ts';
import { done, type RunningServer, serve } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { writeTinyBuilds } from '../doubles/tiny-builds.ts';
import { when } from '../doubles/when.ts';

const scratch = scratchFolder('drop-service');
const repo = scratch.file('repo');
const packed = `${repo}.rsync/packed`;
const { b1, b2 } = writeTinyBuilds(scratch.path);
const hasRsync = spawnSync('rsync', ['--version']).status === 0;
const skip = hasRsync ? false : 'rsync is not installed';

let server: RunningServer;

before(async () => {
  await done(['init', '--repo', repo]);
  if (!hasRsync) return;
  server = await serve(repo, { words: ['--rsync', '127.0.0.1:0'] });
});
after(async () => {
  if (hasRsync) await server.stop();
  scratch.remove();
});

function rsync(...words: string[]): Promise<{ code: number | null; text: string }> {
  return new Promise((resolve) => {
    const child = spawn('rsync', words, { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
    child.once('close', (code) => resolve({ code, text }));
  });
}

/** Waits until the daemon's configuration has a module, or has it no longer, and asks the daemon itself. */
async function moduleIs(name: string, there: boolean): Promise<void> {
  const isThere = () => readFileSync(`${repo}.rsync/rsyncd.conf`, 'utf8').includes(`[build-${name}]\n`);
  await when(() => isThere() === there, server.ended);
  const { text } = await rsync(`${server.rsync}/`);
  assert.equal(new RegExp(`^build-${name}\\s`, 'm').test(text), there, text);
}

test('four files become a module that clients can fetch, and taking .name away ends it', {
  skip,
}, async () => {
  const { name } = dropSet(packed, { prefix: 'xyz_jffs2', name: 'joyride-2230', archive: b1 });
  await moduleIs('joyride-2230', true);
  const target = scratch.file('target');
  const fetched = await rsync('-rlt', `${server.rsync}/build-joyride-2230/`, `${target}/`);
  assert.equal(fetched.code, 0, fetched.text);
  assert.equal(readFileSync(join(target, 'root/etc/name'), 'utf8'), 'first\n');
  assert.equal(readFileSync(join(target, 'contents'), 'utf8'), '["olpc-contents",1,{"of":"xyz_jffs2"}]');
  rmSync(name);
  await moduleIs('joyride-2230', false);
  assert.notEqual((await rsync('-r', `${server.rsync}/build-joyride-2230/`, `${target}/`)).code, 0);
});

test('a bad set is told on the page while the good one beside it is served', { skip }, async () => {
  const { archive } = dropSet(packed, { prefix: 'bad', archive: b1 });
  writeFileSync(archive, 'cut');
  dropSet(packed, { prefix: 'good', archive: b2 });
  await moduleIs('good', true);
  const page = await (await fetch(`${server.url}/?lang=es`)).text();
  assert.match(page, /Directorio de entrega.*bad: [^<]*MD5/s);
  dropSet(packed, { prefix: 'bad', archive: b1 });
  await moduleIs('bad', true);
});

test('the four files themselves are in the module os', { skip }, async () => {
  dropSet(packed, { prefix: 'daily', archive: b1 });
  const { code, text } = await rsync('-r', `${server.rsync}/os/`, `${scratch.file('daily')}/`);
  assert.equal(code, 0, text);
  for (const ending of ['-tree.tar', '-tree.tar.md5', '.contents', '.name'])
    assert.ok(existsSync(scratch.file('daily', `daily${ending}`)), ending);
});

test('the command works beside a server that runs, and both agree', { skip }, async () => {
  dropSet(packed, { prefix: 'by-command', archive: b1 });
  const report = await done<{ published: string[]; kept: string[] }>(['xs-refresh-xobuilds', '--repo', repo]);
  assert.ok([...report.published, ...report.kept].includes('by-command'));
  await moduleIs('by-command', true);
});
