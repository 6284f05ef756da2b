import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  checkHashcash,
  formatHashcash,
  formatHashcashChallenge,
  hashcashNonce,
  makeHashcash,
  mostHashcashBits,
  parseHashcash,
  parseHashcashChallenge,
} from './hashcash.ts';

const challenge = { bits: 12, nonce: 'mz5k-8.a' };
const work = { now: Date.UTC(2026, 0, 31), random: 'r' };

describe('hashcash', () => {
  test('work is proved to whoever asked for it, and to nobody else', async () => {
    const stamp = await makeHashcash(challenge, work);
    assert.match(stamp, /^1:12:260131:mz5k-8\.a::r:[0-9a-z]+$/);
    assert.equal(checkHashcash(stamp, challenge), true);
    assert.equal(checkHashcash(stamp, { ...challenge, nonce: 'other' }), false);
    assert.equal(checkHashcash(stamp, { ...challenge, bits: 13 }), false);
    assert.equal(checkHashcash(`${stamp}x`, challenge), false);
    assert.equal(checkHashcash('1:12:260131:mz5k-8.a::r', challenge), false);
    assert.equal(hashcashNonce(stamp), challenge.nonce);
  });

  test('the headers are read as they are written', async () => {
    const header = formatHashcashChallenge(challenge);
    assert.equal(header, 'OLPC-hashcash bits="12", nonce="mz5k-8.a"');
    assert.deepEqual(parseHashcashChallenge(header), challenge);
    assert.equal(parseHashcashChallenge('Basic realm="x"'), undefined);
    const stamp = await makeHashcash(challenge, work);
    assert.equal(parseHashcash(formatHashcash(stamp)), stamp);
    assert.equal(parseHashcash('Bearer x'), undefined);
    assert.equal(parseHashcash(undefined), undefined);
  });

  test('nobody works for ever, nor longer than he is wanted', async () => {
    await assert.rejects(makeHashcash({ ...challenge, bits: mostHashcashBits + 1 }, work), {
      code: 'oats-hashcash-too-hard',
    });
    const stop = new AbortController();
    const working = makeHashcash({ ...challenge, bits: mostHashcashBits }, { ...work, signal: stop.signal });
    stop.abort();
    await assert.rejects(working, { code: 'cancelled' });
  });
});
