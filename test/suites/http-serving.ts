import assert from 'node:assert/strict';
import { renameSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type Answer, exchange } from '../doubles/http-exchange.ts';
import { type ServedRepository, servedRepository } from '../doubles/served-repository.ts';

/** Starts the server under test over a directory. */
type Start = (directory: string) => Promise<{ url: string; close(): Promise<void> }>;

const forever = 'public, max-age=31536000, immutable';

/** What a device relies on of any HTTP server that serves a repository, ours or another. */
export function httpServingSuite(name: string, start: Start): void {
  suite(`${name} serves a repository`, () => {
    let repository: ServedRepository;
    let server: { url: string; close(): Promise<void> };
    const get = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
      exchange(server.url, path, { headers });

    before(async () => {
      repository = servedRepository();
      server = await start(repository.directory);
    });
    after(async () => {
      await server.close();
      repository[Symbol.dispose]();
    });

    test('a file named by its hash comes whole, typed, and may be cached for ever', async () => {
      for (const [file, type] of [
        [repository.pack, 'application/octet-stream'],
        [repository.index, 'application/zstd'],
        [repository.target, 'application/json'],
        [repository.contents, 'application/octet-stream'],
      ] as const) {
        const answer = await get(file.path);
        assert.equal(answer.status, 200);
        assert.deepEqual(answer.body, file.bytes);
        assert.equal(answer.headers['content-length'], String(file.bytes.length));
        assert.equal(answer.headers['content-type'], type);
        assert.equal(answer.headers['cache-control'], forever);
        assert.equal(answer.headers['accept-ranges'], 'bytes');
        assert.match(answer.headers.etag ?? '', /^"[^"]+"$/);
      }
    });

    test('metadata and lists are asked for again each time', async () => {
      for (const path of ['/metadata/timestamp.json', '/metadata/1.root.json', '/lite/stable']) {
        const answer = await get(path);
        assert.equal(answer.status, 200);
        assert.equal(answer.headers['cache-control'], 'no-cache');
      }
      assert.equal((await get('/lite/stable')).headers['content-type'], 'text/plain; charset=utf-8');
      assert.equal((await get('/metadata/1.root.json')).headers['content-type'], 'application/json');
    });

    test('what is absent is not found, and no cache may remember that', async () => {
      for (const path of [
        '/metadata/2.root.json',
        `/packs/${'f'.repeat(64)}.pack`,
        '/lite/nothing',
        '/x/y',
      ]) {
        const answer = await get(path);
        assert.equal(answer.status, 404);
        assert.equal(answer.headers['cache-control'], 'no-cache');
      }
    });

    test('HEAD tells the same as GET without the bytes', async () => {
      const head = await exchange(server.url, repository.pack.path, { method: 'HEAD' });
      const whole = await get(repository.pack.path);
      assert.equal(head.status, 200);
      assert.equal(head.body.length, 0);
      for (const header of ['content-length', 'content-type', 'etag', 'cache-control', 'accept-ranges']) {
        assert.equal(head.headers[header], whole.headers[header], header);
      }
    });

    test('a single range is answered with exactly its bytes', async () => {
      const { path, bytes } = repository.pack;
      const size = bytes.length;
      for (const [range, first, last] of [
        ['bytes=0-0', 0, 0],
        ['bytes=0-99', 0, 99],
        ['bytes=1000-200999', 1000, 200_999],
        [`bytes=${size - 1}-`, size - 1, size - 1],
        ['bytes=150000-', 150_000, size - 1],
        [`bytes=10-${size + 1000}`, 10, size - 1],
        ['bytes=-1', size - 1, size - 1],
        ['bytes=-70000', size - 70_000, size - 1],
        [`bytes=-${size + 5}`, 0, size - 1],
      ] as const) {
        const answer = await get(path, { Range: range });
        assert.equal(answer.status, 206, range);
        assert.equal(answer.headers['content-range'], `bytes ${first}-${last}/${size}`);
        assert.equal(answer.headers['content-length'], String(last - first + 1));
        assert.equal(answer.headers['cache-control'], forever);
        assert.deepEqual(answer.body, bytes.subarray(first, last + 1), range);
      }
    });

    test('a range beyond the end is refused with the size', async () => {
      const { path, bytes } = repository.pack;
      for (const range of [`bytes=${bytes.length}-`, 'bytes=900000-900001', 'bytes=-0']) {
        const answer = await get(path, { Range: range });
        assert.equal(answer.status, 416, range);
        assert.equal(answer.headers['content-range'], `bytes */${bytes.length}`);
      }
    });

    test('several ranges in one request give the whole file', async () => {
      const answer = await get(repository.index.path, { Range: 'bytes=0-9,20-29' });
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.body, repository.index.bytes);
    });

    test('If-Range gives the part when the file is the same and the whole one when it is not', async () => {
      const { path, bytes } = repository.pack;
      const etag = (await get(path)).headers.etag ?? '';
      const same = await get(path, { Range: 'bytes=5-9', 'If-Range': etag });
      assert.equal(same.status, 206);
      assert.deepEqual(same.body, bytes.subarray(5, 10));
      for (const other of ['"another"', `W/${etag}`]) {
        const answer = await get(path, { Range: 'bytes=5-9', 'If-Range': other });
        assert.equal(answer.status, 200, other);
        assert.equal(answer.body.length, bytes.length);
      }
    });

    test('If-None-Match gives 304 without a body while the file is the same', async () => {
      for (const path of [repository.pack.path, '/metadata/1.root.json']) {
        const etag = (await get(path)).headers.etag ?? '';
        for (const condition of [etag, `W/${etag}`, `"another", ${etag}`, '*']) {
          const answer = await get(path, { 'If-None-Match': condition });
          assert.equal(answer.status, 304, condition);
          assert.equal(answer.body.length, 0);
          assert.equal(answer.headers.etag, etag);
        }
        assert.equal((await get(path, { 'If-None-Match': '"another"' })).status, 200);
      }
    });

    test('a timestamp replaced by one of the same size in the same second is sent again', async () => {
      const path = join(repository.directory, 'metadata/timestamp.json');
      const before = await get('/metadata/timestamp.json');
      const next = before.body.toString().replace('"version":3', '"version":4');
      repository.write('metadata/.tmp.1', next);
      const { atime, mtime } = statSync(path);
      utimesSync(`${repository.directory}/metadata/.tmp.1`, atime, mtime);
      renameSync(join(repository.directory, 'metadata/.tmp.1'), path);
      const { etag, 'last-modified': modified } = before.headers;
      const answer = await get('/metadata/timestamp.json', {
        ...(etag === undefined ? {} : { 'If-None-Match': etag }),
        ...(modified === undefined ? {} : { 'If-Modified-Since': modified }),
      });
      assert.equal(answer.status, 200);
      assert.equal(answer.body.toString(), next);
    });

    test('nothing else in the directory is served', async () => {
      const folders = ['/packs', '/packs/', '/metadata/', '/keys/'];
      for (const path of [...repository.secrets, ...folders]) {
        const answer = await get(path);
        assert.equal(answer.status, 404, path);
        assert.doesNotMatch(answer.body.toString(), /secret/);
      }
    });

    test('no spelling of a path leads out of the public folders', async () => {
      for (const path of [
        '/packs/../keys/online.json',
        '/packs/%2e%2e/keys/online.json',
        '/packs/%2E%2E%2Fkeys%2Fonline.json',
        '/packs/..%5ckeys%5conline.json',
        '/packs/%252e%252e/keys/online.json',
        '/metadata/timestamp.json%00.json',
        '/lite/%2ehidden',
        '/lite/..%2fkeys/online.json',
        '/../../../../etc/passwd',
        '/lite/%c0%ae%c0%ae/keys/online.json',
        '/%2e%2e/%2e%2e/etc/passwd',
      ]) {
        const answer = await get(path);
        assert.ok([400, 404].includes(answer.status), `${path}: ${answer.status}`);
        assert.doesNotMatch(answer.body.toString(), /secret|root:/);
      }
    });

    test('an encoded letter, a query and the absolute form of an address name the same file', async () => {
      for (const path of [
        '/metadata/1%2Eroot.json',
        '/metadata/1.root.json?anything=1',
        `${server.url}/metadata/1.root.json`,
      ]) {
        assert.equal((await get(path)).status, 200, path);
      }
    });

    test('a method that would change something is refused', async () => {
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
        const answer = await exchange(server.url, repository.pack.path, { method, body: 'x' });
        assert.equal(answer.status, 405, method);
      }
    });
  });
}
