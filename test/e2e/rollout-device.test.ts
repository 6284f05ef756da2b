/** A device follows the rules of its stream: its turn in a rollout, waypoints, going back; a build that is named still goes. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { bucketOf } from '../../src/advice/decide.ts';
import { changeStream } from '../../src/advice/stream-change.ts';
import { recordTime } from '../../src/base/fields.ts';
import { buildName, streamName } from '../../src/base/identifiers.ts';
import type { Checked } from '../../src/device/check.ts';
import type { UpdatePlan } from '../../src/device/plan-update.ts';
import type { DeviceStatus } from '../../src/device/status.ts';
import type { UpdateResult } from '../../src/device/update.ts';
import { type BackPermit, backTarget } from '../../src/repository/back-record.ts';
import { openCatalog } from '../../src/repository/catalog.ts';
import { recordBytes, type StreamRules, withRules } from '../../src/repository/records.ts';
import type { Rollout } from '../../src/repository/rollout-record.ts';
import { openDirectoryStore } from '../../src/store/directory.ts';
import { openKeyDirectory } from '../../src/trust/keys.ts';
import { publishTargets, renewTimestamp } from '../../src/trust/publisher.ts';
import { done, doneWith, refused, satchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';

const scratch = scratchFolder('rollout-device');
const repository = scratch.file('repository');
const stable = streamName('stable');
const start = Date.now();
const hour = 3_600_000;
const salt = '00112233445566ff';
let root = '';

after(() => scratch.remove());

/** Writes rules into the stream, signed so many hours after the test began. */
async function rules(hours: number, given: StreamRules): Promise<void> {
  await changeStream(at(hours), stable, (record) => withRules(record, given));
}

function at(hours: number) {
  const clock = () => start + hours * hour;
  return {
    store: openDirectoryStore(repository),
    keys: openKeyDirectory(`${repository}.keys`, clock),
    clock,
  };
}

function rollout(given: Partial<Rollout> = {}): Rollout {
  const steps = [
    { share: 5000, after: 3600 },
    { share: 10_000, after: 7200 },
  ];
  return { salt, began: recordTime(start), steps, ...given };
}

/** A serial number on one side of a half. */
function serialIn(half: 'first' | 'second'): string {
  const isThere = (name: string) => bucketOf(salt, name) < 5000 === (half === 'first');
  return Array.from({ length: 100 }, (_, number) => `SHC${number}`).find(isThere)!;
}

async function publish(name: string, ...words: string[]): Promise<void> {
  const tree = scratch.file(`tree-${name}`);
  mkdirSync(tree);
  writeFileSync(join(tree, 'file'), name);
  writeFileSync(join(tree, 'same'), 'the same in all of them');
  await done(['publish', '--repo', repository, '--name', name, ...words, tree]);
}

/** A device with a serial number that follows the stream and has installed these builds. */
async function device(name: string, serial: string, ...builds: string[]): Promise<string> {
  const path = scratch.file(name);
  await done(['device', 'init', '--root', path, '--source', repository, '--trust', root]);
  mkdirSync(join(path, 'ofw/mfg-data'), { recursive: true });
  writeFileSync(join(path, 'ofw/mfg-data/SN'), serial);
  for (const build of builds) await done(['update', '--root', path, build]);
  return path;
}

const check = (path: string) => done<Checked>(['check', '--root', path]);
const update = (path: string) => done<UpdateResult>(['update', '--root', path]);
const because = ({ decision }: Pick<Checked, 'decision'>) => decision?.because;

before(async () => {
  const { rootSha256 } = await done<{ rootSha256: string }>(['init', '--repo', repository]);
  root = rootSha256;
  await publish('os-1');
  await publish('os-2');
});

describe('in a rollout', () => {
  const devices = { first: '', second: '' };

  before(async () => {
    for (const half of ['first', 'second'] as const)
      devices[half] = await device(half, serialIn(half), 'os-1');
    await rules(0, { rollout: rollout() });
  });

  test('nobody takes the build before the first step, with code 0 and a reason', async () => {
    for (const path of Object.values(devices)) {
      const checked = await check(path);
      assert.deepEqual([checked.build, checked.from, checked.available], ['os-1', 'os-1', false]);
      assert.equal(because(checked), 'share');
      for (const words of [['update'], ['plan'], ['update', '--dry-run']]) {
        const result = await done<UpdateResult | UpdatePlan>([...words, '--root', path]);
        assert.deepEqual([result.build, result.plan, because(result)], ['os-1', 'none', 'share']);
      }
    }
    const { code, stdout } = await satchel(['update', '--root', devices.first]);
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^It stays on os-1: 0 % of the devices may take os-2 by now, and this one comes at /m,
    );
    assert.match(stdout, /^As the plan stands, it may from 20\S+Z on\.$/m);
    const status = await done<DeviceStatus>(['status', '--root', devices.first]);
    assert.equal(because(status), 'share');
  });

  test('a build that is named goes to everybody', async () => {
    const path = await device('named', serialIn('second'), 'os-1');
    const result = await done<UpdateResult>(['update', 'os-2', '--root', path]);
    assert.deepEqual([result.build, result.decision], ['os-2', undefined]);
  });

  test('each takes it when its turn has come, by the time that was signed', async () => {
    await renewTimestamp(at(1));
    const { build, decision } = await update(devices.first);
    assert.equal(build, 'os-2');
    assert.deepEqual(decision, {
      ...{ decision: 'take', build: 'os-2', because: 'share', share: 5000 },
      bucket: bucketOf(salt, serialIn('first')),
    });
    const waits = (await check(devices.second)).decision;
    assert.equal(waits?.decision === 'stay' && waits.next, Math.floor(start / 1000) * 1000 + 2 * hour);
    await renewTimestamp(at(2));
    assert.equal((await update(devices.second)).build, 'os-2');
    assert.equal(because(await check(devices.second)), 'current');
  });

  test('a device without any version takes the head at once', async () => {
    await rules(2, { rollout: rollout({ steps: [] }) });
    assert.equal((await update(await device('empty', serialIn('second')))).build, 'os-2');
  });

  test('quiet days are waited for', async () => {
    const quiet = [
      { from: recordTime(start + 1.5 * hour), to: recordTime(start + 3 * hour), reason: 'exams' },
      { from: recordTime(start + 3 * hour), to: recordTime(start + 4 * hour), reason: 'fair' },
    ];
    const path = await device('quiet', serialIn('first'), 'os-1');
    await rules(2, { rollout: rollout({ quiet }) });
    const { stdout } = await satchel(['check', '--root', path]);
    assert.match(stdout, /^It stays on os-1: nothing changes until .*\(exams\)\.$/m);
    await renewTimestamp(at(3.5));
    assert.match((await satchel(['check', '--root', path])).stdout, /\(fair\)/);
    await renewTimestamp(at(4));
    assert.equal((await check(path)).available, true);
  });
});

describe('a waypoint', () => {
  before(async () => {
    await publish('os-3', '--waypoint');
    await publish('os-4');
    await publish('os-5', '--minimum-client', '99.0.0');
  });

  test('comes first, and then what is beyond it; who starts anew needs none', async () => {
    const { waypoints } = await done<{ waypoints: readonly { build: string }[] }>([
      ...['stream', 'show', 'stable', '--repo', repository],
    ]).then(async () => (await openCatalog(openDirectoryStore(repository))).stream(stable));
    assert.deepEqual(
      waypoints?.map(({ build }) => build),
      ['os-3'],
    );
    const path = await device('behind', 'SHC1', 'os-1');
    const checked = await check(path);
    assert.deepEqual([checked.build, because(checked)], ['os-3', 'client']);
    const { stdout } = await satchel(['update', '--root', path]);
    assert.match(stdout, /^It takes os-3 first: os-5 asks for Satchel 99\.0\.0 or newer, and this is /m);
    assert.equal((await done<DeviceStatus>(['status', '--root', path])).nextBoot, 'os-3');
    assert.equal((await refused(['update', '--root', path])).code, 'client-too-old');
    assert.equal((await update(await device('anew', 'SHC2'))).build, 'os-3');
  });

  test('has to run before the next build is taken', async () => {
    const path = await device('pending', 'SHC1', 'os-1');
    const runs = (build: string) => {
      rmSync(join(path, 'versions/running'), { force: true });
      symlinkSync(`pristine/${build}`, join(path, 'versions/running'));
    };
    runs('os-1');
    assert.equal((await update(path)).build, 'os-3');
    const again = await update(path);
    assert.deepEqual([again.build, again.plan, again.rebootNeeded], ['os-3', 'none', true]);
  });

  test('is where a repository with streams of a newer format still leads', async () => {
    const later = Buffer.from(
      JSON.stringify({ satchel: 'stream', format: 2, stream: 'stable', head: 'os-9' }),
    );
    await publishTargets(at(5), async () => ({
      streams: { add: [{ path: 'streams/_2.stable.json', bytes: later }] },
    }));
    const path = await device('old-format', 'SHC3', 'os-1');
    assert.equal((await update(path)).build, 'os-3');
    assert.equal((await satchel(['fsck', '--repo', repository])).code, 0);
    assert.equal((await satchel(['prune', '--repo', repository])).code, 0);
    assert.equal((await satchel(['list', '--repo', repository])).code, 0);
  });
});

describe('going back', () => {
  let path = '';

  before(async () => {
    path = await device('back', 'SHC4', 'os-2', 'os-4');
    const catalog = await openCatalog(openDirectoryStore(repository));
    const build = await catalog.build(buildName('os-2'));
    const deltas = await catalog.deltas(buildName('os-2'));
    await changeStream(at(6), stable, (record) => ({
      ...withRules(record, { back: { reason: 'sound', since: recordTime(start) }, rollout: undefined }),
      ...{ previous: [buildName('os-4')], build, deltas },
    }));
  });

  async function permit(given: Partial<BackPermit> = {}): Promise<void> {
    const catalog = await openCatalog(openDirectoryStore(repository));
    const [left, to] = [await catalog.build(buildName('os-5')), await catalog.build(buildName('os-2'))];
    const record: BackPermit = {
      ...{ satchel: 'back', format: 1, stream: stable, from: left.sequence },
      to: { build: to.name, sequence: to.sequence },
      ...{ reason: 'sound', since: recordTime(start), ...given },
    };
    const bytes = recordBytes(record);
    await publishTargets(at(6), async () => ({ builds: { add: [{ path: backTarget(stable), bytes }] } }));
  }

  test('is refused without a permit of those who sign builds', async () => {
    for (const words of ['check', 'plan', 'update']) {
      const refusal = await refused([words, '--root', path]);
      assert.deepEqual([refusal.exitCode, refusal.code], [4, 'stream-goes-back']);
    }
  });

  test('is refused with a permit for another build or from an older one', async () => {
    const { sequence } = await (await openCatalog(openDirectoryStore(repository))).build(buildName('os-3'));
    await permit({ to: { build: buildName('os-1'), sequence } });
    assert.equal((await refused(['update', '--root', path])).code, 'stream-goes-back');
    await permit({ from: sequence });
    assert.equal((await refused(['update', '--root', path])).code, 'stream-goes-back');
  });

  test('switches to the version that is still here, without a download', async () => {
    await permit();
    assert.ok(existsSync(join(path, 'versions/pristine/os-2')));
    const { report, stderr } = await doneWith<UpdateResult>(['update', '--root', path]);
    assert.deepEqual([report.build, report.plan, because(report)], ['os-2', 'switch', 'back'], stderr);
    assert.equal(because(await check(path)), 'current');
  });
});
