/** Deltas at the origin: made after a publication and on request, listed, kept, dropped and checked. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { tryLock } from '../../src/os/file-lock.ts';
import type { DeltaReport } from '../../src/repository/delta-create.ts';
import type { PruneResult } from '../../src/repository/prune.ts';
import type { DeltaReference } from '../../src/repository/records.ts';
import { done, doneWith, refused, satchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { writeTinyBuilds } from '../doubles/tiny-builds.ts';
import { bytesIn, when } from '../doubles/when.ts';

type Made = { readonly made: readonly DeltaReport[]; readonly failed: readonly unknown[] };
type Published = { readonly deltas: Made & { readonly inBackground: number } };
type Shown = { readonly deltas: readonly DeltaReference[] };
type Listed = {
  readonly deltas: readonly {
    readonly from: string;
    readonly to: string;
    readonly streams: readonly string[];
    readonly asked: boolean;
    readonly made: { readonly bytes: number } | null;
  }[];
};

const scratch = scratchFolder('delta-repository');
const tars = writeTinyBuilds(scratch.path);
let repositories = 0;

after(() => scratch.remove());

/** A new repository with the first build. */
async function oneBuild(): Promise<string> {
  repositories += 1;
  const repository = scratch.file(`repository-${repositories}`);
  await done(['init', '--repo', repository]);
  await done(['publish', '--repo', repository, '--name', 'b1', '--deltas', '3', tars.b1]);
  return repository;
}

const deltaFiles = (repository: string) => readdirSync(join(repository, 'deltas')).sort();
const listed = async (repository: string) =>
  (await done<Listed>(['delta', 'list', '--repo', repository])).deltas;
const pairs = (deltas: readonly { from: string; to: string }[]) =>
  deltas.map(({ from, to }) => `${from}-${to}`);

describe('deltas that follow a publication', () => {
  test('with --wait they are there when publishing ends, and reported', async () => {
    const repository = await oneBuild();
    const { deltas } = await done<Published>([
      ...['publish', '--repo', repository, '--name', 'b2', '--deltas', '2', '--wait', tars.b2],
    ]);
    assert.deepEqual([deltas.inBackground, deltas.failed], [0, []]);
    const [delta, ...more] = deltas.made;
    assert.deepEqual([delta?.from, delta?.to, more], ['b1', 'b2', []]);
    assert.equal(bytesIn(join(repository, 'deltas')), delta?.bytes);
    assert.ok(delta!.seconds > 0 && delta!.segments > 0 && delta!.memory > 0);
    assert.equal(delta!.ratio, delta!.bytes / delta!.objectBytes);
    assert.ok(delta!.ratio < 1, 'smaller than the update by objects');
    const shown = await done<Shown>(['show', '--repo', repository, 'b2']);
    assert.deepEqual(
      shown.deltas.map(({ from, length, why }) => [from, length, why]),
      [['b1', delta!.bytes, 'stream']],
    );
    const all = await done<{ deltas: readonly unknown[] }>(['list', '--repo', repository]);
    assert.deepEqual(all.deltas, [{ from: 'b1', to: 'b2', bytes: delta!.bytes, memory: delta!.memory }]);
  });

  test('without it publishing ends at once, and a process in the background makes them', async () => {
    const repository = await oneBuild();
    const { deltas } = await done<Published>(['publish', '--repo', repository, '--name', 'b2', tars.b2], {
      environment: { SATCHEL_DELTAS: '1' },
    });
    assert.deepEqual([deltas.inBackground, deltas.made], [1, []]);
    await when(() => bytesIn(join(repository, 'deltas')) > 0);
    await when(() => {
      const lock = tryLock(join(repository, '.spool/deltas.lock'));
      lock?.release();
      return lock !== undefined;
    });
    const [delta] = await listed(repository);
    assert.deepEqual([delta?.from, delta?.to, delta?.streams], ['b1', 'b2', ['stable']]);
    assert.ok(delta!.made!.bytes > 0);
    await done(['fsck', '--repo', repository]);
  });

  test('none are made where a signature is owed off line, or where nobody wants any', async () => {
    const repository = await oneBuild();
    const keys = `${repository}.keys/offline`;
    renameSync(keys, `${keys}-away`);
    const words = ['publish', '--repo', repository, '--name', 'b2', tars.b2];
    const owed = await done<Published & { toSign: string }>([...words, '--wait', '--deltas', '3']);
    assert.deepEqual([owed.deltas.inBackground, owed.deltas.made], [0, []]);
    rmSync(owed.toSign);
    renameSync(`${keys}-away`, keys);
    const { deltas } = await done<Published>([...words, '--deltas', '0']);
    assert.deepEqual([deltas.inBackground, deltas.made], [0, []]);
    assert.deepEqual(await listed(repository), []);
  });
});

describe('satchel delta', () => {
  let repository = '';

  before(async () => {
    repository = await oneBuild();
    await done(['publish', '--repo', repository, '--name', 'b2', '--deltas', '1', '--wait', tars.b2]);
  });

  test('what is there is listed with the reason, and nothing is missing', async () => {
    const { code, stdout } = await satchel(['delta', 'list', '--repo', repository]);
    assert.equal(code, 0);
    assert.match(stdout, /^b1 → b2: .*B, up to .*B of memory; wanted by stable\n$/);
    const again = await satchel(['delta', 'create', '--repo', repository, '--missing']);
    assert.deepEqual([again.code, again.stdout], [0, 'No delta that a stream wants is missing.\n']);
  });

  test('a delta that is there already is no failure', async () => {
    const files = deltaFiles(repository);
    const { report, stderr } = await doneWith<Made>(['delta', 'create', '--repo', repository, 'b1', 'b2']);
    assert.deepEqual([report.made[0]?.alreadyThere, deltaFiles(repository)], [true, files]);
    assert.match(stderr, /The delta from b1 to b2 is there already/);
  });

  test('a delta that leads back can be asked for, too', async () => {
    const { made } = await done<Made>(['delta', 'create', '--repo', repository, 'b2', 'b1']);
    assert.deepEqual([made[0]?.from, made[0]?.alreadyThere], ['b2', false]);
    assert.deepEqual(pairs(await listed(repository)), ['b2-b1', 'b1-b2']);
    const only = await done<Listed>(['delta', 'list', '--repo', repository, 'b1']);
    assert.deepEqual(pairs(only.deltas), ['b2-b1']);
  });

  test('prune keeps what was asked for and what a stream wants, and says why', async () => {
    const tree = scratch.file('next');
    mkdirSync(tree);
    writeFileSync(join(tree, 'file'), 'next\n');
    await done(['publish', '--repo', repository, '--name', 'b3', '--deltas', '1', '--wait', tree]);
    const { code, stdout } = await satchel(['prune', '--repo', repository, '--dry-run']);
    assert.equal(code, 0);
    assert.match(stdout, /Kept the delta from b2 to b1 \(.*B\): asked for by hand\./);
    assert.match(stdout, /Kept the delta from b2 to b3 \(.*B\): wanted by stable\./);
    const { deltas } = await done<PruneResult>(['prune', '--repo', repository, '--grace', '0']);
    assert.deepEqual([pairs(deltas.kept), deltas.dropped], [['b2-b1', 'b1-b2', 'b2-b3'], []]);
    assert.equal(deltaFiles(repository).length, 3);
  });

  test('a removed delta is gone from the list, and its file after prune', async () => {
    const { stderr } = await doneWith(['delta', 'remove', '--repo', repository, 'b2', 'b3']);
    assert.match(stderr, /The stream stable wants the delta from b2 to b3/);
    const before = await listed(repository);
    assert.equal(before.find(({ to }) => to === 'b3')?.made, null);
    await done(['prune', '--repo', repository, '--grace', '0']);
    assert.equal(deltaFiles(repository).length, 2);
    const { code, exitCode } = await refused(['delta', 'remove', '--repo', repository, 'b2', 'b3']);
    assert.deepEqual([code, exitCode], ['delta-not-found', 3]);
  });

  test('removing a build drops the deltas from it and to it, and prune their files', async () => {
    await done(['remove', '--repo', repository, 'b1']);
    assert.deepEqual(pairs((await listed(repository)).filter(({ made }) => made !== null)), []);
    await done(['prune', '--repo', repository, '--grace', '0']);
    assert.deepEqual(deltaFiles(repository), []);
    await done(['fsck', '--repo', repository]);
  });

  test('a damaged delta is found, and mended from another copy', async () => {
    await done(['delta', 'create', '--repo', repository, '--missing']);
    const copy = scratch.file('copy');
    const [file] = deltaFiles(repository);
    mkdirSync(join(copy, 'deltas'), { recursive: true });
    renameSync(join(repository, 'deltas', file!), join(copy, 'deltas', file!));
    const broken = await satchel(['fsck', '--repo', repository]);
    assert.equal(broken.code, 1);
    assert.match(broken.stdout, new RegExp(`deltas/${file} is missing \\(b3 needs it\\)`));
    await done(['fsck', '--repo', repository, '--repair-from', copy]);
    await done(['fsck', '--repo', repository]);
  });

  test('calls that are off are refused with a sentence', async () => {
    const words = ['delta', 'create', '--repo', repository];
    for (const [rest, code, exitCode] of [
      [['b2'], 'argument-needed', 2],
      [[], 'argument-needed', 2],
      [['--missing', 'b2', 'b3'], 'options-conflict', 2],
      [['b2', 'b2'], 'delta-same-build', 2],
      [['b2', 'none'], 'build-not-found', 3],
    ] as const)
      assert.deepEqual(
        await refused([...words, ...rest]).then((refusal) => [refusal.code, refusal.exitCode]),
        [code, exitCode],
      );
    const { code } = await refused(['publish', '--repo', repository, '--deltas', '17', tars.b1]);
    assert.equal(code, 'deltas-not-understood');
  });
});
