/** The courier stick: builds, leases and a halt for sites that are never online, and what they send home. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { leaseDirect } from '../../src/lease/records.testkit.ts';
import { dropSet } from '../doubles/dropped-sets.ts';
import { readableCheckout } from '../doubles/readable-checkout.ts';
import { done, refused, satchel, serve } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { writeTinyBuilds } from '../doubles/tiny-builds.ts';

type Loaded = {
  readonly builds: readonly { readonly name: string; readonly complete: boolean }[];
  readonly attachments: readonly string[];
  readonly reports: { readonly stored: number };
  readonly home: { readonly reports: number; readonly acknowledged: number };
  readonly problems: readonly { readonly code: string }[];
};

const scratch = scratchFolder('stick');
const origin = scratch.file('origin');
const stick = scratch.file('stick');
const leases = scratch.file('leases.json');
let rootHash = '';
let archives: { readonly b1: string; readonly b2: string };

const load = (site: string, from = stick) => done<Loaded>(['stick', 'load', from, '--repo', site]);
const collect = (from = stick) => done(['stick', 'collect', from, '--repo', origin]);

/** A smaller one than anybody may ask for. */
function setBudget(site: string, budget: number): void {
  const file = `${site}.site/site.json`;
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), budget }));
}

async function join(name: string): Promise<string> {
  const repository = scratch.file(name);
  await done(['site', 'join', stick, '--repo', repository, '--name', name, '--trust', rootHash]);
  return repository;
}

before(async () => {
  archives = writeTinyBuilds(scratch.path);
  ({ rootSha256: rootHash } = await done<{ rootSha256: string }>(['init', '--repo', origin]));
  await done(['publish', '--repo', origin, archives.b1]);
  mkdirSync(stick);
  writeFileSync(scratch.file('stick', 'holiday.jpg'), 'picture');
  writeFileSync(leases, `${leaseDirect}\n`);
});
after(() => scratch.remove());

test('three sites that are never online get a build, leases and a halt, and their reports reach the origin', async () => {
  const names = ['north', 'south', 'west'];
  await done(['stick', 'prepare', stick, '--repo', origin, '--leases', leases]);
  const sites = [];
  for (const name of names) sites.push({ name, repository: await join(name) });
  for (const { name, repository } of sites) {
    const loaded = await load(repository);
    assert.deepEqual(loaded.problems, []);
    assert.deepEqual(
      loaded.builds.map(({ name, complete }) => [name, complete]),
      [['b1', true]],
    );
    assert.equal(readFileSync(`${repository}.site/leases/leases`, 'utf8'), `${leaseDirect}\n`);
    // A device of the site installs what came, and says so.
    const server = await serve(repository);
    const device = scratch.file(`device-${name}`);
    await done(['device', 'init', '--root', device, '--source', server.url, '--trust', rootHash]);
    assert.equal((await done(['update', '--root', device])).build, 'b1');
    await server.stop();
  }

  // Before the next round the build is halted.
  for (const { repository } of sites) assert.ok((await load(repository)).home.reports >= 2);
  await collect();
  const { devices } = await done<{ devices: { running: string | null }[] }>([
    ...['fleet', 'devices', '--repo', origin],
  ]);
  assert.equal(devices.length, 3);
  const known = await done<{ sites: { name: string; builds: { build: string }[] }[] }>([
    ...['fleet', 'sites', '--repo', origin],
  ]);
  assert.deepEqual(known.sites.map(({ name }) => name).sort(), names);
  assert.deepEqual(
    known.sites.map(({ builds }) => builds.map(({ build }) => build)),
    [['b1'], ['b1'], ['b1']],
  );

  await done(['publish', '--repo', origin, archives.b2]);
  await done(['stream', 'halt', 'stable', '--repo', origin, '--reason', 'it eats batteries']);
  const forSites = names.flatMap((name) => ['--site', name]);
  const { copied } = await done<{ copied: number }>([
    'stick',
    'prepare',
    stick,
    '--repo',
    origin,
    ...forSites,
  ]);
  assert.ok(copied < 400_000, `only what is new: ${copied}`);
  for (const { name, repository } of sites) {
    const loaded = await load(repository);
    assert.deepEqual(loaded.problems, []);
    assert.ok(loaded.home.acknowledged >= 2, 'the origin has told the site that its reports arrived');
    const server = await serve(repository);
    const device = scratch.file(`device-${name}`);
    const words = ['update', '--root', device, '--source', server.url];
    assert.deepEqual([(await done(words)).plan, name], ['none', name]);
    assert.equal((await done([...words, 'b2'])).build, 'b2', 'the build itself is there');
    await server.stop();
  }
  assert.equal(readFileSync(scratch.file('stick', 'holiday.jpg'), 'utf8'), 'picture');
});

test('a site that is being served and cannot reach its upstream takes a stick all the same', async (context) => {
  const own = scratch.file('own');
  mkdirSync(own);
  await done(['stick', 'prepare', own, '--repo', origin, 'b1']);
  const upstream = await serve(origin);
  context.after(() => upstream.stop());
  const repository = scratch.file('served');
  const words = ['--repo', repository, '--name', 'served', '--trust', rootHash];
  await done(['site', 'join', upstream.url, ...words]);
  await done(['site', 'set', '--repo', repository, '--follow', 'stable']);
  await upstream.stop();
  const server = await serve(repository);
  context.after(() => server.stop());
  const loaded = await load(repository, own);
  assert.deepEqual(loaded.problems, []);
  assert.ok(loaded.builds.some(({ name, complete }) => name === 'b1' && complete));
  assert.ok(loaded.home.reports >= 1, 'what the site has goes home');
});

test('a device updates straight from the stick, cut files and all, and leaves its report there', async () => {
  const other = scratch.file('cut');
  mkdirSync(other);
  await done(['stick', 'prepare', other, '--repo', origin, 'b1', 'b2', '--split', '100kB']);
  assert.ok(readdirSync(`${other}/satchel/repo/packs`).some((name) => name.endsWith('.012')));
  const device = scratch.file('device-direct');
  await done(['device', 'init', '--root', device, '--source', other, '--trust', rootHash]);
  assert.equal((await done(['update', '--root', device, 'b1'])).build, 'b1');
  assert.equal((await done(['update', '--root', device, 'b2'])).build, 'b2');
  assert.ok(readdirSync(`${other}/satchel/reports`).length >= 1);
  await collect(other);
  assert.deepEqual(readdirSync(`${other}/satchel/reports`), []);
});

test('a site with little room refuses what does not fit, keeps what it has, and ends with code 1', async () => {
  const own = scratch.file('two');
  mkdirSync(own);
  await done(['stick', 'prepare', own, '--repo', origin, 'b1', 'b2']);
  const site = await join('small');
  const first = await load(site, own);
  assert.deepEqual(
    first.builds.map(({ complete }) => complete),
    [true, true],
  );
  setBudget(site, 1_000_000);
  const held = readdirSync(`${site}/packs`);
  // Nothing is lacking, so nothing goes, though the budget is smaller than what is there.
  await load(site, own);
  assert.deepEqual(readdirSync(`${site}/packs`), held);

  const little = await join('little');
  setBudget(little, 100_000);
  for (const round of [1, 2]) {
    const { code, stdout } = await satchel(['stick', 'load', own, '--repo', little]);
    assert.equal(code, 1, `round ${round}`);
    assert.match(stdout, /b2 needs .* more of disk at this site; .* could be had/);
    assert.match(stdout, /site set --budget SIZE.*--reserve SIZE/);
    assert.match(stdout, /Not everything was taken \(see above\)\. You may unmount it and pull it out\.\n$/);
  }
  rmSync(`${own}/satchel/stick.json`);
  const { code, stdout } = await satchel(['stick', 'load', own, '--repo', site]);
  assert.equal(code, 1);
  assert.match(stdout, /stick\.json, is missing/);
  assert.doesNotMatch(stdout, /Nothing on the stick was new/);
});

test('a stick can be prepared anywhere, from a source, without keys', async () => {
  const server = await serve(origin);
  const other = scratch.file('anywhere');
  mkdirSync(other);
  const words = ['stick', 'prepare', other, '--source', server.url];
  const undecided = await refused(words);
  assert.deepEqual([undecided.exitCode, undecided.code], [4, 'stick-trust-not-decided']);
  assert.deepEqual(readdirSync(other), []);
  const refusal = await refused([...words, '--leases', leases, '--trust', rootHash]);
  assert.deepEqual([refusal.exitCode, refusal.code], [4, 'stick-attachments-need-keys']);
  assert.equal((await refused([...words, '--trust', 'ab'.repeat(32)])).code, 'root-not-found');
  const prepared = await done<{ signed: boolean }>([...words, '--trust', rootHash]);
  assert.equal(prepared.signed, false);
  assert.equal((await done<{ removed: number }>(words)).removed, 0, 'the stick knows whose it is');
  const another = scratch.file('first-use');
  mkdirSync(another);
  const { stdout } = await satchel([
    ...['stick', 'prepare', another, '--source', server.url],
    '--trust-on-first-use',
  ]);
  assert.match(stdout, new RegExp(rootHash));
  await server.stop();
  assert.deepEqual((await load(await join('anybody'), other)).problems, []);
});

test('builds of the old kind are published at the origin, and kept for rsync clients at a site', async () => {
  const other = scratch.file('old-stick');
  const folder = `${other}/xs-xobuilds`;
  dropSet(folder, { prefix: 'py1', archive: archives.b1, name: 'py-1' });
  const lines = readdirSync(folder).map(
    (name) => `${hash('sha1', readFileSync(`${folder}/${name}`))}  ${name}\n`,
  );
  writeFileSync(`${folder}/manifest.sha1`, lines.join(''));
  const site = await join('old-school');
  await load(site, other);
  assert.equal(readdirSync(`${site}.rsync/packed`).length, 4);
  await done(['stick', 'load', other, '--repo', origin]);
  const { builds } = await done<{ builds: { name: string }[] }>(['list', '--repo', origin]);
  assert.ok(builds.some(({ name }) => name === 'py-1'));

  writeFileSync(`${folder}/py1.contents`, 'changed');
  const { code, stdout } = await satchel(['stick', 'load', other, '--repo', site, '--json']);
  assert.equal(code, 1);
  assert.deepEqual(
    (JSON.parse(stdout) as Loaded).problems.map(({ code }) => code),
    ['xs-file-wrong'],
  );
});

test('what a stick carried and is not named again is said to be gone', async () => {
  const own = scratch.file('forgetful');
  mkdirSync(own);
  const words = ['stick', 'prepare', own, '--repo', origin];
  const first = await done<{ gone: unknown[] }>([...words, '--leases', leases, '--site', 'north']);
  assert.deepEqual(first.gone, []);
  const newer = scratch.file('new-leases');
  writeFileSync(newer, 'the next month');
  const next = await done<{ gone: unknown[] }>([...words, '--leases', newer, '--site', 'north']);
  assert.deepEqual(next.gone, [], 'newer ones are no loss');
  const { stdout, code } = await satchel(words, { environment: { SATCHEL_LANG: 'es' } });
  assert.equal(code, 0);
  assert.match(stdout, /Ya no están .*: permisos para north\./);
});

test('what is wrong with the call or the stick is one sentence', async () => {
  const empty = scratch.file('empty');
  mkdirSync(empty);
  const site = await join('strict');
  const codes: [readonly string[], string, number][] = [
    [['stick', 'load', '--repo', site], 'stick-directory-or-device', 2],
    [['stick', 'load', stick, '--device', '/dev/null', '--repo', site], 'stick-directory-or-device', 2],
    [['stick', 'load', empty, '--repo', site], 'stick-not-prepared', 3],
    [['stick', 'load', scratch.file('nowhere'), '--repo', site], 'stick-not-a-directory', 3],
    [['stick', 'load', '--device', '/dev/null', '--repo', site], 'stick-without-file-system', 1],
    [['stick', 'load', '--device', '/dev/nope', '--repo', site], 'stick-device-absent', 3],
    [['pin', 'b9', '--remove', '--repo', site], 'pin-absent', 3],
    [['stick', 'collect', stick, '--repo', site], 'stick-site-only', 2],
    [['stick', 'collect', empty, '--repo', origin], 'stick-not-prepared', 3],
    [['stick', 'prepare', empty], 'stick-source-needed', 2],
    [['stick', 'prepare', empty, '--repo', origin, 'b9'], 'build-not-found', 3],
    [['stick', 'prepare', empty, '--repo', origin, '--stream', 'none-such'], 'stream-not-found', 3],
    [['stick', 'prepare', empty, '--repo', origin, '--site', '../etc'], 'site-name-not-allowed', 2],
    [['stick', 'prepare', empty, '--repo', origin, '--site', 'nadie'], 'stick-site-not-known', 3],
    [
      ['stick', 'prepare', empty, '--repo', origin, '--leases', scratch.file('nofile')],
      'stick-attachment-absent',
      3,
    ],
    [['stick', 'prepare', empty, '--repo', origin, '--leases', empty], 'stick-attachment-kind', 3],
    [['stick', 'prepare', empty, '--repo', origin, '--activities', leases], 'stick-attachment-kind', 3],
    [['stick', 'prepare', scratch.file('nowhere'), '--repo', origin], 'stick-not-a-directory', 3],
  ];
  for (const [words, code, exitCode] of codes) {
    const refusal = await refused(words);
    assert.deepEqual([refusal.code, refusal.exitCode], [code, exitCode], words.join(' '));
  }
  assert.deepEqual(readdirSync(empty), []);
});

describe('a stick that is a device', { skip: process.getuid?.() !== 0 && 'needs root' }, () => {
  /** Stands in for a kernel that knows the file system, and for a stick with one: the folder is bound instead. */
  function withMount(folder: string): { readonly environment: Readonly<Record<string, string>> } {
    const real = spawnSync('sh', ['-c', 'command -v mount'], { encoding: 'utf8' }).stdout.trim();
    const bin = scratch.file('bin');
    mkdirSync(bin, { recursive: true });
    const programs = {
      blkid: "printf 'DEVNAME=x\\nLABEL=COURIER\\nTYPE=ext4\\n'",
      mount: `for last; do :; done; exec ${real} --bind -- ${folder} "$last"`,
    };
    for (const [name, script] of Object.entries(programs)) {
      writeFileSync(`${bin}/${name}`, `#!/bin/sh\n${script}\n`);
      chmodSync(`${bin}/${name}`, 0o755);
    }
    return { environment: { PATH: `${bin}:${process.env.PATH}` } };
  }

  test('is mounted for the while, read with the rights of whom the site belongs to, and let go of', async () => {
    const site = await join('plugged');
    for (const folder of [site, `${site}.site`])
      assert.equal(spawnSync('chown', ['-R', '65534:65534', folder]).status, 0);
    const open = scratch.path;
    chmodSync(open, 0o755);
    const home = scratch.file('homes');
    mkdirSync(home);
    await done(['stick', 'prepare', home, '--repo', origin, 'b1']);
    const place = `${site}.fleet`;
    mkdirSync(place, { recursive: true });
    spawnSync('chown', ['-R', '65534:65534', place]);
    spawnSync('chmod', ['-R', 'a+rX', home]);
    spawnSync('chmod', ['-R', 'a+rwX', `${home}/satchel/home`]);
    const words = ['stick', 'load', '--device', '/dev/sdz1', '--repo', site];
    // It reads its own program with the rights of the site's owner.
    using checkout = readableCheckout();
    const { status, stdout, stderr } = spawnSync(`${checkout.path}/satchel`, [...words, '--json'], {
      env: { ...process.env, ...withMount(home).environment },
      encoding: 'utf8',
    });
    assert.equal(status, 0, stdout + stderr);
    const loaded = JSON.parse(stdout) as Loaded;
    assert.deepEqual(loaded.problems, []);
    assert.ok(loaded.builds.length > 0);
    const state = JSON.parse(readFileSync(`${site}.site/stick.json`, 'utf8'));
    assert.deepEqual([state.state, state.device, state.label], ['done', 'sdz1', 'COURIER']);
    const foreign = spawnSync('find', [site, `${site}.site`, place, '!', '-user', '65534'], {
      encoding: 'utf8',
    });
    assert.equal(foreign.stdout, '', 'everything belongs to whom the site belongs to');
    assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(home));
    assert.ok(existsSync(`${home}/satchel/home`));
  });
});
