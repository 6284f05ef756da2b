import type { Reporter } from '../base/progress.ts';

const reportEachBytes = 4 * 1024 * 1024;
const reportEachEntries = 1000;

/** Tells how many bytes of content have been read, not more often than a listener can use. */
export interface ReadProgress {
  entry(): void;
  bytes(count: number): void;
  finish(): void;
}

/** Progress of the step `read` in bytes of content; how many there will be is not known beforehand. */
export function readProgress(reporter: Reporter): ReadProgress {
  let done = 0;
  let reported = 0;
  let entries = 0;
  const report = () => {
    reported = done;
    entries = 0;
    reporter.progress({ step: 'read', done, unit: 'bytes' });
  };
  return {
    entry() {
      entries += 1;
      if (entries >= reportEachEntries) report();
    },
    bytes(count) {
      done += count;
      if (done - reported >= reportEachBytes) report();
    },
    finish: report,
  };
}
