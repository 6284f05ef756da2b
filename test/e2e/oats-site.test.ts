/** A school that is never online answers its laptops with its own key, and advises them as the origin does. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type OatsAnswer, readOatsAnswer, verifyOatsAnswer } from '../../src/advice/oats-answer.ts';
import { parseOatsEnvelope } from '../../src/advice/oats-envelope.ts';
import { readPublicKey } from '../../src/lease/key-files.ts';
import { serialNumber } from '../../src/lease/laptop.ts';
import { askOats } from '../doubles/laptop-oats.ts';
import { done, type RunningServer, refused, serve } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { writeTinyBuilds } from '../doubles/tiny-builds.ts';

const scratch = scratchFolder('oats-site');
const file = (name: string) => scratch.file(name);
const [origin, site, stick] = [file('origin'), file('site'), file('stick')];
const serials = Array.from(
  { length: 30 },
  (_, number) => `SHC000000${(16 + number).toString(16).toUpperCase()}`,
);
const uuid = '1273E0EC-AEF1-9FF6-45B2-FB706DC24B8D';
const passphrase = ['--passphrase-file', file('passphrase')];
let atOrigin: RunningServer;
let atSite: RunningServer;
let vhash = '';
let trust = '';

before(async () => {
  const { b1, b2 } = writeTinyBuilds(scratch.path);
  ({ rootSha256: trust } = await done<{ rootSha256: string }>(['init', '--repo', origin]));
  await done(['publish', '--repo', origin, '--name', 'b1', '--stream', 'stable', b1]);
  await done(['publish', '--repo', origin, '--name', 'b2', b2]);
  await done(['rollout', 'start', 'stable', 'b2', '--repo', origin, '--steps', '50%@0h']);
  vhash = (await done<{ contents: { hash: string } }>(['show', '--repo', origin, 'b1'])).contents.hash;
  writeFileSync(file('passphrase'), 'correct horse\n');
  writeFileSync(file('xo.csv'), serials.map((serial) => `${serial},${uuid}\n`).join(''));
  for (const name of ['master', 'school', 'other']) await done(['lease', 'key', file(name), ...passphrase]);
  const key = ['--key', file('master.private'), ...passphrase];
  const to = ['--to', file('school.public'), '--until', '2098-01-01', '--output', file('d-lease.sig')];
  await done(['lease', 'delegate', ...key, '--laptops', file('xo.csv'), ...to]);
  await done(['oats', 'set', '--repo', origin, ...key]);
  mkdirSync(stick);
  await done(['stick', 'prepare', stick, '--repo', origin, '--delegations', file('d-lease.sig')]);
  await done(['site', 'join', stick, '--repo', site, '--name', 'school', '--trust', trust]);
  await done(['stick', 'load', stick, '--repo', site]);
  await done(['lease', 'set', '--repo', site, '--key', file('school.private'), ...passphrase]);
  await done(['oats', 'set', '--repo', site, '--key', file('school.private'), ...passphrase]);
  [atOrigin, atSite] = await Promise.all([
    serve(origin, { words: ['--no-advertise'] }),
    serve(site, { words: ['--no-advertise', '--offline'] }),
  ]);
});
after(async () => {
  await Promise.all([atOrigin?.stop(), atSite?.stop()]);
  scratch.remove();
});

const form = (serial: string) => `serialnum=${serial}&version=1&nonce=n-${serial}&vhash=${vhash}`;

async function verified(server: RunningServer, serial: string): Promise<OatsAnswer> {
  const { status, body } = await askOats(server.url, form(serial));
  assert.equal(status, 200, body.toString());
  return verifyOatsAnswer(body, {
    keys: [readPublicKey(file('master.public'))],
    serial: serialNumber(serial),
    nonce: `n-${serial}`,
    now: Date.now(),
  });
}

test('in the middle of a rollout a laptop is advised the same by the school as by the origin', async () => {
  let advised = 0;
  for (const serial of serials) {
    const [there, here] = [await verified(atOrigin, serial), await verified(atSite, serial)];
    assert.deepEqual(here.update, there.update, serial);
    assert.equal(here.update?.name ?? 'b2', 'b2');
    advised += Number(here.update !== undefined);
  }
  assert.ok(advised > 4 && advised < 26, `${advised} of ${serials.length}`);
});

test('the school signs through the delegation of each laptop, and hands out its lease', async () => {
  const [serial = '', other = ''] = serials;
  const { lease } = await verified(atSite, serial);
  assert.match(lease ?? '', new RegExp(`^act01: ${serial} K \\d{8}T060000Z sig02: `));
  const { body } = await askOats(atSite.url, form(serial));
  assert.match(parseOatsEnvelope(body).lines.join(), /^sig02: sha256 [0-9a-f]{64} 20980101T000000Z /);
  const trust = { nonce: `n-${serial}`, now: Date.now() };
  const keys = [readPublicKey(file('master.public'))];
  const forOther = { ...trust, keys, serial: serialNumber(other) };
  assert.throws(() => verifyOatsAnswer(body, forOther), { code: 'lease-signature-wrong' });
  const byOther = { ...trust, keys: [readPublicKey(file('school.public'))], serial: serialNumber(serial) };
  assert.throws(() => verifyOatsAnswer(body, byOther), { code: 'lease-key-unknown' });
});

test('the key of the origin is no key for a school, whoever does not say so', async () => {
  const master = ['--repo', site, '--key', file('master.private'), ...passphrase];
  for (const what of ['lease', 'oats'])
    assert.equal((await refused([what, 'set', ...master])).code, 'lease-key-of-origin');
});

test('no key is for a school without delegations that it holds or is told of, nor one that they do not name', async () => {
  const { token } = await done<{ token: string }>(['site', 'token', 'create', '--repo', origin]);
  const empty = file('empty');
  await done(['site', 'join', atOrigin.url, '--repo', empty, '--token', token, '--trust', trust]);
  const to = ['--repo', empty, ...passphrase];
  const school = [...to, '--key', file('school.private')];
  for (const what of ['lease', 'oats'])
    for (const key of ['master', 'school', 'other']) {
      const words = [what, 'set', ...to, '--key', file(`${key}.private`)];
      const refusal = await refused(words);
      assert.deepEqual([refusal.code, refusal.exitCode], ['lease-key-not-delegated', 4], words.join(' '));
    }
  const through = ['--through', file('d-lease.sig')];
  for (const what of ['lease', 'oats']) {
    const master = [what, 'set', ...to, '--key', file('master.private'), ...through];
    assert.equal((await refused(master)).code, 'lease-key-of-origin');
  }
  const trusted = ['--trust', file('master.public')];
  const other = ['lease', 'set', ...to, '--key', file('other.private'), ...through, ...trusted];
  assert.equal((await refused(other)).code, 'lease-key-not-delegated');
  await done(['oats', 'set', ...school, ...through]);
  assert.equal(
    (await refused(['oats', 'set', '--repo', empty, '--through', 'none'])).code,
    'lease-key-not-delegated',
  );
  await done(['lease', 'set', ...school, ...through, ...trusted]);
  await done(['oats', 'set', '--repo', empty, '--through', 'none']);
  await done(['lease', 'set', '--repo', empty, '--days', '7']);
});

test('the school answers no laptop that nobody has delegated to it', async () => {
  const answer = await askOats(atSite.url, form('SHC00000001'));
  assert.equal(answer.status, 404);
  assert.equal((await askOats(atOrigin.url, form('SHC00000001'))).status, 200);
});

test('delegations in a file go before those that the school holds, and are followed', async () => {
  const own = ['--to', file('school.public'), '--until', '2090-01-01', '--output', file('own.sig')];
  const key = ['--key', file('master.private'), ...passphrase];
  await done(['lease', 'delegate', ...key, `${serials[0]}:${uuid}`, ...own]);
  await done(['oats', 'set', '--repo', site, '--through', file('own.sig')]);
  const lines = async () =>
    parseOatsEnvelope((await askOats(atSite.url, form(serials[0] ?? ''))).body).lines.join();
  while (!/ 20900101T000000Z /.test(await lines()));
  assert.equal((await askOats(atSite.url, form(serials[1] ?? ''))).status, 404);
  await done(['oats', 'set', '--repo', site, '--through', 'none']);
  while ((await askOats(atSite.url, form(serials[1] ?? ''))).status !== 200);
});

test('a key that is taken away while the school answers is told and brings no other answer', async () => {
  const key = readFileSync(file('school.private'));
  rmSync(file('school.private'));
  await refused(['oats', 'set', '--repo', site, '--hashcash', 'none']);
  assert.equal((await verified(atSite, serials[0] ?? '')).nonce, `n-${serials[0]}`);
  writeFileSync(file('school.private'), key, { mode: 0o600 });
  assert.equal(
    readOatsAnswer(parseOatsEnvelope((await askOats(atSite.url, form(serials[0] ?? ''))).body)).stolen,
    undefined,
  );
});
