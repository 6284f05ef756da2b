import { read } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { releaseMemory } from '../base/memory.ts';
import type { ByteRange } from './byte-range.ts';
import type { RequestRecord } from './request-log.ts';

/** Bytes of one read and one write while a file is streamed. */
const pieceBytes = 128 * 1024;

/** Bytes of a piece when many files are streamed at once, so that memory stays bounded. */
const crowdedPieceBytes = 16 * 1024;

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
  const clean = createCleaning();
  let streams = 0;

  const take = (bytes: number): Buffer =>
    (bytes === pieceBytes ? spare.pop() : undefined) ?? Buffer.allocUnsafeSlow(bytes);
  const giveBack = (buffer: Buffer | undefined) => {
    if (buffer?.length === pieceBytes && spare.length < spareBuffers) spare.push(buffer);
    else if (buffer !== undefined) releaseBuffer(buffer);
  };

  const send: RangeSender['send'] = async (fd, range, response, record) => {
    if (range.length <= smallBytes) return await sendSmall(fd, range, response, record);
    streams += 1;
    try {
      const bytes = streams > crowd ? crowdedPieceBytes : pieceBytes;
      return await sendPieces(fd, range, response, record, {
        take: () => take(bytes),
        giveBack,
        passed: bytes === pieceBytes ? () => {} : clean,
      });
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
  buffers: { take(): Buffer; giveBack(buffer: Buffer | undefined): void; passed(bytes: number): void },
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
    left = writePiece(response, count === filling.length ? filling : filling.subarray(0, count));
    record.bytes += count;
    buffers.passed(count);
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
export function writePiece(response: ServerResponse, piece: Uint8Array): Promise<boolean> {
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

/**
 * Memory that nothing but these bytes uses goes back at once. Five hundred clients hold five hundred pieces, and the
 * engine collects as many again before it looks.
 */
export function releaseBuffer({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}

/** Bytes that pass between two collections. */
const cleanedEvery = 128 * 1024 * 1024;

/**
 * Told of the bytes that pass to many clients at once: they leave garbage behind, which the engine would let grow to as
 * much as all the rest. Collecting takes some 50 ms.
 */
export function createCleaning(): (bytes: number) => void {
  let passed = 0;
  return (bytes) => {
    passed += bytes;
    if (passed < cleanedEvery) return;
    passed = 0;
    releaseMemory();
  };
}
