/**
 * The disk of {@link startWriteBackDisk} as a process of its own: an NBD server over a raw image that keeps what is
 * written in memory until it is told to flush, as a drive with a write-back cache does. A share of the blocks reaches
 * the image at once all the same, in no order that a writer could rely on. Ended by SIGKILL it loses the rest.
 *
 *   node test/doubles/write-back-disk-program.ts IMAGE SOCKET SHARE [RECORD]
 *
 * Says `ready` when it listens. A line `cut-after N` on its standard input makes it end itself with SIGKILL at the
 * N-th request from then on that writes or flushes, before that one is carried out. A line `tell` is answered by what
 * it did so far, as JSON. All writes and flushes go to the file RECORD in their order, if one is named: see
 * `test/power/disk-states.ts`.
 *
 * NBD: https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md, fixed newstyle, simple replies.
 */
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

const [, , image = '', socketPath = '', shareText = '0', recordPath] = process.argv;

/** What drives of today write whole or not at all. */
const block = 4096;
const greeting = Buffer.from('NBDMAGICIHAVEOPT\x00\x03', 'latin1');
const optionMagic = Buffer.from('IHAVEOPT');
const replyMagic = Buffer.from('0003e889045565a9', 'hex');
const requestMagic = 0x25609513;
const simpleReplyMagic = 0x67446698;
const option = { exportName: 1, abort: 2, info: 6, go: 7 } as const;
const answer = { acknowledged: 1, info: 3, unsupported: 0x80000001 } as const;
const command = { read: 0, write: 1, disconnect: 2, flush: 3 } as const;
const forceUnitAccess = 1;
/** Has flags, can flush, can force a write through. */
const exportFlags = 1 | 4 | 8;
const invalid = 22;

const share = Number(shareText);
const file = openSync(image, 'r+');
const size = fstatSync(file).size;
const record = recordPath === undefined ? undefined : openSync(recordPath, 'w');
/** What has not reached the image, by number of block. */
const cache = new Map<number, Buffer>();
const told = { writes: 0, flushes: 0, blocksWritten: 0, blocksAtOnce: 0 };
let cutAfter = Number.POSITIVE_INFINITY;

if (size % block !== 0) throw new Error(`${image}: ${size} bytes are no whole number of blocks`);
const server = createServer(serve).listen(socketPath, () => console.log('ready'));
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [word, value] = line.split(' ');
    if (word === 'cut-after') cutAfter = Number(value);
    if (word === 'tell') console.log(JSON.stringify({ ...told, unflushed: cache.size }));
  })
  .on('close', () => {
    server.close();
    closeSync(file);
    process.exit();
  });

function serve(socket: Socket): void {
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  const input = bytesOf(socket);
  const conversation = async () => {
    socket.write(greeting);
    await input(4);
    if (await negotiate(socket, input)) while (await answerRequest(socket, input));
    socket.end();
  };
  conversation().catch(() => socket.destroy());
}

/** True when the client has chosen the export and goes on to requests. */
async function negotiate(socket: Socket, input: Input): Promise<boolean> {
  for (;;) {
    const head = await input(16);
    if (!head.subarray(0, 8).equals(optionMagic)) return false;
    const [number, length] = [head.readUInt32BE(8), head.readUInt32BE(12)];
    await input(length);
    const reply = (type: number, data: Buffer = Buffer.alloc(0)) => {
      const bytes = Buffer.alloc(20);
      replyMagic.copy(bytes);
      bytes.writeUInt32BE(number, 8);
      bytes.writeUInt32BE(type, 12);
      bytes.writeUInt32BE(data.length, 16);
      socket.write(Buffer.concat([bytes, data]));
    };
    if (number === option.exportName) {
      socket.write(Buffer.concat([exportRecord().subarray(2), Buffer.alloc(124)]));
      return true;
    }
    if (number === option.go || number === option.info) {
      reply(answer.info, exportRecord());
      reply(answer.acknowledged);
      if (number === option.go) return true;
    } else if (number === option.abort) {
      reply(answer.acknowledged);
      return false;
    } else reply(answer.unsupported);
  }
}

function exportRecord(): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeBigUInt64BE(BigInt(size), 2);
  bytes.writeUInt16BE(exportFlags, 10);
  return bytes;
}

async function answerRequest(socket: Socket, input: Input): Promise<boolean> {
  const head = await input(28);
  if (head.readUInt32BE(0) !== requestMagic) return false;
  const [flags, type] = [head.readUInt16BE(4), head.readUInt16BE(6)];
  const [offset, length] = [Number(head.readBigUInt64BE(16)), head.readUInt32BE(24)];
  if (type === command.disconnect) return false;
  if (type === command.write || type === command.flush) {
    cutAfter -= 1;
    if (cutAfter <= 0) process.kill(process.pid, 'SIGKILL');
  }
  const data = type === command.write ? await input(length) : Buffer.alloc(0);
  const isInside = offset + length <= size;
  const reply = Buffer.alloc(16);
  reply.writeUInt32BE(simpleReplyMagic, 0);
  head.copy(reply, 8, 8, 16);
  if (!isInside || !([command.read, command.write, command.flush] as number[]).includes(type)) {
    reply.writeUInt32BE(invalid, 4);
    socket.write(reply);
    return true;
  }
  if (record !== undefined && type !== command.read) {
    const line = Buffer.alloc(16);
    line.writeBigUInt64LE(BigInt(offset), 0);
    line.writeUInt32LE(data.length, 8);
    line.writeUInt32LE(type, 12);
    writeSync(record, Buffer.concat([line, data]));
  }
  if (type === command.write) {
    told.writes += 1;
    write(offset, data);
  }
  if (type === command.flush || flags & forceUnitAccess) flush();
  if (type === command.read) socket.write(Buffer.concat([reply, read(offset, length)]));
  else socket.write(reply);
  return true;
}

function read(offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  readSync(file, bytes, 0, length, offset);
  if (cache.size > 0)
    for (let number = Math.floor(offset / block); number * block < offset + length; number += 1) {
      const newer = cache.get(number);
      if (newer === undefined) continue;
      const from = Math.max(offset, number * block);
      newer.copy(bytes, from - offset, from - number * block);
    }
  return bytes;
}

function write(offset: number, data: Buffer): void {
  for (let at = offset; at < offset + data.length; ) {
    const number = Math.floor(at / block);
    const end = Math.min(offset + data.length, (number + 1) * block);
    const whole = end - at === block ? Buffer.alloc(block) : read(number * block, block);
    data.copy(whole, at - number * block, at - offset, end - offset);
    told.blocksWritten += 1;
    if (Math.random() < share) {
      told.blocksAtOnce += 1;
      cache.delete(number);
      writeSync(file, whole, 0, block, number * block);
    } else cache.set(number, whole);
    at = end;
  }
}

function flush(): void {
  told.flushes += 1;
  for (const [number, bytes] of cache) writeSync(file, bytes, 0, block, number * block);
  cache.clear();
}

/** Gives the next so many bytes. */
type Input = (length: number) => Promise<Buffer>;

function bytesOf(socket: Socket): Input {
  const parts: Buffer[] = [];
  let available = 0;
  let wake: (() => void) | undefined;
  let ended = false;
  socket.on('data', (bytes) => {
    parts.push(bytes);
    available += bytes.length;
    wake?.();
  });
  socket.on('close', () => {
    ended = true;
    wake?.();
  });
  return async (length) => {
    while (available < length) {
      if (ended) throw new Error('the client went away');
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const all = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    parts.length = 0;
    if (all.length > length) parts.push(all.subarray(length));
    available -= length;
    return all.subarray(0, length);
  };
}
