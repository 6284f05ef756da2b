import { createHash, hash } from 'node:crypto';
import type { Sha256 } from '../base/identifiers.ts';
import { createChunker } from './chunker.ts';
import type { ContentSink } from './content-sink.ts';
import type { Chunk } from './entry.ts';
import { emptySha256 } from './entry-rules.ts';

/** What a file entry says about its content. */
export type Content = { readonly size: number; readonly sha256: Sha256; readonly chunks?: readonly Chunk[] };

/** Turns the contents of files into objects and gives each distinct object to the sink once. */
export interface ContentIntake {
  /**
   * Takes a file of at most 1 MiB. `bytes` stays the caller's unless `owned` is true. Wait for `pressure`, when
   * it is there, before the next call: most files need no waiting, and an await each would cost more than
   * the hashing.
   */
  whole(
    bytes: Uint8Array,
    owned: boolean,
  ): { readonly content: Content; readonly pressure: Promise<void> | undefined };
  /** Takes the next bytes of a large file; the caller may reuse them once the promise is done. */
  push(bytes: Uint8Array): Promise<void>;
  /** Ends the large file. */
  finish(): Promise<Content>;
}

const emptyContent: Content = { size: 0, sha256: emptySha256 };

/** An intake for the files of one build, one file at a time. Holds at most one chunk besides what it is given. */
export function createContentIntake(sink: ContentSink): ContentIntake {
  const given = new Set<Sha256>();
  const chunker = createChunker();
  let whole = createHash('sha256');
  let size = 0;
  let chunks: Chunk[] = [];

  const offer = (sha256: Sha256, bytes: Uint8Array, owned: boolean): Promise<void> | undefined => {
    if (given.has(sha256)) return undefined;
    given.add(sha256);
    return sink.add(sha256, owned ? bytes : Buffer.from(bytes));
  };

  const addChunk = (bytes: Uint8Array): Promise<void> | undefined => {
    const sha256 = hash('sha256', bytes) as Sha256;
    chunks.push({ sha256, size: bytes.length });
    return offer(sha256, bytes, true);
  };

  return {
    whole(bytes, owned) {
      if (bytes.length === 0) return { content: emptyContent, pressure: undefined };
      const sha256 = hash('sha256', bytes) as Sha256;
      return { content: { size: bytes.length, sha256 }, pressure: offer(sha256, bytes, owned) };
    },

    async push(bytes) {
      whole.update(bytes);
      size += bytes.length;
      for (const chunk of chunker.push(bytes)) await addChunk(chunk);
    },

    async finish() {
      const last = chunker.finish();
      if (last !== undefined) await addChunk(last);
      const content = { size, sha256: whole.digest('hex') as Sha256, chunks };
      whole = createHash('sha256');
      size = 0;
      chunks = [];
      return content;
    },
  };
}
