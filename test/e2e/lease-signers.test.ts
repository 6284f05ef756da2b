/** Leases signed by a key in a token and by a program, from the command line; laptops see no difference. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { done, refused } from '../doubles/satchel-program.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { createSoftToken, type SoftToken } from '../doubles/soft-token.ts';

const scratch = scratchFolder('lease-signers');
const file = (name: string) => scratch.file(name);
const laptop = 'SHC00000001:1273E0EC-AEF1-9FF6-45B2-FB706DC24B8D';
let token: SoftToken;

before(async () => {
  token = createSoftToken(file('token'), 'mothership');
  token.makeKey('leases', '01');
  process.env.SOFTHSM2_CONF = token.environment.SOFTHSM2_CONF;
  writeFileSync(file('pin'), `${token.pin}\n`);
  writeFileSync(file('passphrase'), 'correct horse\n');
  await done(['lease', 'key', file('master'), '--passphrase-file', file('passphrase')]);
});
after(() => {
  delete process.env.SOFTHSM2_CONF;
  scratch.remove();
});

const make = (key: string, passphrase: string, output: string) => [
  ...['lease', 'make', laptop, '--until', '2030-01-01', '--key', key],
  ...['--passphrase-file', file(passphrase), '--output', file(output)],
];

test('a key in a token makes leases that verify by its public key', async () => {
  const reference = `pkcs11:token=mothership;object=leases?module-path=${token.module}`;
  await done(make(reference, 'pin', 'token.leases'));
  const read = ['--module', token.module, '--token-label', 'mothership', '--read-object', '--type', 'pubkey'];
  execFileSync('pkcs11-tool', [...read, '--id', '01', '--output-file', file('token.spki')], {
    stdio: 'pipe',
  });
  const convert = ['rsa', '-pubin', '-inform', 'DER', '-in', file('token.spki'), '-out', file('token.pem')];
  execFileSync('openssl', convert, { stdio: 'pipe' });
  const { good } = await done<{ good: number }>([
    ...['lease', 'verify', laptop, '--file', file('token.leases'), '--trust', file('token.pem')],
  ]);
  assert.equal(good, 1);
});

test('a program makes leases that verify by the key that it signs with', async () => {
  const openssl = 'openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:8';
  const reference = `command:public=${file('master.public')} ${openssl} -passin env:SATCHEL_PASSPHRASE -sign ${file('master.private')}`;
  await done(make(reference, 'passphrase', 'program.leases'));
  const { good } = await done<{ good: number }>([
    ...['lease', 'verify', laptop, '--file', file('program.leases'), '--trust', file('master.public')],
  ]);
  assert.equal(good, 1);
});

test('a wrong PIN ends the call with a sentence, and no file is there', async () => {
  const reference = `pkcs11:token=mothership;object=leases?module-path=${token.module}`;
  const { code } = await refused(make(reference, 'passphrase', 'none.leases'));
  assert.equal(code, 'signer-pin-wrong');
  assert.ok(!existsSync(file('none.leases')));
});
