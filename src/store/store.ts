/**
 * Where the immutable files of a repository live. Names are relative paths with `/`
 * (`packs/<sha256>.pack`), made of `[A-Za-z0-9._+-]` segments; anything else is refused.
 */

/** A stored file that is being read. */
export type Reading = {
  /** Length of the whole stored file in bytes, whatever part is read. */
  readonly size: number;
  /**
   * The bytes asked for, exactly: the iteration throws `store-too-short` or `store-too-long` otherwise. A piece
   * belongs to the reader, who may give its memory back.
   */
  readonly body: AsyncIterable<Uint8Array>;
};

/** Which part of a file to read. */
export type ReadOptions = {
  /** First byte, from 0. */
  readonly offset?: number | undefined;
  /** How many bytes; to the end when absent. */
  readonly length?: number | undefined;
  /**
   * The longest that the whole stored file may be, in bytes: `store-too-long` before more than that is taken in.
   * For files whose length no signature vouches for.
   */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** A place to read from: directory, memory, HTTP, stick. */
export interface ReadableStore {
  /** Where this is, for people: a path or an address. */
  readonly location: string;
  /**
   * One attempt to read. Throws `store-not-found`, `store-unreachable`, `store-refused`, `store-range` when the
   * part asked for is not inside the file, `store-name-not-allowed`, `cancelled`; the body may throw
   * `store-unreachable`, `store-stalled`, `store-too-short`, `store-too-long`, `cancelled`. The body must be
   * iterated (breaking off is fine) or the store closed, otherwise a file or connection stays open.
   */
  read(name: string, options?: ReadOptions): Promise<Reading>;
  /** Ends connections and timers. */
  close(): Promise<void>;
}

/** One file of a listing. */
export type Stored = { readonly name: string; readonly size: number; readonly modified: number };

/** A place to publish to: the five operations that a directory, memory and an S3 bucket all have. */
export interface Store extends ReadableStore {
  /**
   * Put if absent: after it, either this content or what was there before is stored completely and durably.
   * Files given by path are taken over (linked or moved where possible); the path may be gone afterwards.
   */
  put(name: string, content: Uint8Array | { readonly path: string }): Promise<'stored' | 'present'>;
  /** All stored files whose name starts with the prefix, in byte order of the names. */
  list(prefix: string): AsyncIterable<Stored>;
  /** Removes a file; absent is no error. */
  delete(name: string): Promise<void>;
  /** Replaces a small file only if its bytes are `expected` (null: it is absent). Durable and atomic. */
  compareAndSwap(name: string, expected: Uint8Array | null, next: Uint8Array): Promise<boolean>;
}
