/** Why a unit must stay, whatever the disk says. */
export type Exemption = 'pinned' | 'sticky' | 'in-use' | 'head' | 'being-written';

/** Something that goes as a whole or stays: a build with all that only it needs, or files that nothing names. */
export type EvictableUnit = {
  /** The build or the bundle; undefined for files that neither needs. */
  readonly name: string | undefined;
  /** When it was last asked for, milliseconds since 1970. */
  readonly usedAt: number;
  /** The numbers of its pieces; several units may share a piece. */
  readonly pieces: readonly number[];
  readonly exempt?: Exemption | undefined;
};

/** What lies on the disk of a site, and what may lie there. */
export type EvictionQuestion = {
  /** Bytes on the disk of each piece, by number. */
  readonly pieceBytes: readonly number[];
  readonly units: readonly EvictableUnit[];
  /** Bytes that can only be had by making the trees for rsync clients fewer; they go first. */
  readonly treeBytes: number;
  /** Bytes that count and belong to no unit: metadata and records. */
  readonly otherBytes: number;
  /** Most bytes that everything together may take. */
  readonly budget: number;
  /** Bytes that are free on the file system, and how many of them are to stay so. */
  readonly free: number;
  readonly reserve: number;
  /** Bytes that are about to be written. */
  readonly incoming: number;
};

/** One unit that goes. */
export type Victim = {
  /** Its place in the question. */
  readonly unit: number;
  /** Pieces that nobody else needs. */
  readonly pieces: readonly number[];
  readonly bytes: number;
};

/** What to remove, in this order. */
export type EvictionPlan = {
  /** Bytes of trees for rsync clients to take away first. */
  readonly trees: number;
  readonly victims: readonly Victim[];
  /** What everything takes before and after. */
  readonly before: number;
  readonly after: number;
  /** Bytes that are still too many when everything has gone that may go. */
  readonly missing: number;
  /** Which law asks for it; undefined when nothing has to go. */
  readonly why: 'budget' | 'reserve' | undefined;
};

/**
 * Chooses what goes so that the budget and the reserve hold with what is about to be written: trees for rsync clients,
 * which can be made again from what stays; then what no build needs; then the builds that were asked for longest ago.
 * A piece goes with the last unit that needs it.
 */
export function planEviction(question: EvictionQuestion): EvictionPlan {
  const { pieceBytes, units, treeBytes, otherBytes, budget, free, reserve, incoming } = question;
  const needers = countNeeders(question);
  const held = pieceBytes.reduce((sum, bytes, piece) => (needers[piece] ? sum + bytes : sum), 0);
  const before = held + treeBytes + otherBytes;
  const overBudget = before + incoming - budget;
  const overReserve = reserve + incoming - free;
  const needed = Math.max(0, overBudget, overReserve);
  const trees = Math.min(treeBytes, needed);
  let freed = trees;

  const order = [...units.keys()].sort((one, other) => byUse(units[one]!, units[other]!));
  const chosen: number[] = [];
  const goneWith = new Map<number, number[]>();
  for (const unit of order) {
    if (freed >= needed) break;
    const { exempt, pieces } = units[unit]!;
    if (exempt !== undefined) continue;
    chosen.push(unit);
    const gone: number[] = [];
    for (const piece of new Set(pieces)) {
      needers[piece]! -= 1;
      if (needers[piece] !== 0) continue;
      gone.push(piece);
      freed += pieceBytes[piece]!;
    }
    goneWith.set(unit, gone);
  }
  const victims = withoutVain(chosen, goneWith, question);
  return {
    trees,
    victims,
    before,
    after: before - freed,
    missing: Math.max(0, needed - freed),
    why: needed === 0 ? undefined : overBudget >= overReserve ? 'budget' : 'reserve',
  };
}

function countNeeders({ pieceBytes, units }: EvictionQuestion): number[] {
  const needers = new Array<number>(pieceBytes.length).fill(0);
  for (const { pieces } of units) for (const piece of new Set(pieces)) needers[piece]! += 1;
  return needers;
}

/** What nobody needs first, then by last use. */
function byUse(one: EvictableUnit, other: EvictableUnit): number {
  const hasName = ({ name }: EvictableUnit) => (name === undefined ? 0 : 1);
  return hasName(one) - hasName(other) || one.usedAt - other.usedAt;
}

/**
 * Leaves out units whose going freed nothing: all that they have is needed by others that stay. A unit that shares a
 * piece with the one that it goes with is no such.
 */
function withoutVain(
  chosen: readonly number[],
  goneWith: ReadonlyMap<number, readonly number[]>,
  { pieceBytes, units }: EvictionQuestion,
): Victim[] {
  const gone = new Set([...goneWith.values()].flat());
  return chosen
    .filter((unit) => units[unit]!.pieces.some((piece) => gone.has(piece)))
    .map((unit) => {
      const pieces = goneWith.get(unit)!;
      return { unit, pieces, bytes: pieces.reduce((sum, piece) => sum + pieceBytes[piece]!, 0) };
    });
}
