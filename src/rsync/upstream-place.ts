/** A file that another server offers. */
export type RemoteFile = {
  readonly name: string;
  /** Bytes, where the list tells. */
  readonly size?: number;
  /** When it was last changed, in a form that can be compared as text; where the list tells. */
  readonly modified?: string;
};

/** What lies directly in a place. */
export type Listing = {
  readonly files: readonly RemoteFile[];
  readonly folders: readonly string[];
  /** Symlinks, which are not followed: whoever may write there could lead to any file of that machine. */
  readonly links: readonly string[];
  /** Names of files that cannot be asked for, with what is not printable replaced. */
  readonly unusual: readonly string[];
};

/** How one file is fetched. */
export type FetchOptions = {
  /** The longest that the file may be, in bytes. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
  /** Told now and then how many bytes of the file are here. */
  readonly onProgress?: ((done: number) => void) | undefined;
};

/** A directory of files on another server, or here. */
export type Place = {
  /** Its address, for people. */
  readonly location: string;
  /** The path, when it is a directory of this machine: nothing has to be fetched then. */
  readonly path?: string;
  /**
   * Throws `store-not-found` or `upstream-directory-missing` when it is not there, `upstream-not-listed`,
   * `upstream-refused`, `upstream-rsync-failed`, `upstream-rsync-missing`, and the errors of stores.
   */
  list(signal?: AbortSignal): Promise<Listing>;
  /** Small files, whole; those that are not there or longer than the limit are left out. */
  readSmall(names: readonly string[], limit: number, signal?: AbortSignal): Promise<Map<string, Buffer>>;
  /**
   * Brings a file to a path, going on from what lies there where the file's size is known; tries again while
   * attempts bring something. Whether the bytes are right, only the MD5 says.
   */
  fetch(file: RemoteFile, path: string, options: FetchOptions): Promise<void>;
  /** Bytes of a file, for places whose list does not tell or that may show none; undefined when it is not there. */
  sizeOf?(name: string, signal?: AbortSignal): Promise<number | undefined>;
  close(): Promise<void>;
};
