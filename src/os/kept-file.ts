import { statSync } from 'node:fs';

/** What is read from a file that others change while this process goes on. */
export type KeptFile<Value> = {
  /** Names the file for {@link KeptFileOptions.onFailure}. */
  readonly path: string;
  /** Reads it; called again when another file lies there, or none. */
  readonly read: () => Value;
  /** What holds until it has been read for the first time. */
  readonly initial: Value;
};

/** How a file is kept. */
export type KeptFileOptions = {
  /** Told of what could not be read; what was read before stays. */
  readonly onFailure: (error: unknown) => void;
  /** Milliseconds between two looks; 1000 when absent. */
  readonly pause?: number;
};

/**
 * What a file says as it is now, looked at anew at most once a second. What cannot be read changes nothing and is told
 * once, not at every look.
 */
export function keptFile<Value>(
  { path, read, initial }: KeptFile<Value>,
  { onFailure, pause = 1000 }: KeptFileOptions,
): () => Value {
  let value = initial;
  let seen: string | undefined;
  let looked = Number.NEGATIVE_INFINITY;
  return () => {
    if (performance.now() - looked < pause) return value;
    looked = performance.now();
    const mark = markOf(path);
    if (mark === seen) return value;
    seen = mark;
    try {
      value = read();
    } catch (error) {
      onFailure(error);
    }
    return value;
  };
}

function markOf(path: string): string {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found === undefined ? '' : `${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`;
  } catch {
    // Reading it says better what is wrong.
    return 'unreadable';
  }
}
