import { SatchelError } from '../base/errors.ts';
import type { ByteReader } from './byte-reader.ts';
import { expandSparse, type SparseMap } from './tar-sparse.ts';

/** The content of a member. All of it belongs to files; for other types it is empty. */
export type TarContent = {
  /**
   * Bytes of content, holes of a sparse file included. 0 for everything but files and for most hard links; a hard
   * link may carry its file's content once more (pax `linkdata`), which may be ignored.
   */
  readonly size: number;
  /**
   * The content in pieces of at most the source's chunk length, once. Pieces are views that are never written to
   * again: keep them as long as needed, but do not change them, and copy small ones that are kept long, because a
   * view keeps the whole chunk below it in memory. Throws `archive-truncated`, `cancelled`.
   */
  readonly content: AsyncIterable<Uint8Array>;
  /**
   * The whole content at once, for small files: without a promise when it has already been read from the
   * source, which is the usual case. Instead of `content`, not beside it; the same rules hold for the bytes.
   * Throws `archive-member-too-large` when `size` is above `maximum`.
   */
  readWhole(maximum: number): Uint8Array | Promise<Uint8Array>;
};

/** Where a member's content lies in the archive. */
export type TarBody = {
  readonly archive: ByteReader;
  /** Bytes that the archive holds for it, without padding. */
  readonly stored: number;
  /** Zero bytes after it, up to the next block. */
  readonly padding: number;
  /** Present for sparse files. */
  readonly map: SparseMap | undefined;
  /** The member's name and position, for messages. */
  readonly member: string;
  readonly position: number;
};

/** The content of the member at the archive's current place, and a way to leave it behind. */
export type OpenContent = {
  readonly content: TarContent;
  /** Skips what was not read; afterwards the content can no longer be read. A promise only if it has to wait. */
  leave(): Promise<void> | undefined;
};

const noBytes = new Uint8Array(0);

/** The sentence for an archive that ends inside a member. */
export function truncatedIn(archive: ByteReader, member: string, position: number): SatchelError {
  const length = archive.position + archive.available;
  return new SatchelError('archive-truncated', { length, member, position });
}

/** Offers the content that begins at the archive's current place. */
export function openContent(body: TarBody): OpenContent {
  const { archive, map, member, position } = body;
  const size = map === undefined ? body.stored : map.size;
  let left = body.stored;
  let isTaken = false;
  let isLeft = false;

  const claim = () => {
    if (isTaken || isLeft) throw new Error('the content of a tar member was asked for twice or too late');
    isTaken = true;
  };
  const takePiece = async (limit: number): Promise<Uint8Array> => {
    if (isLeft) throw new Error('the content of a tar member was read after the next member was asked for');
    if (archive.available === 0 && !(await archive.fill())) throw truncatedIn(archive, member, position);
    const piece = archive.takePiece(Math.min(limit, left));
    left -= piece.length;
    return piece;
  };
  async function* pieces(): AsyncGenerator<Uint8Array> {
    if (map !== undefined) return yield* expandSparse(map, takePiece);
    while (left > 0) yield await takePiece(left);
  }
  const collect = async (): Promise<Uint8Array> => {
    const whole = Buffer.allocUnsafe(size);
    let filled = 0;
    for await (const piece of pieces()) {
      whole.set(piece, filled);
      filled += piece.length;
    }
    return whole;
  };
  const skipRest = async (rest: number): Promise<void> => {
    for (let missing = rest; missing > 0; missing -= archive.skip(missing)) {
      if (archive.available === 0 && !(await archive.fill())) throw truncatedIn(archive, member, position);
    }
  };

  return {
    content: {
      size,
      content: {
        [Symbol.asyncIterator]() {
          claim();
          return pieces();
        },
      },
      readWhole(maximum) {
        if (size > maximum)
          throw new SatchelError('archive-member-too-large', { member, size, limit: maximum });
        claim();
        if (size === 0) return noBytes;
        const bytes = map === undefined ? archive.take(size) : undefined;
        if (bytes === undefined) return collect();
        left = 0;
        return bytes;
      },
    },
    leave() {
      isLeft = true;
      const rest = left + body.padding;
      const skipped = archive.skip(rest);
      return skipped === rest ? undefined : skipRest(rest - skipped);
    },
  };
}
