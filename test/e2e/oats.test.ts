/** A theft-deterrence server: set up, asked by laptops, changed while it runs, and asked by those who mean it ill. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { formatHashcash, makeHashcash, parseHashcashChallenge } from '../../src/advice/hashcash.ts';
import type { FleetDevice } from '../../src/fleet/fleet.ts';
import { exchange, rawExchange } from '../doubles/http-exchange.ts';
import { askOats, believedBySig01 } from '../doubles/laptop-oats.ts';
import { done, type RunningServer, refused, serve } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { writeTinyBuilds } from '../doubles/tiny-builds.ts';

const scratch = scratchFolder('oats');
const file = (name: string) => scratch.file(name);
const origin = file('origin');
const [first, second] = ['SHC00000001', 'SHC00000002'] as const;
const uuid = '1273E0EC-AEF1-9FF6-45B2-FB706DC24B8D';
const passphrase = ['--passphrase-file', file('passphrase')];
const set = ['oats', 'set', '--repo', origin];
const hashes: Record<string, string> = {};
let server: RunningServer;

before(async () => {
  const { b1, b2 } = writeTinyBuilds(scratch.path);
  await done(['init', '--repo', origin]);
  for (const [name, tar] of Object.entries({ b1, b2 })) {
    await done(['publish', '--repo', origin, '--name', name, '--stream', 'stable', tar]);
    const { contents } = await done<{ contents: { hash: string } }>(['show', '--repo', origin, name]);
    hashes[name] = contents.hash;
  }
  writeFileSync(file('passphrase'), 'correct horse\n');
  writeFileSync(file('xo.csv'), `SN,UUID\n${first},${uuid}\n${second},${uuid}\n`);
  for (const name of ['oats', 'leases']) await done(['lease', 'key', file(name), ...passphrase]);
  await done(['lease', 'set', '--repo', origin, '--key', file('leases.private'), ...passphrase]);
  await done(['lease', 'take', '--repo', origin, file('xo.csv')]);
  server = await serve(origin, { words: ['--no-advertise'] });
});
after(async () => {
  await server?.stop();
  scratch.remove();
});

/** What a laptop believes of the answer to its question. */
async function believed(form: string): Promise<string> {
  return believedBySig01(await askOats(server.url, form), file('oats.public'));
}

/** Asks until the answer is as it should be: a server looks at its files once a second. */
async function asksUntil(form: string, isRight: (object: string) => boolean): Promise<string> {
  for (;;) {
    const answer = await askOats(server.url, form);
    if (answer.status === 200) {
      const object = believedBySig01(answer, file('oats.public'));
      if (isRight(object)) return object;
    }
  }
}

const question = (serial: string, more = '') => `serialnum=${serial}&version=1&nonce=12345678${more}`;
const running = (name: string) => `&vhash=${hashes[name]}&free_space=1000&stream=stable`;

describe('a place that nobody has set up', () => {
  test('answers no laptop', async () => {
    assert.ok([404, 405].includes((await askOats(server.url, question(first))).status));
    assert.equal((await refused(['oats', 'status', '--repo', origin])).code, 'oats-not-set-up');
  });

  const key = ['--key', file('oats.private'), ...passphrase];
  const wrong: Readonly<Record<string, readonly [readonly string[], string]>> = {
    'no key': [['--hashcash', '4'], 'oats-key-needed'],
    nothing: [[], 'option-needed'],
    'a key that is locked': [['--key', file('oats.private')], 'lease-key-locked'],
    'a key that is not there': [['--key', file('nowhere.private')], 'file-not-found'],
    'too much work': [[...key, '--hashcash', '64'], 'oats-hashcash-not-understood'],
    'a path without a name': [[...key, '--update-path', 'rsync://x/y'], 'oats-path-not-understood'],
    'a field that nobody knows': [[...key, '--field', 'leese=x'], 'oats-field-not-possible'],
    'two fields of the same name': [[...key, '--field', 'lease=stolen'], 'oats-field-not-possible'],
    'a field that is no pair': [[...key, '--field', 'lease'], 'oats-field-not-understood'],
  };
  for (const [what, [words, code]] of Object.entries(wrong))
    test(`is not set up with ${what}`, async () => {
      const refusal = await refused([...set, ...words]);
      if (code !== 'file-not-found') assert.equal(refusal.code, code);
      assert.equal((await refused(['oats', 'status', '--repo', origin])).code, 'oats-not-set-up');
    });
});

describe('a theft-deterrence server', () => {
  before(async () => {
    await done([...set, '--key', file('oats.private'), ...passphrase]);
    await asksUntil(question(first), () => true);
  });

  test('hands out a lease and advises the head of the stream', async () => {
    const object = await believed(question(first, running('b1')));
    assert.match(
      object,
      /^\{"lease":"act01: SHC00000001 K \d{8}T060000Z sig01: sha256 [^"]*\n","nonce":"12345678","time":"\d{8}T\d{6}Z","update":\{.*\}\}$/s,
    );
    const advice = `"update":{"hash":"${hashes.b2}","name":"b2","priority":"normal","update_path":"rsync://schoolserver/build-b2"}`;
    assert.ok(object.includes(advice), object);
    writeFileSync(file('lease'), /"lease":"([^"]*)"/.exec(object)?.[1] ?? '');
    const verify = ['lease', 'verify', '--laptops', file('xo.csv'), '--file', file('lease')];
    await refused([...verify, '--trust', file('oats.public')]);
    assert.equal(server.log().includes('correct horse'), false);
  });

  const silent: Readonly<Record<string, string>> = {
    'runs the head': running('b2'),
    'runs what nobody knows': `&vhash=${'e'.repeat(64)}`,
    'does not tell what it runs': '',
    'follows no stream': `&vhash=x&stream=none`,
    'follows a stream that is not here': `${running('b1').replace('stable', 'other')}`,
  };
  for (const [what, more] of Object.entries(silent))
    test(`advises nothing to a laptop that ${what}`, async () => {
      assert.doesNotMatch(await believed(question(second, more)), /update/);
    });

  test('gives no lease to a laptop of no list, and a signed answer all the same', async () => {
    assert.match(await believed(question('SHC00000009')), /^\{"nonce":"12345678","time":"\d{8}T\d{6}Z"\}$/);
  });

  test('echoes every nonce byte for byte', async () => {
    const object = await believed(`serialnum=${first}&nonce=%00%0A+%FF%25%26%5B%7D`);
    assert.ok(object.includes('"nonce":"\0\n \xff%&[}"'), object);
    const quoted = await believed(`serialnum=${first}&nonce=a%22%5Cb`);
    assert.ok(quoted.includes('"nonce":"a\\"\\\\b"'), quoted);
  });

  test('says stolen and nothing else to a stolen laptop, until it is recovered', async () => {
    const why = ['--repo', origin, '--by', 'Ana', '--reason', 'taken'];
    await done(['lease', 'stolen', second, ...why]);
    const form = question(second, running('b1'));
    const object = await asksUntil(form, (text) => text.includes('stolen'));
    assert.match(object, /^\{"nonce":"12345678","stolen":true,"time":"\d{8}T\d{6}Z"\}$/);
    await done(['lease', 'recovered', second, ...why]);
    assert.match(await asksUntil(form, (text) => !text.includes('stolen')), /act01/);
  });

  test('calls the fields what they are set to be called, at once', async () => {
    await done([...set, '--field', 'lease=permit', '--field', 'lease=lease', '--field', 'hash=version']);
    const object = await asksUntil(question(first, running('b1')), (text) => text.includes('permit'));
    assert.match(object, /^\{"lease":"act01.*"permit":"act01.*"update":\{"name":"b2",.*"version":"/s);
    await done([...set, '--field', 'lease=lease', '--field', 'hash=hash']);
    await asksUntil(question(first), (text) => !text.includes('permit'));
  });

  test('advises by updates.cfg, follows its changes, and keeps the last good one', async () => {
    const updates = file('updates.cfg');
    const text = (name: string) =>
      `[${hashes.b1}]\nname = b1\n[${hashes.b2}]\nname = ${name}\npriority = low\n`;
    writeFileSync(updates, `${text('b2')}percent = 110\n`);
    const refusal = await refused([...set, '--updates', updates]);
    assert.equal(refusal.code, 'updates-cfg-value');
    assert.match(refusal.message, /Line 6 of .*"110" cannot be a value of "percent"/);

    writeFileSync(updates, text('py-2'));
    await done([...set, '--updates', updates]);
    const form = question(first, running('b1'));
    const advice = await asksUntil(form, (object) => object.includes('py-2'));
    assert.match(advice, /"name":"py-2","priority":"low","update_path":"rsync:\/\/schoolserver\/build-py-2"/);

    writeFileSync(updates, `${text('py-3')}nonsense\n`);
    while (!server.log().includes(`Line 6 of ${updates} is neither a heading nor a setting: nonsense`))
      assert.match(await believed(form), /"py-2"/);
    assert.match(await believed(form), /"py-2"/);
    const { problem } = await done<{ problem: { code: string } }>(['oats', 'status', '--repo', origin]);
    assert.equal(problem.code, 'updates-cfg-line');

    writeFileSync(updates, text('py-4'));
    await asksUntil(form, (object) => object.includes('"py-4"'));
    await done([...set, '--updates', 'none']);
    await asksUntil(form, (object) => object.includes('"b2"'));
  });

  const wrong: Readonly<Record<string, readonly [string, number, RegExp]>> = {
    'an empty form': ['', 400, /"serialnum"/],
    'no serial number': ['version=1&nonce=1', 400, /"serialnum"/],
    'two serial numbers': [question(first, `&serialnum=${second}`), 400, /"serialnum"/],
    'control bytes': [`serialnum=%00%01%02&nonce=1`, 400, /"serialnum"/],
    'no nonce': [`serialnum=${first}&version=1`, 400, /"nonce"/],
    'another version': [`serialnum=${first}&version=2&nonce=1`, 400, /"version"/],
    'a megabyte': ['x'.repeat(2 ** 20), 413, /16384/],
    JSON: ['{"serialnum":["SHC00000001"]}', 400, /"serialnum"/],
  };
  for (const [what, [form, status, words]] of Object.entries(wrong))
    test(`refuses ${what} with a sentence`, async () => {
      const answer = await askOats(server.url, form);
      assert.equal(answer.status, status);
      assert.match(answer.body.toString(), words);
    });

  test('takes questions in pieces of any length, and no other method', async () => {
    const form = question(first);
    const head =
      'POST /antitheft/1/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n';
    const chunks = [...form].map((character) => `1\r\n${character}\r\n`).join('');
    const text = await rawExchange(server.url, `${head}${chunks}0\r\n\r\n`);
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(text, /oatc-signed-resp/);
    const long = `8000\r\n${'x'.repeat(0x8000)}\r\n`;
    assert.match(await rawExchange(server.url, `${head}${long}`), /^HTTP\/1\.1 413 /);
    const got = await exchange(server.url, '/antitheft/1/');
    assert.deepEqual([got.status, got.headers.allow], [405, 'POST']);
  });

  test('answers the sample of the firmware, which counts its own bytes wrong', async () => {
    const sample = 'serialnum=SHC12900018&version=1&nonce=12345678';
    const head = 'POST /antitheft/1/ HTTP/1.1\r\nHost: antitheft.laptop.org\r\n';
    const form = 'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 43\r\n\r\n';
    const answer = await rawExchange(server.url, `${head}${form}${sample}`);
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(answer, /"nonce":"12345","time".*"\]\]\]\]$/s);
  });

  test('answers no more than its share to one address', async () => {
    const statuses = new Set<number>();
    for (let count = 0; count < 2100; count += 1)
      statuses.add((await askOats(server.url, 'x', { localAddress: '127.0.0.2' })).status);
    assert.deepEqual([...statuses], [400, 503]);
    assert.equal((await askOats(server.url, question(first), { localAddress: '127.0.0.3' })).status, 200);
  });

  test('is not held up by those who begin a question and never end it', async () => {
    const { hostname, port } = new URL(server.url);
    const held = Array.from({ length: 1050 }, () => {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.on('error', () => {});
      socket.write('POST /antitheft/1/ HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\n\r\nserial');
      return socket;
    });
    await Promise.all(held.map((socket) => socket.connecting && once(socket, 'connect')));
    const { status } = await askOats(server.url, question(first));
    for (const socket of held) socket.destroy();
    assert.equal(status, 200);
  });

  test('wants to see work where it is set so, once for each question', async () => {
    await done([...set, '--hashcash', '8']);
    let refusal = await askOats(server.url, question(first));
    while (refusal.status === 200) refusal = await askOats(server.url, question(first));
    assert.equal(refusal.status, 401);
    const challenge = parseHashcashChallenge(refusal.headers['www-authenticate'] ?? '');
    assert.ok(challenge);
    assert.equal(challenge.bits, 8);
    const stamp = await makeHashcash(challenge, { now: Date.now() });
    const headers = { Authorization: formatHashcash(stamp) };
    assert.equal((await askOats(server.url, question(first), { headers })).status, 200);
    assert.equal((await askOats(server.url, question(first), { headers })).status, 401);
    await done([...set, '--hashcash', 'none']);
    await asksUntil(question(first), () => true);
  });

  test('keeps what laptops report', async () => {
    await server.stop();
    const { devices } = await done<{ devices: FleetDevice[] }>(['fleet', 'devices', '--repo', origin]);
    const device = devices.find(({ serial }) => serial === first);
    assert.deepEqual(
      [device?.running, device?.stream, device?.disk.free, device?.client],
      ['b1', 'stable', 1024000, 'oats'],
    );
    server = await serve(origin, { words: ['--no-advertise'] });
    await believed(question(first));
  });
});
