import type { ByteString } from '../base/byte-string.ts';
import { parentOf } from '../build/entry-rules.ts';
import { type Decision, decide, mergeMetadata } from './carry-decide.ts';
import { carryDeletion } from './carry-deletion.ts';
import { type CarryStep, type CarryTrees, PlannedLayer } from './carry-layer.ts';
import type { CarryPolicy, CarryRule } from './carry-policy.ts';
import type { LocalChange } from './local-changes.ts';
import { differingFields, isSameContent } from './local-compare.ts';
import type { LocalInode, LocalPlace } from './local-inode.ts';

/** What becomes of one change. */
export type CarryOutcome = {
  readonly path: ByteString;
  /**
   * `removed`: it was a deletion, and the next version's is deleted too; `persist`: the initramfs copies it;
   * `conflict`: the next version's stays.
   */
  readonly outcome: 'kept' | 'merged' | 'removed' | 'dropped' | 'persist' | 'conflict';
  /** Where the user's version lies after a conflict; absent when the user deleted it. */
  readonly beside?: ByteString;
};

/** What is written into the fresh layer, by path, a folder before what is in it; and what is told about it. */
export type CarryPlan = {
  readonly steps: ReadonlyMap<ByteString, CarryStep>;
  /** In byte order of the paths; what the next version has anyhow is not among them. */
  readonly outcomes: readonly CarryOutcome[];
  /** Bytes that the disk has to hold. */
  readonly bytes: number;
};

type Present = Exclude<LocalChange, { kind: 'deleted' }>;

/** Collects what becomes of each change; to be given them in the order in which they are found. */
export class CarryPlanner {
  readonly #trees: CarryTrees;
  readonly #policy: CarryPolicy;
  readonly #layer: PlannedLayer;
  readonly #outcomes: CarryOutcome[] = [];
  /** New folders that are left behind. */
  readonly #left = new Set<ByteString>();

  constructor(trees: CarryTrees, policy: CarryPolicy) {
    this.#trees = trees;
    this.#policy = policy;
    this.#layer = new PlannedLayer(trees, (path, beside) =>
      this.#outcomes.push({ path, outcome: 'conflict', beside }),
    );
  }

  /** Plans one change. */
  take(change: LocalChange): void {
    const rule = this.#policy(change.path);
    if (change.kind === 'deleted') this.#takeDeletion(change.path, rule);
    else if (change.mine.type === 'directory') this.#takeFolder(change, rule);
    else this.#takeFile(change, rule);
  }

  /** The plan of all that was taken. */
  finish(): CarryPlan {
    const steps = [...this.#layer.steps].sort(([one], [other]) => (one < other ? -1 : 1));
    const outcomes = this.#outcomes.toSorted((one, other) => (one.path < other.path ? -1 : 1));
    const bytes = steps.reduce((sum, [, step]) => sum + bytesOf(step), 0);
    return { steps: new Map(steps), outcomes, bytes };
  }

  #takeDeletion(path: ByteString, rule: CarryRule): void {
    if (!this.#layer.targetOf(parentOf(path)).isTheirs) return;
    const { hidden, paths, conflicts } = carryDeletion(path, { ...this.#trees, policy: this.#policy });
    if (hidden === 'none') return;
    for (const one of paths) this.#layer.put(one, { do: 'whiteout' });
    if (paths.length > 0) this.#tell(path, 'removed');
    for (const one of conflicts) this.#tell(one, 'conflict');
    if (paths.length === 0 && conflicts.length === 0) this.#tell(path, leftBy(rule));
  }

  /** What is in a folder is taken by itself; here it is about the folder's own inode. */
  #takeFolder(change: Present, rule: CarryRule): void {
    const { path, mine, kind } = change;
    const isTaken = rule === 'keep' || rule === 'merge';
    if (kind !== 'metadata' && isTaken && this.#mayCover(change, rule)) this.#layer.coverBy(path);
    const target = this.#layer.targetOf(path);
    if (!isTaken) this.#tellLeft(path, rule, kind === 'added');
    else if (kind !== 'metadata' && !target.isTheirs) {
      this.#layer.makeFolder(path);
      if (target.path === this.#layer.pathOf(path)) this.#tell(path, 'kept');
    } else if (kind === 'metadata' && target.isTheirs) {
      const theirs = this.#trees.theirs.look(path)!;
      const metadata = mergeMetadata(change.old, mine, theirs, theirs.mtime);
      if (differingFields({ ...theirs, ...metadata }, theirs).length === 0) return;
      this.#layer.makeFolder(path);
      this.#layer.steps.set(path, { do: 'directory', metadata });
      this.#tell(path, 'kept');
    }
  }

  /** True when the user's folder may stand where the next version has something else that is no folder. */
  #mayCover(change: Present, rule: CarryRule): boolean {
    const { path } = change;
    const isTheirs = this.#layer.targetOf(parentOf(path)).isTheirs;
    const theirs = isTheirs ? this.#trees.theirs.look(path) : undefined;
    if (theirs === undefined || theirs.type === 'directory') return false;
    if (rule === 'keep') return true;
    const { old, theirs: next } = this.#trees;
    const before = change.kind === 'added' ? undefined : change.old;
    return (
      before !== undefined &&
      isSameContent({ tree: old, path, inode: before }, { tree: next, path, inode: theirs })
    );
  }

  #takeFile(change: Present, rule: CarryRule): void {
    const { path } = change;
    const mine = { tree: this.#trees.mine, path, inode: change.mine };
    const theirs = this.#theirsAt(path);
    const decision = this.#decideFile(change, mine, theirs, rule);
    switch (decision.do) {
      case 'nothing':
        return;
      case 'drop':
        this.#tellLeft(path, rule);
        return;
      case 'conflict': {
        const step = { do: 'copy', from: mine, metadata: mine.inode } as const;
        this.#outcomes.push({ path, outcome: 'conflict', beside: this.#layer.putBeside(path, step) });
        return;
      }
      case 'merged':
        this.#layer.put(path, { ...decision, do: 'write' });
        this.#tell(path, 'merged');
        return;
      default:
        this.#layer.put(path, { ...decision, do: 'copy', from: decision.do === 'mine' ? mine : theirs! });
        this.#tell(path, 'kept');
    }
  }

  #decideFile(change: Present, mine: LocalPlace, theirs: LocalPlace | undefined, rule: CarryRule): Decision {
    const { path, kind } = change;
    const { old: tree } = this.#trees;
    const old = kind === 'added' ? undefined : { tree, path, inode: change.old };
    const isFolder = theirs?.inode.type === 'directory';
    if (!isFolder || (rule !== 'keep' && rule !== 'merge'))
      return decide({ path, kind, old, mine, theirs }, rule);
    // A file hides the whole folder.
    const isFree =
      rule === 'keep' || carryDeletion(path, { ...this.#trees, policy: this.#policy }).hidden === 'all';
    return isFree ? { do: 'mine', metadata: mine.inode } : { do: 'conflict' };
  }

  #theirsAt(path: ByteString): LocalPlace | undefined {
    const tree = this.#trees.theirs;
    if (!this.#layer.targetOf(parentOf(path)).isTheirs) return undefined;
    const inode: LocalInode | undefined = tree.look(path);
    return inode === undefined ? undefined : { tree, path, inode };
  }

  #tell(path: ByteString, outcome: CarryOutcome['outcome']): void {
    this.#outcomes.push({ path, outcome });
  }

  /** Of a new folder that is left behind, what is in it needs no words. */
  #tellLeft(path: ByteString, rule: CarryRule, isFolder = false): void {
    const isToldAbove = this.#left.has(parentOf(path));
    if (isFolder) this.#left.add(path);
    if (!isToldAbove) this.#tell(path, leftBy(rule));
  }
}

function leftBy(rule: CarryRule): 'persist' | 'dropped' {
  return rule === 'persist' ? 'persist' : 'dropped';
}

/** A sparse file takes what it has, not what it is long. */
function bytesOf(step: CarryStep): number {
  if (step.do === 'write') return step.content.length;
  return step.do === 'copy' && step.from.inode.type === 'file' ? step.from.inode.allocated : 0;
}
