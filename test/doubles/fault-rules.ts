/** Faults of the fault server, as JSON can carry them. */

/** What goes wrong with an answer. Several may go wrong with one answer. */
export type Fault =
  /** The body comes at this rate; each answer counts by itself. */
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  /** Nothing more comes: before the head, after the head, or after this many bytes of the body. */
  | {
      readonly kind: 'hang';
      readonly when: 'before-head' | 'after-head' | 'in-body';
      readonly after?: number;
    }
  /** The connection ends in good order after this many bytes of the body, although more was promised. */
  | { readonly kind: 'truncate'; readonly after: number }
  /** The connection is reset: before the head when `after` is absent, else after this many bytes of the body. */
  | { readonly kind: 'reset'; readonly after?: number }
  /** More bytes than the file has; `promised` says whether the head's length counts them. */
  | { readonly kind: 'extra'; readonly bytes: number; readonly promised: boolean }
  /** The byte at this offset of the file is wrong (all its bits are flipped). */
  | { readonly kind: 'flip'; readonly offset: number }
  /** An error instead of the file, with a text perhaps. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly text?: string;
    }
  /** Another address. */
  | { readonly kind: 'redirect'; readonly to: string; readonly status?: number }
  /** A range request gets the whole file. */
  | { readonly kind: 'ignore-ranges' }
  /** The head of a part tells of another part (this many bytes further) than the body holds. */
  | { readonly kind: 'wrong-content-range'; readonly shift: number }
  /** The file has other content, of another length perhaps. */
  | { readonly kind: 'replace'; readonly text: string }
  /** The file seems to have this many bytes more (zeros), or less. */
  | { readonly kind: 'resize'; readonly by: number }
  /** The head does not tell the length: the body is chunked. */
  | { readonly kind: 'no-length' }
  /** The head claims an encoding. */
  | { readonly kind: 'encoding'; readonly name: string };

/** When something goes wrong. All conditions that are given must hold. */
export type FaultRule = {
  /** Only for this path, for example `/metadata/timestamp.json`. */
  readonly path?: string;
  /** Only for paths that this regular expression matches, for example `^/packs/`. */
  readonly pattern?: string;
  /** Only from this request on that path and pattern match, counted from 1; from the first when absent. */
  readonly from?: number;
  /** For this many requests; for all that follow when absent. */
  readonly times?: number;
  readonly fault: Fault;
};

/** Keeps count of requests and tells which faults apply to the next. */
export type FaultPlan = { faultsFor(path: string): Fault[] };

/** Makes a plan; every rule counts its own matching requests from now. */
export function planFaults(rules: readonly FaultRule[]): FaultPlan {
  const counted = rules.map((rule) => ({
    rule,
    pattern: rule.pattern === undefined ? undefined : new RegExp(rule.pattern),
    seen: 0,
  }));
  return {
    faultsFor(path) {
      const faults: Fault[] = [];
      for (const entry of counted) {
        const { path: wanted, from = 1, times = Number.POSITIVE_INFINITY, fault } = entry.rule;
        if (wanted !== undefined && wanted !== path) continue;
        if (entry.pattern !== undefined && !entry.pattern.test(path)) continue;
        entry.seen += 1;
        if (entry.seen >= from && entry.seen < from + times) faults.push(fault);
      }
      return faults;
    },
  };
}

/** The fault of one kind among those that apply. */
export function find<Kind extends Fault['kind']>(
  faults: readonly Fault[],
  kind: Kind,
): Extract<Fault, { kind: Kind }> | undefined {
  return faults.find((fault): fault is Extract<Fault, { kind: Kind }> => fault.kind === kind);
}
