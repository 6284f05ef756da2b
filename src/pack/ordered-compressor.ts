import { compressionParallelism, compressZstd } from '../formats/zstd.ts';

/** What an ordered compressor works with. */
export type OrderedCompressorOptions<Job> = {
  readonly level: number;
  /** Raw bytes that may wait for compression or for their turn; about as much again goes to what is compressed. */
  readonly inFlightLimit: number;
  /** Takes each frame in the order of submission. What it throws ends the compressor. */
  readonly write: (job: Job, stored: Buffer) => void;
};

/** Compresses frames on all cores and gives them back in the order in which they came. */
export type OrderedCompressor<Job> = {
  /** Throws what an earlier frame failed with. */
  submit(job: Job): void;
  /** Undefined while there is room for more, else a promise for when there is; it rejects after a failure. */
  room(): Promise<void> | undefined;
  /** Resolves when all that was submitted has been written, rejects with the first failure. */
  drain(): Promise<void>;
};

/** Makes a compressor for jobs that carry their raw bytes. */
export function createOrderedCompressor<Job extends { readonly raw: Uint8Array }>(
  options: OrderedCompressorOptions<Job>,
): OrderedCompressor<Job> {
  const parallelism = compressionParallelism();
  const unwritten: { readonly job: Job; stored?: Buffer }[] = [];
  const waiting: (typeof unwritten)[number][] = [];
  let inFlight = 0;
  let running = 0;
  let failure: { readonly error: unknown } | undefined;
  let change = Promise.withResolvers<void>();

  const start = () => {
    while (running < parallelism && failure === undefined) {
      const next = waiting.shift();
      if (next === undefined) return;
      running += 1;
      void compress(next);
    }
  };
  const compress = async (slot: (typeof unwritten)[number]) => {
    try {
      slot.stored = await compressZstd(slot.job.raw, { level: options.level });
      if (failure === undefined) writeReady();
    } catch (error) {
      failure ??= { error };
      waiting.length = 0;
    }
    running -= 1;
    start();
    change.resolve();
    change = Promise.withResolvers<void>();
  };
  const writeReady = () => {
    for (let first = unwritten[0]; first?.stored !== undefined; first = unwritten[0]) {
      unwritten.shift();
      inFlight -= first.job.raw.length;
      options.write(first.job, first.stored);
    }
  };
  const until = async (isDone: () => boolean) => {
    while (failure === undefined && !isDone()) await change.promise;
    if (failure !== undefined) throw failure.error;
  };
  const hasRoom = () => inFlight <= options.inFlightLimit;

  return {
    submit(job) {
      if (failure !== undefined) throw failure.error;
      const slot = { job };
      unwritten.push(slot);
      waiting.push(slot);
      inFlight += job.raw.length;
      start();
    },
    room: () => (failure === undefined && hasRoom() ? undefined : until(hasRoom)),
    async drain() {
      // Also after a failure nothing may still be running when the caller goes on to tidy up.
      while (running > 0 || (failure === undefined && unwritten.length > 0)) await change.promise;
      if (failure !== undefined) throw failure.error;
    },
  };
}
