/** A laptop that asks a theft-deterrence server and believes what OpenSSL believes: none of our readers is in the way. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Answer, exchange } from './http-exchange.ts';

/** Asks with a form. */
export function askOats(
  url: string,
  form: string,
  options: { readonly headers?: Readonly<Record<string, string>>; readonly localAddress?: string } = {},
): Promise<Answer> {
  const { headers, ...rest } = options;
  return exchange(url, '/antitheft/1/', {
    ...rest,
    method: 'POST',
    body: form,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
  });
}

/**
 * Takes an answer apart by its bytes, as the firmware does, and lets OpenSSL check its one sig01 line with the key in a
 * file `NAME.public`. Gives the text of the object that is signed, one character a byte.
 */
export function believedBySig01(answer: Answer, publicFile: string): string {
  assert.equal(answer.status, 200, answer.body.toString());
  assert.equal(answer.headers['content-length'], String(answer.body.length));
  assert.equal(answer.headers['transfer-encoding'], undefined);
  const text = answer.body.toString('latin1');
  const parts =
    /^\["oatc-signed-resp",1,\[(\["oatc-resp",1,(\{.*\})\]),\["sig",1,\["sig01: sha256 ([0-9a-f]{64}) ([0-9a-f]{512})\n"\]\]\]\]$/s.exec(
      text,
    );
  assert.ok(parts, text);
  const [, signed = '', object = '', keyId, signature = ''] = parts;
  const der = readFileSync(publicFile);
  assert.equal(keyId, der.subarray(-32).toString('hex'));
  const folder = mkdtempSync(join(tmpdir(), 'satchel-openssl-'));
  try {
    const file = (name: string, bytes: string | Uint8Array) => {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    };
    const pem = createPublicKey({ key: der, format: 'der', type: 'pkcs1' }).export({
      type: 'spki',
      format: 'pem',
    });
    const padding = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:8'];
    const { stdout, stderr } = spawnSync(
      'openssl',
      [
        ...['dgst', '-sha256', ...padding, '-verify', file('key.pem', pem)],
        ...[
          '-signature',
          file('signature', Buffer.from(signature, 'hex')),
          file('signed', Buffer.from(signed, 'latin1')),
        ],
      ],
      { encoding: 'utf8' },
    );
    assert.match(stdout, /^Verified OK/, stderr);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return object;
}
