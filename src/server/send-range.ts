import { read } from 'node:fs';
import type { ServerResponse } from 'node:http';
import type { ByteRange } from './byte-range.ts';
import type { RequestRecord } from './request-log.ts';

/** Bytes of one read and one write while a file is streamed. */
const pieceBytes = 128 * 1024;

/** Bytes of a piece when many files are streamed at once, so that memory stays bounded. */
const crowdedPieceBytes = 32 * 1024;

/** Streams beyond this many get small pieces. */
const crowd = 64;

/** Up to this many bytes are read and sent at once, from a buffer of their own. */
const smallBytes = 64 * 1024;

/** Buffers of `pieceBytes` that are kept for the next stream. */
const spareBuffers = 32;

/** Streams parts of open files into answers, with two buffers an answer that are used again and again. */
export type RangeSender = {
  /**
   * Sends the range and ends the answer. Resolves to true when everything was handed over, false when the client
   * went away or the file turned out shorter (the connection is then cut, so that nobody takes it for whole).
   * Never closes the descriptor. Throws the system's error when the file cannot be read.
   */
  send(fd: number, range: ByteRange, response: ServerResponse, record: RequestRecord): Promise<boolean>;
};

/** A sender with its own buffers. */
export function rangeSender(): RangeSender {
  const spare: Buffer[] = [];
  let streams = 0;

  const take = (bytes: number): Buffer =>
    (bytes === pieceBytes ? spare.pop() : undefined) ?? Buffer.allocUnsafeSlow(bytes);
  const giveBack = (buffer: Buffer | undefined) => {
    if (buffer?.length === pieceBytes && spare.length < spareBuffers) spare.push(buffer);
  };

  const send: RangeSender['send'] = async (fd, range, response, record) => {
    if (range.length <= smallBytes) return await sendSmall(fd, range, response, record);
    streams += 1;
    try {
      const bytes = streams > crowd ? crowdedPieceBytes : pieceBytes;
      return await sendPieces(fd, range, response, record, { take: () => take(bytes), giveBack });
    } finally {
      streams -= 1;
    }
  };

  return { send };
}

const sendSmall: RangeSender['send'] = async (fd, range, response, record) => {
  const buffer = Buffer.allocUnsafe(range.length);
  const count = await readAt(fd, buffer, range.length, range.start);
  if (count < range.length || response.destroyed) {
    response.destroy();
    return false;
  }
  record.bytes = count;
  response.end(buffer);
  return true;
};

/**
 * One buffer is filled from the file while the other is on its way to the network: at most two are held whatever
 * the client's speed. A read stream would make a new buffer for each piece and outrun the garbage collector.
 */
async function sendPieces(
  fd: number,
  range: ByteRange,
  response: ServerResponse,
  record: RequestRecord,
  buffers: { take(): Buffer; giveBack(buffer: Buffer | undefined): void },
): Promise<boolean> {
  record.bytes = 0;
  const end = range.start + range.length;
  let filling = buffers.take();
  let leaving: Buffer | undefined;
  let left = Promise.resolve(true);
  for (let position = range.start; position < end; ) {
    const count = await readAt(fd, filling, Math.min(filling.length, end - position), position);
    if (!(await left)) return false;
    if (count === 0) {
      response.destroy();
      return false;
    }
    left = write(response, count === filling.length ? filling : filling.subarray(0, count));
    record.bytes += count;
    position += count;
    if (position < end) [filling, leaving] = [leaving ?? buffers.take(), filling];
  }
  if (!(await left)) return false;
  // Only here is it certain that the bytes of both have left; after a lost connection they are not used again.
  buffers.giveBack(filling);
  buffers.giveBack(leaving);
  response.end();
  return true;
}

function readAt(fd: number, into: Buffer, length: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, into, 0, length, position, (error, count) => (error ? reject(error) : resolve(count)));
  });
}

/** Resolves to true when the bytes have left for the network, false when they never will. */
function write(response: ServerResponse, piece: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    if (response.destroyed) {
      resolve(false);
      return;
    }
    // What waits behind an earlier answer of a lost connection is never called back, hence `close`.
    const closed = () => resolve(false);
    response.once('close', closed);
    response.write(piece, (error) => {
      response.off('close', closed);
      resolve(!error);
    });
  });
}
