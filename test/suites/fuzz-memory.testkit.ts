/** How much memory buffers take while something runs. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Watches the bytes that buffers take. */
export type MemoryWatch = {
  /** Begins anew. `exactly` counts no garbage from before a look, which takes some milliseconds for each. */
  begin(how?: 'exactly'): void;
  /** Looks how much there is at this moment. */
  readonly look: () => void;
  /** The most that was seen since the beginning, in bytes more than there were at the beginning. */
  readonly most: number;
};

/** A watch that has not begun. */
export function createMemoryWatch(): MemoryWatch {
  setFlagsFromString('--expose-gc');
  const collectOnce: () => void = runInNewContext('gc');
  let isExact = false;
  let before = 0;
  let most = 0;
  const bytes = () => process.memoryUsage().arrayBuffers;
  const collect = () => {
    // What the first finds is only counted as free when the second begins.
    for (let time = 0; time < 2; time += 1) collectOnce();
  };
  return {
    begin(how) {
      isExact = how === 'exactly';
      if (isExact) collect();
      before = bytes();
      most = 0;
    },
    look() {
      // What became garbage since the last look may have been there at one moment, so it counts.
      most = Math.max(most, bytes() - before);
      if (isExact) collect();
    },
    get most() {
      return most;
    },
  };
}
