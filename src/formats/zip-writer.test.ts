/** Zips that are written: byte for byte those of another writer, and read by others. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ZipFile } from 'yazl';
import type { ByteString } from '../base/byte-string.ts';
import { openZip } from './zip.ts';
import { writeZip, type ZipItem } from './zip-writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'satchel-zip-writer-'));
after(() => rmSync(folder, { recursive: true }));

const noon = Date.UTC(2020, 0, 2, 12) / 1000;

const item = (path: string, text: string, more: Partial<ZipItem> = {}): ZipItem => ({
  ...{ path: path as ByteString, type: 'file', mode: 0o644, mtime: noon },
  content: () => [Buffer.from(text)],
  ...more,
});

async function whole(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(pieces));
}

const items: readonly ZipItem[] = [
  item('M/empty', ''),
  item('M/text', 'many words '.repeat(20_000), { mode: 0o755 }),
  item('M/d', '', { type: 'directory', mode: 0o755, content: () => [] }),
  item('M/l', 'text', { type: 'symlink', mode: 0o777 }),
  item('M/old', 'x', { mtime: 0 }),
];

test('the bytes are those that yazl writes', async () => {
  const zip = new ZipFile();
  for (const { path, type, mode, mtime, content } of items) {
    const local = new Date(Math.max(mtime * 1000, Date.UTC(1980, 0, 1)));
    // yazl writes the time of the zone that it is in.
    local.setMinutes(local.getMinutes() + local.getTimezoneOffset());
    const options = { mtime: local, forceDosTimestamp: true };
    const bytes = Buffer.concat([...(content() as Iterable<Uint8Array>)]);
    if (type === 'directory') zip.addEmptyDirectory(path, { ...options, mode: 0o040000 | mode });
    else if (type === 'symlink')
      zip.addBuffer(bytes, path, { ...options, mode: 0o120000 | mode, compress: false });
    else zip.addReadStream(Readable.from([bytes]), path, { ...options, mode: 0o100000 | mode });
  }
  zip.end();
  const theirs = await whole(zip.outputStream as Readable);
  assert.ok((await whole(writeZip(items))).equals(theirs));
});

test('there may be more members than 16 bits count, with names of any bytes', async () => {
  const path = join(folder, 'many.zip');
  const link = { type: 'symlink', mode: 0o777 } as const;
  const many = Array.from({ length: 65_600 }, (_, number) => item(`M/${number}\xff`, 'x', link));
  writeFileSync(path, await whole(writeZip(many)));
  const zip = await openZip(path);
  zip.close();
  assert.deepEqual([zip.members.length, zip.members.at(-1)?.path], [65_600, 'M/65599\xff']);
});

test('programs for zips unpack it', async () => {
  const path = join(folder, 'some.zip');
  writeFileSync(path, await whole(writeZip(items)));
  execFileSync('bsdtar', ['-x', '-f', path, '-C', folder]);
  assert.equal(readFileSync(join(folder, 'M/l'), 'utf8'), 'many words '.repeat(20_000));
});

test('what is remembered of each member is small', async () => {
  const count = 2000;
  const content = randomBytes(10_000);
  function* members() {
    for (let number = 0; number < count; number += 1)
      yield item(`M/${number}`, '', { content: () => [content] });
  }
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const held = () => {
    collect();
    return process.memoryUsage().arrayBuffers;
  };
  const before = held();
  let most = 0;
  let pieces = 0;
  for await (const _piece of writeZip(members())) {
    pieces += 1;
    if (pieces % count === 0) most = Math.max(most, held() - before);
  }
  assert.ok(pieces > 2 * count && most < 1000 * count, `${most} bytes`);
});

test('what goes wrong with the content comes out', async () => {
  const content = async function* () {
    yield Buffer.from('x');
    throw new Error('gone');
  };
  await assert.rejects(whole(writeZip([item('M/x', '', { content })])), { message: 'gone' });
});
