/** Shifts are told for so many bytes at once. */
const granule = 8;

/** A shift takes some three bytes of the delta, and one that is an exception takes two shifts: there and back. */
const leastVotes = { change: 2, exception: 4 } as const;

/** From `address` on, up to the next run, `votes` references showed this shift. */
export type ShiftRun = { readonly address: number; readonly shift: number; votes: number };

/** For each few addresses the shift that most references to them show. */
export type Votes = {
  add(address: number, shift: number): void;
  /**
   * The runs that enough references profit from, in the order of addresses. In each section, of which `starts` are
   * the first addresses in order, nothing is shifted before its first run; without sections the first run holds
   * from the first address on.
   */
  runs(starts?: readonly number[]): ShiftRun[];
};

/** Votes for the addresses from `first` up to `end`; take as many bytes of memory as these are. */
export function createVotes(first: number, end: number): Votes {
  const start = first - (first % granule);
  const length = Math.ceil((end - start) / granule);
  const shifts = new Int32Array(length);
  const counts = new Int32Array(length);
  const allRuns = () => {
    const runs: ShiftRun[] = [];
    counts.forEach((votes, number) => {
      if (votes === 0) return;
      const shift = shifts[number]!;
      const run = runs.at(-1);
      if (run?.shift === shift) run.votes += votes;
      else runs.push({ address: start + number * granule, shift, votes });
    });
    return runs;
  };
  return {
    // The majority in one pass: votes for another shift take away from those for this one.
    add(address, shift) {
      const number = Math.floor((address - start) / granule);
      if (!(number >= 0 && number < length) || shift !== (shift | 0)) return;
      if (counts[number] === 0) shifts[number] = shift;
      counts[number]! += shifts[number] === shift ? 1 : -1;
    },
    runs(starts) {
      const kept = worthwhile(allRuns(), starts ?? []);
      return starts === undefined && kept[0] !== undefined
        ? [{ ...kept[0], address: first }, ...kept.slice(1)]
        : kept;
    },
  };
}

/** Leaves out what too few references would profit from, and what goes on as the run before. */
function worthwhile(runs: readonly ShiftRun[], starts: readonly number[]): ShiftRun[] {
  const kept: ShiftRun[] = [];
  let section = 0;
  let previous: number | undefined;
  runs.forEach((run, number) => {
    for (; section < starts.length && starts[section]! <= run.address; section += 1) previous = 0;
    if (run.shift === previous) return;
    const isException = runs[number + 1]?.shift === previous;
    if (run.votes < (isException ? leastVotes.exception : leastVotes.change)) return;
    kept.push(run);
    previous = run.shift;
  });
  return kept;
}
