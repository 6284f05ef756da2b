/** Machines with a shell only follow the rules of a stream: waypoints, their turn in a rollout, going back. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { bucketOf } from '../../src/advice/decide.ts';
import { changeStream } from '../../src/advice/stream-change.ts';
import { recordTime } from '../../src/base/fields.ts';
import { type BuildName, buildName, streamName } from '../../src/base/identifiers.ts';
import { type BackPermit, backTarget } from '../../src/repository/back-record.ts';
import { openCatalog } from '../../src/repository/catalog.ts';
import { refreshLite } from '../../src/repository/lite-refresh.ts';
import { recordBytes, type StreamRules, withRules } from '../../src/repository/records.ts';
import { openDirectoryStore } from '../../src/store/directory.ts';
import { openKeyDirectory } from '../../src/trust/keys.ts';
import { publishTargets, renewTimestamp } from '../../src/trust/publisher.ts';
import { liteShells, startLite } from '../doubles/satchel-lite.ts';
import { done, satchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { isRoot } from '../doubles/story-trees.ts';

const scratch = scratchFolder('lite-rollout');
const repository = scratch.file('repository');
const stable = streamName('stable');
const start = Date.now();
const hour = 3_600_000;
const salt = '00112233445566ff';
const serial = Array.from({ length: 100 }, (_, number) => `SHC${number}`).find(
  (name) => bucketOf(salt, name) >= 5000,
)!;

after(() => scratch.remove());

function at(hours: number) {
  const clock = () => start + hours * hour;
  return {
    store: openDirectoryStore(repository),
    keys: openKeyDirectory(`${repository}.keys`, clock),
    clock,
  };
}

async function publish(name: string, ...words: string[]): Promise<void> {
  const tree = scratch.file(`tree-${name}`);
  mkdirSync(tree);
  writeFileSync(join(tree, 'file'), name);
  await done(['publish', '--repo', repository, '--name', name, ...words, tree]);
}

async function rules(hours: number, given: StreamRules): Promise<void> {
  await changeStream(at(hours), stable, (record) => withRules(record, given));
}

/** Makes a build the head, as it is when a stream is led back. */
async function lead(
  to: BuildName,
  hours: number,
  previous: readonly BuildName[],
  back = false,
): Promise<void> {
  const catalog = await openCatalog(openDirectoryStore(repository));
  const [build, deltas] = [await catalog.build(to), await catalog.deltas(to)];
  await changeStream(at(hours), stable, (record) => ({
    ...withRules(record, {
      rollout: undefined,
      back: back ? { reason: 'sound', since: recordTime(start) } : undefined,
    }),
    ...{ previous, build, deltas },
  }));
}

before(async () => {
  await done(['init', '--repo', repository]);
  await done(['keys', 'create', 'lite', '--repo', repository]);
  await publish('os-1');
  await publish('os-2', '--waypoint');
  await publish('os-3');
});

/** A directory that holds what the origin offers by rsync. */
async function offer(place: string): Promise<void> {
  rmSync(join(place, 'lite'), { recursive: true, force: true });
  cpSync(join(repository, 'lite'), join(place, 'lite'), { recursive: true });
  const { builds } = await done<{ builds: readonly { name: string; contentsHash: string }[] }>([
    ...['list', '--repo', repository],
  ]);
  for (const { name, contentsHash } of builds) {
    rmSync(join(place, `build-${name}`), { recursive: true, force: true });
    mkdirSync(join(place, `build-${name}`));
    symlinkSync(scratch.file(`tree-${name}`), join(place, `build-${name}`, 'root'));
    cpSync(join(repository, 'contents', contentsHash), join(place, `build-${name}/contents`));
  }
}

describe('a machine with a shell only', {
  skip: isRoot ? false : 'only root can give files their owners',
}, () => {
  const [dash, busybox] = liteShells(scratch.path);
  const place = scratch.file('place');
  const root = scratch.file('machine');
  const said = async (code: number, ...words: string[]) => {
    // Each step by the other shell: what one wrote the other reads.
    step += 1;
    const ran = await startLite(step % 2 === 0 ? dash! : busybox!, [...words, '--root', root]).ended;
    assert.equal(ran.code, code, `${ran.stdout}${ran.stderr}`);
    return ran.stdout + ran.stderr;
  };
  let step = 0;

  before(async () => {
    mkdirSync(place);
    mkdirSync(join(root, 'ofw/mfg-data'), { recursive: true });
    writeFileSync(join(root, 'ofw/mfg-data/SN'), `${serial}\0`);
    await offer(place);
    await said(0, 'init', '--source', place, '--key', `${repository}.keys/lite.public`);
  });

  test('goes over the waypoint, from a build whose list it has and from one without', async () => {
    await lead(buildName('os-1'), 1, []);
    await offer(place);
    assert.match(await said(0, 'update'), /^os-1 is installed/m);
    await lead(buildName('os-3'), 2, [buildName('os-2'), buildName('os-1')]);
    await offer(place);
    assert.match(
      await said(0, 'check'),
      /offers os-2 \([\s\S]*No machine may pass os-2 over on the way to os-3\./,
    );
    assert.match(await said(0, 'update'), /^os-2 is installed/m);
    assert.match(await said(0, 'update'), /^os-3 is installed/m);
    assert.match(await said(0, 'update'), /up to date/);
  });

  test('waits for its turn, and the list says that it is later once the repository does', async () => {
    await publish('os-4');
    const steps = [
      { share: 5000, after: 0 },
      { share: 10_000, after: 3600 },
    ];
    await rules(3, { rollout: { salt, began: recordTime(start + 3 * hour), steps } });
    await offer(place);
    for (const words of ['check', 'update'])
      assert.match(
        await said(0, words),
        /os-4 reaches this machine later \(it comes at \d+ of 10000, and 5000 may by now\); it stays on os-3/,
      );
    assert.deepEqual((await refreshLite(at(4))).written, []);
    await renewTimestamp(at(4));
    assert.deepEqual((await refreshLite(at(4))).written, ['lite/stable']);
    await offer(place);
    assert.match(await said(0, 'update'), /^os-4 is installed/m);
    assert.equal((await satchel(['fsck', '--repo', repository])).code, 0);
  });

  test('goes back with a permit only', async () => {
    await lead(buildName('os-3'), 5, [buildName('os-4')], true);
    await offer(place);
    assert.match(await said(1, 'update'), /leads back to build os-3/);
    const catalog = await openCatalog(openDirectoryStore(repository));
    const [left, to] = [await catalog.build(buildName('os-4')), await catalog.build(buildName('os-3'))];
    const permit: BackPermit = {
      ...{ satchel: 'back', format: 1, stream: stable, from: left.sequence },
      to: { build: to.name, sequence: to.sequence },
      ...{ reason: 'sound', since: recordTime(start) },
    };
    const file = { path: backTarget(stable), bytes: recordBytes(permit) };
    await publishTargets(at(5), async () => ({ builds: { add: [file] } }));
    await refreshLite(at(5));
    await offer(place);
    assert.match(
      await said(0, 'update'),
      /^os-3 is installed[\s\S]*The stream stable was led back to os-3\./m,
    );
    assert.match(await said(0, 'update'), /up to date/);
  });
});
