/** What laptops and theft-deterrence servers send each other, and `updates.cfg`: mutations end in a sentence or in sense. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import {
  checkHashcash,
  formatHashcash,
  formatHashcashChallenge,
  makeHashcash,
  parseHashcash,
  parseHashcashChallenge,
} from '../../src/advice/hashcash.ts';
import { makeOatsAnswer, readOatsAnswer, verifyOatsAnswer } from '../../src/advice/oats-answer.ts';
import { parseOatsEnvelope } from '../../src/advice/oats-envelope.ts';
import { defaultOatsNames } from '../../src/advice/oats-names.ts';
import { encodeOatsRequest, parseOatsRequest } from '../../src/advice/oats-request.ts';
import { defaultOatsSettings, oatsSettingsFile, readOatsSettings } from '../../src/advice/oats-settings.ts';
import { oatsSign } from '../../src/advice/oats-sign.ts';
import { parseUpdatesFile } from '../../src/advice/updates-cfg.ts';
import { chooseUpdate } from '../../src/advice/updates-cfg-choose.ts';
import type { Sha256, StreamName } from '../../src/base/identifiers.ts';
import { laptopTime, type Serial } from '../../src/lease/laptop.ts';
import * as vectors from '../../src/lease/records.testkit.ts';
import { signerOfKey } from '../../src/lease/signer.ts';
import { fuzz } from './fuzz.testkit.ts';

const serial = 'SHC00000001' as Serial;
const vhash = 'b'.repeat(64) as Sha256;
const now = Date.UTC(2026, 0, 1);
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

suite('questions of laptops', () => {
  test('what is accepted is asked again in the same words', async () => {
    const samples = [
      'serialnum=SHC12900018&version=1&nonce=12345678',
      encodeOatsRequest({
        ...{ serial, nonce: 'a\n"\\%&=', vhash, freeSpace: 1000, stream: 'stable' as StreamName },
        ...{ model: 'XO-1.5 ñ', client: '0.1.0' },
      }),
    ];
    await fuzz(
      'OATS question',
      samples.map((text) => Buffer.from(text)),
      parseOatsRequest,
      (request) => {
        assert.match(request.serial, /^[A-Z]{3}[0-9A-F]{8}$/);
        assert.deepEqual(parseOatsRequest(Buffer.from(encodeOatsRequest(request))), request);
      },
      { codes: /^oats-request-invalid$/ },
    );
  });
});

suite('answers of servers', () => {
  const answer = {
    ...{ nonce: 'n', time: laptopTime(now), lease: `${vectors.leaseDirect}\n${vectors.leaseThrough}\n` },
    update: { hash: vhash, name: 'b2', priority: 'low', updatePath: 'rsync://x/build-b2' },
  } as const;

  test('no change of one is believed, whatever it is', async () => {
    const body = await makeOatsAnswer(answer, oatsSign(signerOfKey(privateKey)));
    const stolen = await makeOatsAnswer({ ...answer, stolen: true }, oatsSign(signerOfKey(privateKey)));
    const codes = /^(oats-answer-.*|signature-line-invalid|lease-(key-unknown|signature-(wrong|expired)))$/;
    await fuzz(
      'signed OATS answer',
      [body, stolen],
      (bytes) => verifyOatsAnswer(bytes, { keys: [publicKey], serial, nonce: 'n', now }),
      (read, bytes) => {
        // Only line ends after the last bracket may differ: they are no part of it.
        const text = bytes.toString('latin1').replace(/[\r\n]+$/, '');
        assert.ok(text === body.toString('latin1') || text === stolen.toString('latin1'), text);
        assert.equal(read.lease, answer.lease);
      },
      { codes },
    );
  });

  test('one that nobody signed is read or refused by name', async () => {
    const body = await makeOatsAnswer(answer, async () => []);
    await fuzz(
      'OATS answer',
      [body],
      (bytes) => readOatsAnswer(parseOatsEnvelope(bytes), { ...defaultOatsNames, lease: ['lease', 'nonce'] }),
      ({ time, update }) => {
        assert.match(time, /^\d{8}T\d{6}Z$/);
        if (update !== undefined) assert.match(update.hash, /^[0-9a-f]{64}$/);
      },
      { codes: /^oats-answer-(invalid|field)$/ },
    );
  });

  test('challenges and stamps', async () => {
    const challenge = { bits: 4, nonce: '0-abc' };
    const stamp = await makeHashcash(challenge, { now, random: 'r' });
    const headers = [formatHashcashChallenge(challenge), formatHashcash(stamp)];
    await fuzz(
      'hashcash headers',
      headers.map((text) => Buffer.from(text)),
      (bytes) => {
        const text = bytes.toString('latin1');
        return { asked: parseHashcashChallenge(text), given: parseHashcash(text) };
      },
      ({ asked, given }) => {
        if (asked !== undefined) assert.ok(asked.bits >= 0 && asked.nonce.length > 0);
        if (given !== undefined) assert.equal(typeof checkHashcash(given, challenge), 'boolean');
      },
    );
  });
});

suite('what operators write', () => {
  test('updates.cfg: what is accepted advises nobody to go upwards', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((digit) => digit.repeat(64));
    const text = [
      ...[`[${a}]`, 'name = one', 'priority = normal', 'update_path = rsync://x/build-one', ''],
      ...[
        `# remark`,
        `[${b}]`,
        'name: two',
        'from =',
        `  ${a}`,
        'percent = 12.5%',
        'not_before = 2025-01-31',
        '',
      ],
      ...[`[${c}]`, 'name = three', 'stream = stable testing', 'model = XO-1.5, XO-4', 'serials = SHC*'],
      'offer_unknown = yes',
    ].join('\n');
    await fuzz(
      'updates.cfg',
      [Buffer.from(text)],
      (bytes) => parseUpdatesFile(bytes, 'updates.cfg'),
      (file) => {
        for (const [at, { hash }] of file.entries()) {
          const chosen = chooseUpdate(file, { serial, stream: 'stable', model: 'XO-4', vhash: hash }, now);
          if (chosen !== undefined) assert.ok(file.indexOf(chosen) > at);
        }
      },
      { codes: /^updates-cfg-/ },
    );
  });

  test('the settings of a place', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'satchel-fuzz-oats-'));
    const repository = join(folder, 'repository');
    const settings = {
      ...{ satchel: 'oats-settings', format: 1, key: '/k.private', passphraseFile: '/p', through: '/d' },
      ...{ updates: '/u', ...defaultOatsSettings, names: { ...defaultOatsNames, lease: ['a', 'b'] } },
    };
    try {
      await fuzz(
        'OATS settings',
        [Buffer.from(JSON.stringify(settings))],
        (bytes) => {
          writeFileSync(oatsSettingsFile(repository), bytes);
          return readOatsSettings(repository);
        },
        (read) => assert.ok((read?.hashcash ?? 0) <= 20),
        { codes: /^(record-(invalid|newer)|name-not-allowed)$/ },
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
