import type { ReadableStore } from '../store/store.ts';

/** Where files are fetched from: a store that may know when it is worth another try. */
export type PullUpstream = ReadableStore & {
  /** Resolves when the next attempt may be made. Without it the pauses grow from half a second to half a minute. */
  untilTry?(name?: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
};

/** A stretch of a file: first byte and number of bytes. */
export type PulledPart = { readonly offset: number; readonly length: number };

/** A file of the repository that is here, or that is on its way. */
export type PulledFile = {
  /** Bytes of the whole file. */
  readonly size: number;
  /**
   * The bytes asked for, exactly, as they arrive. What can go wrong at once shows in the first piece: an answer whose
   * head promises the bytes is better begun after that. Each piece belongs to the reader, who may give its memory back
   * (`freeBuffer`). Throws what fetching throws, `store-range` for a part outside of the file, `cancelled`.
   */
  read(part: PulledPart, options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<Uint8Array>;
  /** Lets go of it; what is being fetched goes on to its end. Calling it twice does no harm. */
  close(): void;
};

/** What is known of a file that is not here as a whole. */
export type KeptPart = {
  /** Its name in the repository. */
  readonly name: string;
  /** Bytes that are here. */
  readonly received: number;
  /** Bytes of the whole file. */
  readonly size: number;
};

/** Waits until so many more bytes may have been received; throws when no more may come now. */
export type Pace = (bytes: number, signal: AbortSignal | undefined) => Promise<void>;

/** Fetches immutable files of a repository once, however many ask for them, and keeps what proves right. */
export type PullThrough = {
  /**
   * Opens an immutable file: from the disk when it is complete, else while it arrives. Throws `store-not-found`,
   * `store-name-not-allowed`, what the upstream throws (`store-unreachable`, `site-upstream-down`, …),
   * `site-upstream-sends-wrong-bytes`, `site-disk-full`, `site-pull-closed`, `cancelled`.
   */
  open(name: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<PulledFile>;
  /** The same as a store: used by mirroring, sticks and the trees for rsync clients. */
  readonly store: ReadableStore;
  /**
   * The same for work that is not urgent: `pace` is waited for after every piece that comes from the upstream, unless
   * somebody who is in a hurry waits for the same bytes.
   */
  inBackground(pace: Pace): ReadableStore;
  /**
   * Whether the complete file of that name has been compared with its hash since the start and was not touched since.
   * Then its bytes may be served as they lie on the disk; otherwise `open` is the way, which checks it.
   */
  isSound(name: string): boolean;
  /** Files that are being received now. */
  receiving(): readonly KeptPart[];
  /** Names of files that somebody has open or that are being received: they must stay where they are. */
  inUse(): readonly string[];
  /** Goes on in the background with whole files that were being received when the last process ended. */
  goOn(): void;
  /** Forgets the parts of a file that is not here as a whole, unless it is in use. Tells whether it did. */
  discard(name: string): Promise<boolean>;
  /** Stops what is being fetched, keeps what was received, closes all files. */
  close(): Promise<void>;
};
