/** A place that hands out leases: set up, asked at port 191, and what a stolen mark does to it, to sites and by sticks. */
import assert from 'node:assert/strict';
import { chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { askActivation } from '../doubles/activation-client.ts';
import { done, refused, serve } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { writeTinyBuilds } from '../doubles/tiny-builds.ts';

const scratch = scratchFolder('lease-office');
const file = (name: string) => scratch.file(name);
const origin = file('origin');
const [first, second, third, fourth] = ['SHC00000001', 'SHC00000002', 'SHC00000003', 'SHC00000004'] as const;
const uuid = '1273E0EC-AEF1-9FF6-45B2-FB706DC24B8D';
const passphrase = ['--passphrase-file', file('passphrase')];
const answering = { words: ['--activation', '127.0.0.1:0', '--no-advertise'] };
const why = ['--by', 'Ana', '--reason', 'taken from school'];
let trust = '';

before(async () => {
  const { b1 } = writeTinyBuilds(scratch.path);
  ({ rootSha256: trust } = await done<{ rootSha256: string }>(['init', '--repo', origin]));
  await done(['publish', '--repo', origin, b1]);
  writeFileSync(file('passphrase'), 'correct horse\n');
  writeFileSync(file('xo.csv'), `\ufeffSN,UUID\n${first},${uuid}\n${second},${uuid}\n`);
  for (const name of ['master', 'school']) await done(['lease', 'key', file(name), ...passphrase]);
});
after(() => scratch.remove());

/** How many laptops of the list take what an answer holds. */
async function good(answer: string): Promise<number> {
  writeFileSync(file('answer'), answer);
  const words = ['lease', 'verify', '--laptops', file('xo.csv'), '--file', file('answer')];
  const { satchel } = await import('../doubles/satchel-program.ts');
  const { stdout } = await satchel([...words, '--trust', file('master.public'), '--json']);
  return (JSON.parse(stdout) as { good: number }).good;
}

test('an origin with a key makes leases for the laptops of its list, and none for a stolen one', async (context) => {
  const set = ['lease', 'set', '--repo', origin, '--key', file('master.private'), ...passphrase];
  assert.equal((await refused([...set, '--zone', 'Moon/Sea'])).code, 'zone-not-understood');
  assert.equal((await refused(set.slice(0, -2))).code, 'lease-key-locked');
  const trusted = ['--trust', file('master.public')];
  const other = [
    'lease',
    'set',
    '--repo',
    origin,
    '--key',
    file('school.private'),
    ...passphrase,
    ...trusted,
  ];
  assert.equal((await refused(other)).code, 'lease-key-untrusted');
  assert.equal((await refused([...set, '--days', '0'])).code, 'count-not-understood');
  await done([...set, '--days', '14', '--zone', 'America/Asuncion', '--trust', file('master.public')]);
  await done(['lease', 'take', '--repo', origin, file('xo.csv')]);
  const server = await serve(origin, answering);
  context.after(() => server.stop());
  const ask = (request: string) => askActivation(server.activation ?? '', request);

  const lease = await ask(first);
  assert.equal(await good(lease), 1);
  assert.equal(await ask(first), lease);
  assert.equal(await ask(third), '', 'of no list');
  assert.match(
    await ask(`rtcreset ${first} 00000000T000000Z 12`),
    /^rtc01: SHC00000001 00000000T000000Z 0000000012 /,
  );

  await done(['lease', 'stolen', first, '--repo', origin, ...why]);
  assert.equal(await ask(first), 'STOLEN');
  assert.equal(await ask(`rtcreset ${first} 00000000T000000Z 12`), 'STOLEN');
  assert.equal(await good(await ask(second)), 1);
  const make = ['lease', 'make', '--key', file('master.private'), ...passphrase, '--laptops', file('xo.csv')];
  const until = ['--until', '2098-01-31', '--output', file('made.json'), '--repo', origin];
  assert.deepEqual((await done<{ stolen: string[] }>([...make, ...until])).stolen, [first]);
  assert.match(readFileSync(file('made.json'), 'latin1'), /^\[1,\{"SHC00000002":"act01: [^"]*\n"\}\]$/);
  const renewed = ['lease', 'renew', '--repo', origin, '--output', file('all.json')];
  assert.deepEqual((await done(renewed)).stolen, 1);
  assert.match(readFileSync(file('all.json'), 'latin1'), /^\[1,\{"SHC00000002":"act01: [^"]*\n"\}\]$/);

  for (let i = 0; i < 110; i += 1) await ask(`CSN${String(i).padStart(8, '0')}`);
  await done(['lease', 'stolen', fourth, '--repo', origin, ...why]);
  assert.equal(await ask(fourth), 'STOLEN');

  await done(['lease', 'recovered', first, '--repo', origin, '--by', 'Luis', '--reason', 'found on the bus']);
  assert.equal(await ask(first), lease);
  const { marks } = await done<{ marks: object[] }>(['lease', 'marks', '--repo', origin, first]);
  assert.deepEqual(
    marks.map((mark) => ({ ...mark, at: '' })),
    [
      { serial: first, stolen: false, by: 'Luis', reason: 'found on the bus', at: '' },
      { serial: first, stolen: true, by: 'Ana', reason: 'taken from school', at: '' },
    ],
  );
  const { stderr } = await server.stop();
  assert.match(stderr, /SHC00000004, which is marked as stolen/);
  assert.match(stderr, /SHC00000001, which is marked as stolen, asked for a lease from 127\.0\.0\.1/);
});

const skip = process.getuid?.() === 0 ? false : 'needs root: a repository of another user';

test('root writes no leases that the user of the server could not read', { skip }, async () => {
  const theirs = file('theirs');
  await done(['init', '--repo', theirs]);
  chownSync(theirs, 65534, 65534);
  const { code } = await refused(['lease', 'take', file('xo.csv'), '--repo', theirs]);
  assert.equal(code, 'lease-not-as-root');
  assert.ok(!existsSync(`${theirs}.leases`));
});

test('a site that is never online makes leases with its own key, and learns by stick who is stolen', async (context) => {
  const [stick, site] = [file('stick'), file('site')];
  mkdirSync(stick);
  const to = ['--to', file('school.public'), '--until', '2098-01-01', '--output', file('d-lease.sig')];
  const list = ['--laptops', file('xo.csv')];
  await done(['lease', 'delegate', '--key', file('master.private'), ...passphrase, ...list, ...to]);
  const prepare = ['stick', 'prepare', stick, '--repo', origin];
  await done([...prepare, '--delegations', file('d-lease.sig')]);
  await done(['site', 'join', stick, '--repo', site, '--name', 'school', '--trust', trust]);
  await done(['stick', 'load', stick, '--repo', site]);
  await done(['lease', 'set', '--repo', site, '--key', file('school.private'), ...passphrase]);
  const wrong = ['--key', file('master.private'), ...passphrase, '--trust', file('master.public')];
  assert.equal((await refused(['lease', 'set', '--repo', site, ...wrong])).code, 'lease-key-of-origin');
  const server = await serve(site, { words: [...answering.words, '--offline'] });
  context.after(() => server.stop());
  const ask = (request: string) => askActivation(server.activation ?? '', request);
  const lease = await ask(first);
  assert.match(lease, /^act01: SHC00000001 K \d{8}T060000Z sig02: /);
  assert.equal(await good(lease), 1);
  assert.equal(await ask(third), '');

  assert.equal((await refused(['lease', 'stolen', first, '--repo', site, ...why])).code, 'marks-at-origin');
  await done(['lease', 'stolen', first, '--repo', origin, ...why]);
  await done([...prepare, '--delegations', file('d-lease.sig')]);
  await done(['stick', 'load', stick, '--repo', site]);
  assert.equal(await ask(first), 'STOLEN');
  assert.equal(await good(await ask(second)), 1);
});

test('a site that is online learns who is stolen with the news', async (context) => {
  const above = await serve(origin, { words: ['--no-advertise'] });
  context.after(() => above.stop());
  const site = file('online');
  await done(['site', 'join', above.url, '--repo', site, '--name', 'online', '--trust', trust]);
  await done(['lease', 'stolen', second, '--repo', origin, ...why]);
  await done(['site', 'sync', '--repo', site]);
  const server = await serve(site, answering);
  context.after(() => server.stop());
  assert.equal(await askActivation(server.activation ?? '', second), 'STOLEN');
  assert.equal(await askActivation(server.activation ?? '', third), '');
});
