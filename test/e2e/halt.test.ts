/** A stream that is halted: who follows it stays on what he has, until it is resumed; a build that is named still goes. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Checked } from '../../src/device/check.ts';
import type { UpdatePlan } from '../../src/device/plan-update.ts';
import type { DeviceStatus } from '../../src/device/status.ts';
import type { UpdateResult } from '../../src/device/update.ts';
import { type LiteShell, liteShells, startLite } from '../doubles/satchel-lite.ts';
import { done, doneWith, refused, satchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { isRoot } from '../doubles/story-trees.ts';
import { when } from '../doubles/when.ts';

const scratch = scratchFolder('halt');
const repository = scratch.file('repository');
const device = scratch.file('device');
const reason = 'the sound is gone\u001b[2J';
const seen = { reason, since: '' };

const atOrigin = (...words: string[]) => done([...words, '--repo', repository]);
const onDevice = (...words: string[]) => [...words, '--root', device];

async function publish(name: string): Promise<string> {
  const tree = scratch.file(`tree-${name}`);
  mkdirSync(tree);
  writeFileSync(join(tree, 'file'), name);
  const { stderr } = await doneWith(['publish', '--repo', repository, '--name', name, tree]);
  return stderr;
}

before(async () => {
  const { rootSha256 } = await done<{ rootSha256: string }>(['init', '--repo', repository]);
  await atOrigin('keys', 'create', 'lite');
  await publish('os-1');
  await done(onDevice('device', 'init', '--source', repository, '--trust', rootSha256));
  await done(onDevice('update'));
  await publish('os-2');
  const { halted, changed } = await done<{ halted: typeof seen; changed: boolean }>([
    'stream',
    'halt',
    'stable',
    '--reason',
    reason,
    '--repo',
    repository,
  ]);
  assert.equal(changed, true);
  seen.since = halted.since;
  assert.deepEqual(halted, seen);
});

after(async () => {
  // Versions that were purged are deleted by a process that outlives the update.
  await when(() => readdirSync(join(device, 'versions/updates/satchel/trash')).length === 0);
  scratch.remove();
});

describe('while the stream is halted', () => {
  test('the origin shows it, and says it to whoever halts it again', async () => {
    const shown = await atOrigin('stream', 'show', 'stable');
    assert.deepEqual([shown.build, shown.previous, shown.halted], ['os-2', ['os-1'], seen]);
    const again = await satchel(['stream', 'halt', 'stable', '--repo', repository]);
    assert.match(again.stdout, /was halted already/);
    const listed = await satchel(['list', '--repo', repository]);
    assert.match(listed.stdout, /^stream stable: os-2\nhalted since /m);
    const { stdout } = await satchel(['stream', 'show', 'stable', '--repo', repository]);
    assert.match(stdout, /^halted since .*: the sound is gone\\x1b\[2J$/m);
    const { streams } = await done<{ streams: object[] }>(['stream', 'list', '--repo', repository]);
    assert.deepEqual(
      streams.find((one) => 'stream' in one && one.stream === 'stable'),
      shown,
    );
    const all = await satchel(['stream', 'list', '--repo', repository]);
    assert.ok(all.stdout.includes(stdout), 'each stream as it is shown by itself');
  });

  test('the device stays on what it has, with code 0, and says why', async () => {
    const checked = await done<Checked>(onDevice('check'));
    assert.deepEqual(
      [checked.build, checked.from, checked.available, checked.halted],
      ['os-1', 'os-1', false, seen],
    );
    for (const words of [['update'], ['plan'], ['update', '--dry-run']]) {
      const result = await done<UpdateResult | UpdatePlan>(onDevice(...words));
      assert.deepEqual(
        [result.build, result.from, result.plan, result.halted],
        ['os-1', 'os-1', 'none', seen],
      );
      const { code, stdout } = await satchel(onDevice(...words));
      assert.equal(code, 0);
      assert.match(
        stdout,
        /^The stream "stable" has been halted since .*\(the sound is gone.*stays on os-1\.$/m,
      );
    }
    const { versions, pending } = await done<DeviceStatus>(onDevice('status'));
    assert.deepEqual([versions.map(({ name }) => name), pending], [['os-1'], undefined]);
  });

  test('a device that has nothing is refused with code 4', async () => {
    const root = scratch.file('empty');
    await done([
      'device',
      'init',
      '--root',
      root,
      '--source',
      repository,
      '--trust',
      `${repository}/metadata/1.root.json`,
    ]);
    const refusal = await refused(['update', '--root', root]);
    assert.deepEqual([refusal.exitCode, refusal.code], [4, 'stream-halted']);
    assert.equal((await done<UpdateResult>(['update', '--root', root, 'os-1'])).build, 'os-1');
  });

  test('a new build changes nothing, and whoever publishes it is told', async () => {
    assert.match(await publish('os-3'), /The stream "stable" is halted: devices do not take os-3/);
    const result = await done<UpdateResult>(onDevice('update'));
    assert.deepEqual([result.build, result.halted], ['os-1', seen]);
  });

  test('a reason is not a story, and not empty', async () => {
    const halt = (given: string) =>
      refused(['stream', 'halt', 'stable', '--repo', repository, '--reason', given]);
    assert.deepEqual(
      [(await halt('x'.repeat(501))).code, (await halt('')).code],
      ['halt-reason-too-long', 'value-empty'],
    );
    const none = await refused(['stream', 'halt', 'testing', '--repo', repository]);
    assert.deepEqual([none.exitCode, none.code], [3, 'stream-not-found']);
  });

  const shells = liteShells(scratch.path);
  for (const shell of shells)
    test(`a machine with ${shell.name} only stays as well`, {
      skip: isRoot ? false : 'only root can give files their owners',
    }, async () => {
      await liteStory(shell);
    });

  test('fsck finds nothing wrong with it', async () => {
    assert.equal((await satchel(['fsck', '--repo', repository])).code, 0);
  });

  test('a build that is named is installed', async () => {
    const result = await done<UpdateResult>(onDevice('update', 'os-2'));
    assert.deepEqual([result.build, result.halted], ['os-2', undefined]);
  });
});

test('once it is resumed, devices go on', async () => {
  assert.equal((await atOrigin('stream', 'resume', 'stable')).changed, true);
  assert.equal((await atOrigin('stream', 'resume', 'stable')).changed, false);
  const result = await done<UpdateResult>(onDevice('update'));
  assert.deepEqual([result.build, result.halted], ['os-4-busybox', undefined]);
});

/** The machine asks a directory that holds what the origin offers by rsync. */
async function liteStory(shell: LiteShell): Promise<void> {
  const place = scratch.file(`${shell.name}-place`);
  const root = scratch.file(`${shell.name}-machine`);
  for (const folder of [place, root]) mkdirSync(folder);
  const offer = () => {
    rmSync(join(place, 'lite'), { recursive: true, force: true });
    cpSync(join(repository, 'lite'), join(place, 'lite'), { recursive: true });
  };
  const run = (...words: string[]) => startLite(shell, [...words, '--root', root]).ended;
  const said = async (code: number, ...words: string[]) => {
    const ran = await run(...words);
    assert.equal(ran.code, code, `${ran.stdout}${ran.stderr}`);
    return ran.stdout + ran.stderr;
  };
  offer();
  await said(0, 'init', '--source', place, '--key', `${repository}.keys/lite.public`);
  assert.match(await said(0, 'check'), /stable has been halted since .* stays on nothing\./);
  assert.match(await said(4, 'update'), /stable has been halted since .* no version to stay on/);
  await atOrigin('stream', 'resume', 'stable');
  const { build } = await atOrigin('stream', 'show', 'stable');
  offer();
  assert.match(await said(0, 'check'), new RegExp(`offers ${build}`));
  mkdirSync(join(place, `build-${build}`));
  symlinkSync(scratch.file(`tree-${build}`), join(place, `build-${build}`, 'root'));
  const { builds } = await done<{ builds: readonly { name: string; contentsHash: string }[] }>([
    ...['list', '--repo', repository],
  ]);
  const { contentsHash = '' } = builds.find(({ name }) => name === build) ?? {};
  cpSync(join(repository, 'contents', contentsHash), join(place, `build-${build}/contents`));
  await said(0, 'update');
  await atOrigin('stream', 'halt', 'stable', '--reason', reason);
  await publish(`os-4-${shell.name}`);
  offer();
  for (const words of ['check', 'update'])
    assert.match(await said(0, words), new RegExp(`has been halted since .* stays on ${build}\\.`));
  seen.since = (
    await done<{ halted: typeof seen }>(['stream', 'show', 'stable', '--repo', repository])
  ).halted.since;
}
