/** HTTPS with a certificate that is renewed while the server runs. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { connect } from 'node:tls';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { servedRepository } from '../../test/doubles/served-repository.ts';
import { startServer } from './start-server.ts';
import { keepTlsFresh, readTls } from './tls.ts';

const scratch = scratchFolder('tls');
const files = { certificate: scratch.file('live.crt'), key: scratch.file('live.key') };

/** Makes a certificate for `name`, signed by itself. */
function makeCertificate(name: string): void {
  const out = ['-keyout', scratch.file(`${name}.key`), '-out', scratch.file(`${name}.crt`)];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync('openssl', ['req', '-x509', ...curve, '-days', '30', '-subj', `/CN=${name}`, ...out], {
    stdio: 'pipe',
  });
}

function install(name: string, which: readonly ('crt' | 'key')[] = ['crt', 'key']): void {
  for (const end of which) {
    copyFileSync(scratch.file(`${name}.${end}`), scratch.file(`next.${end}`));
    renameSync(scratch.file(`next.${end}`), scratch.file(`live.${end}`));
  }
}

/** The name in the certificate that a server shows. */
function nameShown(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.end();
    });
    socket.once('error', reject);
  });
}

before(() => {
  for (const name of ['first', 'second']) makeCertificate(name);
});
after(() => scratch.remove());

async function serving(t: { after(action: () => unknown): void }, own: boolean) {
  const repository = servedRepository();
  const server = await startServer({
    repository: repository.directory,
    listen: { host: '127.0.0.1', port: 0 },
    tls: { files, listen: own ? { host: '127.0.0.1', port: 0 } : undefined },
    log: { level: 'silent' },
  });
  t.after(async () => {
    await server.close();
    repository[Symbol.dispose]();
  });
  return server;
}

describe('HTTPS', () => {
  test('is spoken at the address itself, or beside plain HTTP', async (t) => {
    install('first');
    const only = await serving(t, false);
    assert.match(only.url, /^https:/);
    assert.equal(only.tlsUrl, undefined);
    assert.equal(await nameShown(only.url), 'first');
    const both = await serving(t, true);
    assert.equal(await nameShown(both.tlsUrl ?? ''), 'first');
    assert.equal((await fetch(`${both.url}/lite/stable`)).status, 200);
  });

  test('with files that do not fit together is refused at the start', () => {
    install('first');
    install('second', ['key']);
    assert.throws(() => readTls(files), { code: 'tls-file-unusable' });
    writeFileSync(files.certificate, 'no certificate\n');
    assert.throws(() => readTls(files), { code: 'tls-file-unusable' });
    assert.throws(() => readTls({ ...files, key: scratch.file('absent') }), { code: 'tls-file-unusable' });
  });

  test('goes on with the former pair while a renewal is half done, then takes the new one', async (t) => {
    install('first');
    const https = await import('node:https');
    const server = https.createServer(readTls(files));
    const time = { now: 0 };
    const failures: unknown[] = [];
    keepTlsFresh(server, files, { now: () => time.now, onFailure: (error) => failures.push(error) });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    const url = `https://127.0.0.1:${address.port}`;
    assert.equal(await nameShown(url), 'first');
    install('second', ['crt']);
    time.now += 2000;
    assert.equal(await nameShown(url), 'first');
    assert.equal(failures.length, 1);
    rmSync(files.certificate);
    symlinkSync(files.certificate, files.certificate);
    time.now += 2000;
    assert.equal(await nameShown(url), 'first', 'a link to itself cannot even be looked at');
    assert.equal(failures.length, 2);
    rmSync(files.certificate);
    install('second', ['crt']);
    install('second', ['key']);
    assert.equal(await nameShown(url), 'first', 'looked at within the second');
    time.now += 2000;
    assert.equal(await nameShown(url), 'second');
  });
});
