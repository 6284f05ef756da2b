/** Laptops with theft deterrence that look after themselves, and the origin that answers them. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { RoundShown } from '../../src/cli/agent-lines.ts';
import { deviceLayout } from '../../src/device/layout.ts';
import type { DeviceStatus } from '../../src/device/status.ts';
import { freePort } from '../doubles/free-port.ts';
import { done, type RunningServer, satchel, serve } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { isRoot } from '../doubles/story-trees.ts';
import { writeTinyBuilds } from '../doubles/tiny-builds.ts';
import { when } from '../doubles/when.ts';

const scratch = scratchFolder('agent-laptop');
const file = (name: string) => scratch.file(name);
const origin = file('origin');
const serial = 'SHC00000001';
const uuid = '1273E0EC-AEF1-9FF6-45B2-FB706DC24B8D';
const passphrase = ['--passphrase-file', file('passphrase')];
let server: RunningServer;
let trust = '';

const atOrigin = (...words: string[]) => done([...words, '--repo', origin]);
const now = (root: string) => done<RoundShown>(['agent', 'once', '--now', '--root', root]);

/** A laptop of the deployment: its maker wrote serial number and UUID, an operator the keys. */
async function laptop(name: string, { oats = true, source = true } = {}): Promise<string> {
  const root = file(name);
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write('ofw/mfg-data/SN', `${serial}\0`);
  write('ofw/mfg-data/U#', `${uuid}\0`);
  write('etc/oats-ignore-xs', '');
  write('etc/oats-server', `${new URL(server.url).host}\n`);
  if (source) await done(['device', 'init', '--root', root, '--source', server.url, '--trust', trust]);
  else mkdirSync(join(root, 'versions/pristine'), { recursive: true });
  const keys = ['--lease-key', file('leases.public'), ...(oats ? ['--oats-key', file('oats.public')] : [])];
  await done(['agent', 'set', '--root', root, '--notify', 'off', ...keys]);
  return root;
}

const leaseOf = (root: string) => join(root, 'security/lease.sig');

/** Checks the lease of a laptop with the program for operators. */
async function verify(root: string): Promise<void> {
  const words = ['--file', leaseOf(root), '--trust', file('leases.public'), '--laptops', file('xo.csv')];
  assert.equal((await done<{ good: number }>(['lease', 'verify', ...words])).good, 1);
}

/** The server looks at its files once a second; until it has, rounds say what they said before. */
async function comesToSay(round: () => Promise<readonly string[]>, wanted: string): Promise<void> {
  let said: readonly string[] = [];
  for (let times = 0; times < 60 && said[0] !== wanted; times += 1) said = await round();
  assert.deepEqual(said, [wanted]);
}

before(async () => {
  trust = (await done<{ rootSha256: string }>(['init', '--repo', origin])).rootSha256;
  const { b1, b2 } = writeTinyBuilds(scratch.path);
  await atOrigin('publish', '--name', 'b1', '--stream', 'stable', b1);
  await atOrigin('publish', '--name', 'b2', '--stream', 'testing', b2);
  writeFileSync(file('passphrase'), 'correct horse\n');
  writeFileSync(file('xo.csv'), `${serial},${uuid}\n`);
  for (const name of ['oats', 'leases']) await done(['lease', 'key', file(name), ...passphrase]);
  await atOrigin('lease', 'set', '--key', file('leases.private'), ...passphrase);
  await atOrigin('lease', 'take', file('xo.csv'));
  const rsync = await freePort();
  const path = `rsync://127.0.0.1:${rsync}/build-{name}`;
  await atOrigin('oats', 'set', '--key', file('oats.private'), '--update-path', path, ...passphrase);
  server = await serve(origin, { words: ['--no-advertise', '--rsync', `127.0.0.1:${rsync}`] });
});

after(async () => {
  await server?.stop();
  for (const name of readdirSync(scratch.path)) {
    const { trash } = deviceLayout(file(name));
    if (existsSync(trash)) await when(() => readdirSync(trash).length === 0);
  }
  scratch.remove();
});

describe('a laptop', () => {
  let root = '';
  before(async () => {
    root = await laptop('laptop');
  });

  test('gets its lease and its build in one round', async () => {
    const round = await now(root);
    assert.deepEqual([round.failures, round.lease, round.update?.result], [[], 'stored', 'switched']);
    assert.equal(round.server, server.url.replace(/\/?$/, '/'));
    await verify(root);
  });

  test('is stolen for as long as its mark is there', async () => {
    const held = readFileSync(leaseOf(root));
    await atOrigin('lease', 'stolen', serial, '--by', 'Ana', '--reason', 'missing');
    assert.equal((await now(root)).stolen, true);
    assert.equal(existsSync(leaseOf(root)), false);
    await atOrigin('lease', 'recovered', serial, '--by', 'Ana', '--reason', 'found');
    assert.equal((await now(root)).stolen, false);
    assert.deepEqual(readFileSync(leaseOf(root)), held);
  });

  test('understands fields of other names where they are set at both ends', async () => {
    const outcome = async () => {
      const { failures, lease } = await now(root);
      return [...failures.map(({ code }) => code), lease ?? 'nothing'];
    };
    const call = async (...names: string[]) => {
      const fields = names.flatMap((name) => ['--field', name]);
      await atOrigin('oats', 'set', ...fields);
      await done(['agent', 'set', '--root', root, ...fields]);
      rmSync(leaseOf(root));
      await comesToSay(outcome, 'stored');
      await verify(root);
    };
    await call('lease=permiso', 'update=actualizar');
    await call('lease=lease', 'update=update');
  });
});

test('a device with a key of its own gets its lease without that protocol', async () => {
  const root = await laptop('enrolled', { oats: false });
  assert.equal((await now(root)).lease, undefined);
  const { token } = await done<{ token: string }>(['fleet', 'token', 'create', '--repo', origin]);
  await done(['device', 'enrol', '--root', root, '--token', token]);
  const round = await now(root);
  assert.deepEqual([round.failures, round.lease, round.server], [[], 'stored', undefined]);
  await verify(root);
});

describe('a laptop that follows no repository', { skip: !isRoot }, () => {
  let root = '';
  const nextBoot = async () => (await done<DeviceStatus>(['status', '--root', root])).nextBoot;
  const inhibit = () => join(root, 'run/satchel/inhibit');

  before(async () => {
    root = await laptop('advised', { source: false });
    await done(['olpc-update', '--server', server.rsync ?? '', '--root', root, 'b1']);
    writeFileSync(join(root, 'security/update-stream'), 'testing\n');
  });

  test('follows the advice of its server when the lesson is over', async () => {
    mkdirSync(dirname(inhibit()), { recursive: true });
    writeFileSync(inhibit(), '');
    const first = await now(root);
    assert.deepEqual([first.failures, first.lease, first.update?.later], [[], 'stored', 'lesson']);
    rmSync(inhibit());
    const second = await done<RoundShown>(['agent', 'once', '--root', root]);
    assert.deepEqual([second.asked, second.failures, second.update?.result], [false, [], 'switched']);
    assert.equal(await nextBoot(), 'b2');
    assert.equal((await now(root)).update, undefined);
  });

  test('takes only what has the hash that was advised, and what says where it lies', async () => {
    const running = (await done<{ contents: { hash: string } }>(['show', '--repo', origin, 'b2'])).contents
      .hash;
    const advise = async (path: string) => {
      const entry = (hash: string, name: string) => `[${hash}]\nname = ${name}\nupdate_path = ${path}\n`;
      writeFileSync(file('updates.cfg'), `${entry(running, 'b2')}${entry('a'.repeat(64), 'b1')}`);
      await atOrigin('oats', 'set', '--updates', file('updates.cfg'));
    };
    const codes = async () => {
      const { stdout } = await satchel(['agent', 'once', '--now', '--root', root, '--json']);
      return (JSON.parse(stdout) as RoundShown).failures.map(({ code }) => code);
    };
    await advise(`${server.rsync}/build-b1`);
    await comesToSay(codes, 'contents-hash-other');
    await advise('ftp://example.org/b1');
    await comesToSay(codes, 'agent-advice-unusable');
    assert.equal(await nextBoot(), 'b2');
  });
});
