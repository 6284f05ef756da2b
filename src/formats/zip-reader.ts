import { closeSync, fstatSync, read } from 'node:fs';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from 'yauzl';

const readAt = promisify(read);

/** Bytes that are read at once. */
const pieceLength = 64 * 1024;

/** Bytes that are read ahead where a few are asked for. */
const windowLength = 16 * 1024;

/**
 * Reads the directory of a zip out of an open file, which is closed with the zip. Names are bytes in it; what they may be
 * is the business of whoever makes a tree of them. Throws what yauzl says; then the file is still open.
 */
export async function zipOfFile(fd: number): Promise<ZipFile> {
  const { size } = fstatSync(fd);
  const options = { autoClose: false, decodeStrings: false, validateEntrySizes: true };
  const zip = await fromRandomAccessReaderPromise(new FileReader(fd, size), size, options);
  // Nobody waits for the file to be closed, and an error that nobody hears ends the process.
  zip.on('error', () => undefined);
  return zip;
}

/**
 * The file below a zip. A zip says itself where its parts lie, up to 2^64, and Node.js throws for such a place where
 * nothing could catch it: yauzl asks inside its callbacks. Here that is an answer like any other.
 */
class FileReader extends RandomAccessReader {
  readonly #fd: number;
  readonly #size: number;
  #window = { position: 0, bytes: Buffer.alloc(0) };

  constructor(fd: number, size: number) {
    super();
    this.#fd = fd;
    this.#size = size;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    if (position + length > this.#size)
      setImmediate(() => callback(new Error(`a part of it would lie at ${position}`)));
    else if (length > windowLength) read(this.#fd, buffer, offset, length, position, callback);
    else this.#readAhead(length, position, (error, bytes) => callback(error, bytes?.copy(buffer, offset)));
  }

  /** Two pieces of each member are asked for in turn, mostly of less than 100 bytes. */
  #readAhead(length: number, position: number, give: (error: Error | null, bytes?: Buffer) => void): void {
    const held = this.#window;
    const at = position - held.position;
    if (at >= 0 && at + length <= held.bytes.length) {
      setImmediate(give, null, held.bytes.subarray(at, at + length));
      return;
    }
    const bytes = Buffer.allocUnsafe(Math.min(windowLength, this.#size - position));
    read(this.#fd, bytes, 0, bytes.length, position, (error, bytesRead) => {
      if (error !== null) return give(error);
      this.#window = { position, bytes: bytes.subarray(0, bytesRead) };
      give(null, this.#window.bytes.subarray(0, length));
    });
  }

  override _readStreamForRange(start: number, end: number): Readable {
    // A stream of node:fs would close the file when it is given up.
    return Readable.from(this.#pieces(start, end), { objectMode: false });
  }

  async *#pieces(start: number, end: number): AsyncGenerator<Buffer, void> {
    for (let position = start; position < end; ) {
      const length = Math.min(pieceLength, end - position);
      const { bytesRead, buffer } = await readAt(this.#fd, Buffer.allocUnsafe(length), 0, length, position);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
      position += bytesRead;
    }
  }

  override close(callback: (error: Error | null) => void): void {
    try {
      closeSync(this.#fd);
      setImmediate(callback, null);
    } catch (error) {
      setImmediate(callback, error as Error);
    }
  }
}
