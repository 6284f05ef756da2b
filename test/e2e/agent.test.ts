/** A device that looks after itself: when it fetches and when it switches, in a lesson, at night, without a link, and after theft. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Agent } from '../../src/agent/agent.ts';
import { runRound } from '../../src/agent/round.ts';
import type { AgentStatus } from '../../src/agent/status.ts';
import type { RoundShown } from '../../src/cli/agent-lines.ts';
import { deviceLayout } from '../../src/device/layout.ts';
import { readQueue } from '../../src/device/report-queue.ts';
import type { DeviceStatus } from '../../src/device/status.ts';
import { startFaultServer } from '../doubles/fault-server.ts';
import { done, doneWith, refused, satchel, startSatchel } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { when } from '../doubles/when.ts';

const scratch = scratchFolder('agent');
const repository = scratch.file('repository');
const device = scratch.file('device');
const layout = deviceLayout(device);
let trust = '';

const onDevice = (...words: string[]) => [...words, '--root', device];
const atOrigin = (...words: string[]) => done([...words, '--repo', repository]);
const once = (...words: string[]) => done<RoundShown>(onDevice('agent', 'once', ...words));
const now = () => once('--now');
const set = (...words: string[]) => done(onDevice('agent', 'set', ...words));
const nextBoot = async () => (await done<DeviceStatus>(onDevice('status'))).nextBoot;
const sticky = () => readdirSync(layout.sticky);
const versions = () => readdirSync(layout.pristine).sort();

function write(path: string, text: string): void {
  mkdirSync(dirname(join(device, path)), { recursive: true });
  writeFileSync(join(device, path), text);
}

async function publish(name: string, content: string | Uint8Array = name): Promise<void> {
  const tree = scratch.file(`tree-${name}`);
  mkdirSync(tree);
  writeFileSync(join(tree, 'file'), content);
  await atOrigin('publish', '--name', name, tree);
}

/** Hours in which it is not now, by the clock of the processes, which is UTC. */
function closedHours(): string {
  const hour = (add: number) => String((new Date().getUTCHours() + add) % 24).padStart(2, '0');
  return `${hour(10)}:00-${hour(11)}:00`;
}

before(async () => {
  trust = (await done<{ rootSha256: string }>(['init', '--repo', repository])).rootSha256;
  await publish('os-1');
  await done(onDevice('device', 'init', '--source', repository, '--trust', trust));
});

after(async () => {
  // Versions that were purged are deleted by a process that outlives the agent.
  await when(() => readdirSync(layout.trash).length === 0);
  scratch.remove();
});

test('the first round brings the build, the next ones ask nobody', async () => {
  const first = await once();
  assert.deepEqual([first.because, first.update?.build, first.update?.result], ['first', 'os-1', 'switched']);
  const second = await once();
  assert.deepEqual([second.asked, second.because, second.update], [false, 'asked', undefined]);
  assert.ok(second.wait > 11 * 3600 && second.wait <= 36 * 3600);
  const status = await done<AgentStatus>(onDevice('agent', 'status'));
  assert.ok(Math.abs(status.wait - second.wait) < 60);
  assert.equal(status.failures, 0);
});

describe('an update waits', () => {
  before(() => publish('os-2'));

  test('for the end of a lesson, which the fleet is told once as "later"', async () => {
    write('run/satchel/inhibit', 'exam\n');
    const { report, stderr } = await doneWith<RoundShown>(onDevice('agent', 'once', '--now'));
    assert.deepEqual([report.update?.result, report.update?.later], ['later', 'lesson']);
    assert.match(stderr, /os-2 waits: a lesson is going on/);
    await now();
    const later = readQueue(layout).filter(
      ({ report: told }) => 'result' in told && told.result?.result === 'later',
    );
    assert.equal(later.length, 1);
    assert.deepEqual(versions(), ['os-1']);
    // Not even asked for, in the rounds between.
    assert.equal((await once()).update, undefined);
  });

  test('for mains power', async () => {
    rmSync(join(device, 'run/satchel/inhibit'));
    write('sys/class/power_supply/BAT0/type', 'Battery\n');
    write('sys/class/power_supply/BAT0/capacity', '20\n');
    write('sys/class/power_supply/BAT0/status', 'Discharging\n');
    assert.equal((await now()).update?.later, 'battery');
    write('sys/class/power_supply/BAT0/status', 'Charging\n');
  });

  test('for a link that costs nothing, and for its hours', async () => {
    await set('--metered', 'yes');
    assert.equal((await now()).update?.later, 'metered');
    await set('--metered', 'auto', '--fetch-hours', closedHours());
    assert.equal((await now()).update?.later, 'hours');
    await set('--fetch-hours', 'always');
  });

  test('and is fetched in the first round in which nothing speaks against it, to be switched to at its hours', async () => {
    await set('--switch-hours', closedHours());
    const round = await once();
    assert.deepEqual([round.asked, round.update?.result, round.update?.later], [false, 'ready', 'switch']);
    assert.deepEqual([await nextBoot(), versions(), sticky()], ['os-1', ['os-1', 'os-2'], ['os-2']]);
    const status = await done<AgentStatus>(onDevice('agent', 'status'));
    assert.deepEqual([status.ready, status.later?.because], ['os-2', 'switch']);
    await done(onDevice('purge'));
    assert.deepEqual(versions(), ['os-1', 'os-2'], 'an old initramfs or a purge leaves it');
  });

  test('the switch needs no link', async () => {
    renameSync(repository, `${repository}.away`);
    await set('--switch-hours', 'always');
    const round = await once();
    renameSync(`${repository}.away`, repository);
    assert.deepEqual([round.update?.build, round.update?.result, round.failures], ['os-2', 'switched', []]);
    assert.deepEqual([await nextBoot(), sticky()], ['os-2', []]);
    assert.equal((await now()).update?.result, 'current');
  });

  test('a build that was overtaken while it waited makes room for the next', async () => {
    await set('--switch-hours', closedHours());
    await publish('os-3');
    assert.equal((await now()).update?.result, 'ready');
    await publish('os-4');
    assert.deepEqual((await now()).update?.build, 'os-4');
    assert.deepEqual([versions().includes('os-3'), sticky()], [false, ['os-4']]);
  });

  test('a build that is halted while it waits is not switched to', async () => {
    await atOrigin('stream', 'halt', 'stable', '--reason', 'no sound');
    await set('--switch-hours', 'always');
    await once();
    assert.equal(await nextBoot(), 'os-2');
    const { update } = await once();
    assert.equal(update, undefined, 'nor asked about in every round');
    await atOrigin('stream', 'resume', 'stable');
    assert.equal((await now()).update?.result, 'switched');
    assert.deepEqual([await nextBoot(), sticky()], ['os-4', []]);
  });

  test('a switch by hand ends the waiting', async () => {
    await set('--switch-hours', closedHours());
    await publish('os-5');
    assert.equal((await now()).update?.result, 'ready');
    await done(onDevice('update'));
    assert.equal((await now()).update?.result, 'current');
    assert.deepEqual([await nextBoot(), sticky(), versions()], ['os-5', [], ['os-4', 'os-5']]);
    await set('--switch-hours', 'always');
  });

  test('nothing comes to a device whose stream is none, or whose updates are switched off', async () => {
    await publish('os-6');
    write('security/update-stream', 'none\n');
    assert.equal((await now()).update, undefined);
    rmSync(join(device, 'security/update-stream'));
    await set('--updates', 'off');
    assert.equal((await now()).update, undefined);
    await set('--updates', 'on');
    assert.equal((await now()).update?.build, 'os-6');
  });
});

test('a lesson that begins stops a download, and nothing received is lost', async (context) => {
  const size = 3_000_000;
  await publish('os-7', randomBytes(size));
  const server = await startFaultServer(repository, [
    { pattern: '^/(packs|deltas)/', fault: { kind: 'slow', bytesPerSecond: 1_000_000 } },
  ]);
  context.after(() => server.close());
  const inhibit = join(device, 'run/satchel/inhibit');
  const said: string[] = [];
  const agent: Agent = {
    layout,
    clock: () => Date.now(),
    uptime: () => ({ boot: 'test', uptime: 3600_000 }),
    random: () => 0.5,
    ask: async () => undefined,
    reporter: {
      progress({ step, done: received }) {
        if (step === 'fetch' && received > 500_000 && said.length === 0) write('run/satchel/inhibit', '');
      },
      notice: (code) => said.push(code),
    },
    language: 'en',
    source: server.url,
    watchEvery: 20,
    signal: new AbortController().signal,
  };
  const stopped = await runRound(agent, { force: true });
  assert.deepEqual(
    [stopped.update?.result, stopped.update?.later, stopped.failures],
    ['later', 'lesson', []],
  );
  const before = server.counters().bodyBytes;
  assert.ok(before > 300_000 && before < size, `${before} bytes`);
  rmSync(inhibit);
  server.setRules([]);
  const round = await runRound(agent);
  assert.deepEqual([round.asked, round.update?.result], [false, 'switched']);
  const after = server.counters().bodyBytes - before;
  assert.ok(after < size - 300_000, `${after} bytes after ${before}`);
});

test('the daemon does the same by itself until it is stopped', async () => {
  await publish('os-8');
  const state = join(layout.own, 'agent/state.json');
  rmSync(state);
  const { child, ended } = startSatchel(onDevice('agent', '--json'));
  await when(() => existsSync(state) && readFileSync(state, 'utf8').includes('"success"'), ended);
  await when(() => existsSync(join(layout.configs, '../pristine/os-8')), ended);
  await when(
    () =>
      !existsSync(join(layout.own, 'journal.json')) ||
      readFileSync(layout.journal, 'utf8').includes('"os-8"'),
    ended,
  );
  child.kill('SIGTERM');
  const { code, stdout, stderr } = await ended;
  assert.deepEqual([code, JSON.parse(stdout)], [0, { root: device }], stderr);
});

describe('a laptop that is marked at the origin', () => {
  const lease = join(device, 'security/lease.sig');
  const serial = 'SHC00000001';
  before(() => {
    write('ofw/mfg-data/SN', serial);
    write('security/lease.sig', `act01: ${serial} K 20991231T235959Z sig01: whatever\n`);
  });

  test('has no lease any more, also where nobody answers laptops', async () => {
    await atOrigin('lease', 'stolen', serial, '--by', 'Ana', '--reason', 'missing since Monday');
    const round = await now();
    assert.deepEqual([round.stolen, existsSync(lease)], [true, false]);
    assert.match(readFileSync(join(device, 'run/satchel/notice'), 'utf8'), /marked as stolen/);
  });

  test('and has it again when it is found', async () => {
    await atOrigin('lease', 'recovered', serial, '--by', 'Ana', '--reason', 'found');
    const round = await now();
    assert.deepEqual([round.stolen, existsSync(lease)], [false, true]);
  });
});

test('a build that this program is too old for is told, and is no failure of the unit', async () => {
  const tree = scratch.file('tree-os-9');
  mkdirSync(tree);
  writeFileSync(join(tree, 'file'), 'os-9');
  await atOrigin('publish', '--name', 'os-9', '--minimum-client', '99.0.0', tree);
  const { report, stderr } = await doneWith<RoundShown>(onDevice('agent', 'once', '--now'));
  assert.deepEqual(
    report.failures.map(({ code }) => code),
    ['client-too-old'],
  );
  assert.match(stderr, /os-9 asks for Satchel 99\.0\.0 or newer/);
  const refusal = await refused(onDevice('check'));
  assert.deepEqual([refusal.code, refusal.exitCode], ['client-too-old', 1]);
});

describe('bad input', () => {
  const wrong: readonly (readonly [readonly string[], string])[] = [
    [[], 'one-option-needed'],
    [['--fetch-hours', '25:00-26:00'], 'site-hours-not-understood'],
    [['--days', 'someday'], 'site-days-not-understood'],
    [['--battery', '101'], 'whole-number-not-understood'],
    [['--warn-days', '-1'], 'whole-number-not-understood'],
    [['--metered', 'maybe'], 'choice-not-understood'],
    [['--notify', 'beep'], 'agent-notify-not-understood'],
    [['--server', 'two words'], 'agent-server-not-understood'],
    [['--lease-key', repository], 'system-call-failed'],
    [['--oats-key', join(repository, 'metadata/1.root.json')], 'lease-key-unreadable'],
  ];
  for (const [words, code] of wrong)
    test(`agent set ${words.join(' ').slice(0, 40)}`, async () => {
      const settings = join(layout.own, 'agent/settings.json');
      const held = readFileSync(settings);
      const refusal = await refused(onDevice('agent', 'set', ...words));
      assert.equal(refusal.code, code, refusal.message);
      assert.deepEqual(readFileSync(settings), held);
    });

  test('what is no device is refused', async () => {
    for (const command of [['agent'], ['agent', 'once'], ['agent', 'status'], ['olpc-update-query']])
      assert.equal((await refused([...command, '--root', scratch.path])).code, 'device-not-initialised');
  });
});

test('olpc-update-query is the old name of one round', async () => {
  const { code, stdout } = await satchel(onDevice('olpc-update-query'));
  assert.deepEqual([code, stdout.split('\n')[0]?.startsWith('Nothing was asked')], [0, true]);
  assert.match(
    readFileSync(new URL('../../bin/olpc-update-query', import.meta.url), 'utf8'),
    /satchel" olpc-update-query "\$@"/,
  );
});
