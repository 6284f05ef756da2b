import { type Cost, run } from './measure.ts';
import type { Workspace } from './workspace.ts';

/** One timed run. Server figures are absent where no server takes part. */
export type Sample = Cost & {
  /** CPU seconds of the server during the run. */
  readonly serverCpu?: number;
  /** Largest resident size of any one process of the server so far, in bytes. */
  readonly serverPeak?: number;
};

/** What crossed the socket in a run of its own that was not timed. */
export type Wire = {
  readonly bytes: number;
  /** HTTP requests in all, and how many of them came one after another; absent for other protocols. */
  readonly requests?: number;
  readonly inTurn?: number;
};

/** Somebody who does the job of a row. */
export type Contender = {
  readonly who: string;
  /** Which version of it, where one run has several. */
  readonly version?: string;
  /** Sets the stage for one run, untimed; what it returns is the job, and is timed. */
  prepare(): Promise<() => Promise<Sample>>;
  /** The same job once more through the counting proxy. */
  readonly wire?: () => Promise<Wire>;
  /** Looks at the last run's tree: what is wrong with it. Throws where nothing may be wrong. */
  readonly check?: () => string;
  /** Bytes of what the last run has made, where that is what the row is about. */
  readonly disk?: () => number;
};

/** What one contender achieved in one row. */
export type Result = {
  readonly pair: string;
  readonly row: string;
  readonly who: string;
  readonly version?: string;
  readonly samples: readonly Sample[];
  readonly wire?: Wire;
  /** `exact`, or how many entries of the resulting tree are wrong. */
  readonly tree?: string;
  /** Bytes on disk, where that is what the row is about. */
  readonly disk?: number;
};

export type ContestOptions = {
  readonly pair: string;
  readonly row: string;
  /** Timed runs. */
  readonly runs: number;
  /** False to leave out the run that comes before them, warms the page cache and is thrown away. */
  readonly warmUp?: boolean;
  readonly say: (line: string) => void;
  readonly workspace: Workspace;
};

/**
 * Runs the contenders turn by turn, in turning order, so that the machine's moods hit all alike. Before each timed
 * run everything written earlier is on disk, so that nobody pays for what another has left in the page cache.
 */
export async function contest(contenders: readonly Contender[], options: ContestOptions): Promise<Result[]> {
  const { workspace } = options;
  const start = workspace.mark();
  let startOfRound = start;
  const samples = new Map(contenders.map((contender) => [contender, [] as Sample[]]));
  for (let round = options.warmUp === false ? 1 : 0; round <= options.runs; round += 1) {
    await workspace.makeRoom(start, workspace.mark());
    startOfRound = workspace.mark();
    const order = round % 2 === 0 ? contenders : [...contenders].reverse();
    for (const contender of order) {
      const job = await contender.prepare();
      await run({ program: 'sync', parameters: [] });
      const sample = await job();
      const note = round === 0 ? 'warm-up' : `run ${round} of ${options.runs}`;
      options.say(`${options.row}: ${contender.who}, ${note}: ${sample.wall.toFixed(2)} s`);
      if (round > 0) samples.get(contender)!.push(sample);
    }
  }
  // The last round's trees are still to be looked at.
  await workspace.makeRoom(start, startOfRound);
  const results: Result[] = [];
  for (const contender of contenders) {
    const wire = await contender.wire?.();
    const tree = contender.check?.();
    const disk = contender.disk?.();
    results.push({
      pair: options.pair,
      row: options.row,
      who: contender.who,
      ...(contender.version === undefined ? {} : { version: contender.version }),
      samples: samples.get(contender)!,
      ...(wire === undefined ? {} : { wire }),
      ...(tree === undefined ? {} : { tree }),
      ...(disk === undefined ? {} : { disk }),
    });
  }
  return results;
}
