import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readlinkSync, renameSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, suite, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { exchange } from '../../test/doubles/http-exchange.ts';
import { type ServedRepository, servedRepository } from '../../test/doubles/served-repository.ts';
import { type RunningServer, startServer } from './start-server.ts';

const bigBytes = 40_000_000;
const bigSha256 = 'b'.repeat(64);

suite('static files', () => {
  let repository: ServedRepository;
  let server: RunningServer;

  before(async () => {
    repository = servedRepository();
    repository.write(`packs/${bigSha256}.pack`, Buffer.alloc(bigBytes, 'satchel'));
    server = await startServer({
      repository: repository.directory,
      listen: { host: '127.0.0.1', port: 0 },
      log: { level: 'silent' },
      pageData: async () => ({ builds: [], costs: [], deltas: [], streams: [] }),
    });
  });
  after(async () => {
    await server.close();
    repository[Symbol.dispose]();
  });

  const get = (path: string, headers: Record<string, string> = {}) => exchange(server.url, path, { headers });

  test('the ETag of a file that is named by its hash is the hash', async () => {
    const answer = await get(repository.pack.path);
    assert.equal(answer.headers.etag, `"${repository.pack.sha256}"`);
  });

  test('a file that is replaced under its name changes its ETag, small or large', async () => {
    for (const [path, content] of [
      ['lite/small', 'a'],
      ['lite/large', 'a'.repeat(100_000)],
    ] as const) {
      repository.write(path, content);
      const first = (await get(`/${path}`)).headers.etag ?? '';
      assert.equal((await get(`/${path}`, { 'If-None-Match': first })).status, 304);
      repository.write('lite/.next', content.replaceAll('a', 'b'));
      renameSync(`${repository.directory}/lite/.next`, `${repository.directory}/${path}`);
      const second = await get(`/${path}`, { 'If-None-Match': first });
      assert.equal(second.status, 200);
      assert.notEqual(second.headers.etag, first);
    }
  });

  test('links, folders and fifos in the place of a file are not followed, listed or waited for', async () => {
    const place = (letter: string) => `packs/${letter.repeat(64)}.pack`;
    symlinkSync(`${repository.directory}/keys/online.json`, `${repository.directory}/${place('1')}`);
    repository.write(`${place('2')}/inside`, 'x');
    execFileSync('mkfifo', [`${repository.directory}/${place('3')}`]);
    for (const letter of ['1', '2', '3']) assert.equal((await get(`/${place(letter)}`)).status, 404, letter);
  });

  test('an empty file is served, and has no part', async () => {
    repository.write('lite/empty', '');
    const answer = await get('/lite/empty');
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-length'], '0');
    assert.equal((await get('/lite/empty', { Range: 'bytes=0-' })).status, 416);
  });

  test('If-Match of another file is refused', async () => {
    assert.equal((await get(repository.pack.path, { 'If-Match': '"x"' })).status, 412);
  });

  test('a large file arrives whole', async () => {
    const answer = await get(`/packs/${bigSha256}.pack`);
    assert.equal(answer.body.length, bigBytes);
    assert.ok(answer.body.equals(Buffer.alloc(bigBytes, 'satchel')));
  });

  test('many large files at once arrive whole', async () => {
    const lengths = await Promise.all(
      Array.from({ length: 80 }, async (_, place) => {
        const range = `bytes=${place * 1000}-${place * 1000 + 999_999}`;
        const answer = await get(`/packs/${bigSha256}.pack`, { Range: range });
        const expected = Buffer.alloc(1_000_007, 'satchel')
          .subarray((place * 1000) % 7)
          .subarray(0, 1_000_000);
        return answer.body.equals(expected) ? answer.body.length : 0;
      }),
    );
    assert.deepEqual(new Set(lengths), new Set([1_000_000]));
  });

  test('several requests sent at once on one connection are answered in their order', async () => {
    const { port } = new URL(server.url);
    const paths = [repository.pack.path, '/metadata/1.root.json', repository.index.path, '/lite/stable'];
    const lines = paths.map((path, place) => {
      const last = place === paths.length - 1 ? 'Connection: close\r\n' : '';
      return `GET ${path} HTTP/1.1\r\nHost: x\r\n${last}\r\n`;
    });
    const received = await new Promise<Buffer>((resolve, reject) => {
      const pieces: Buffer[] = [];
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(lines.join('')));
      socket.on('data', (piece) => pieces.push(piece));
      socket.on('error', reject);
      socket.on('close', () => resolve(Buffer.concat(pieces)));
    });
    const positions = [repository.pack.bytes, repository.index.bytes].map((bytes) => received.indexOf(bytes));
    assert.ok(positions[0]! > 0 && positions[0]! < positions[1]!);
    assert.ok(received.toString('latin1').endsWith('debian-12.12\n'));
  });

  test('a client that goes away in the middle leaves no open file behind', async () => {
    const { port } = new URL(server.url);
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const socket = connect(Number(port), '127.0.0.1');
        socket.write(`GET /packs/${bigSha256}.pack HTTP/1.1\r\nHost: x\r\n\r\n`);
        await new Promise((resolve) => socket.once('data', resolve));
        socket.resetAndDestroy();
      }),
    );
    await until(() => openFiles(bigSha256) === 0);
  });

  test('a client that does not read holds two pieces in memory, not the file', async () => {
    const { port } = new URL(server.url);
    const before = process.memoryUsage();
    const sockets = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const socket = connect(Number(port), '127.0.0.1');
        socket.write(`GET /packs/${bigSha256}.pack HTTP/1.1\r\nHost: x\r\n\r\n`);
        await new Promise((resolve) => socket.once('readable', resolve));
        return socket;
      }),
    );
    await until(() => openFiles(bigSha256) === 10);
    const grown = process.memoryUsage().arrayBuffers - before.arrayBuffers;
    assert.ok(grown < 20_000_000, `${grown} bytes`);
    for (const socket of sockets) socket.destroy();
    await until(() => openFiles(bigSha256) === 0);
  });
});

/** How many descriptors of this process lead to files with this name. */
function openFiles(name: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).includes(name);
    } catch {
      return false;
    }
  }).length;
}

/** Lets the server work until something has become true. */
async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, 'did not become true in 10 s');
    await turn();
  }
}
