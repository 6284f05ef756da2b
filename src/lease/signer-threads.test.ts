import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, verify } from 'node:crypto';
import { test } from 'node:test';
import { signerInThreads } from './signer-threads.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const padding = { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 8 };

test('each of many records gets its own signature, and closing waits for those under way', async () => {
  const signer = signerInThreads(privateKey, 2);
  const texts = Array.from({ length: 100 }, (_, number) => Buffer.from(`record ${number} \xff\0`, 'latin1'));
  const signing = texts.map((text) => signer.sign(text));
  await signer.close();
  for (const [at, signature] of (await Promise.all(signing)).entries()) {
    assert.equal(signature.length, 256);
    assert.ok(verify('sha256', texts[at]!, padding, signature), `record ${at}`);
  }
  await assert.rejects(signer.sign(texts[0]!));
});

test('whoever has gone away gets none', async () => {
  const signer = signerInThreads(privateKey, 1);
  await assert.rejects(signer.sign(Buffer.from('x'), { signal: AbortSignal.abort() }), { code: 'cancelled' });
  await signer.close();
});
