import type { ByteString } from '../base/byte-string.ts';
import { parentOf, segmentLimit } from '../build/entry-rules.ts';
import { impliedDirectory } from '../build/tree.ts';
import type { CarriedMetadata } from './carry-decide.ts';
import { childOf, type LocalPlace, type TreeView } from './local-inode.ts';

/** The three trees that carrying over looks at. */
export type CarryTrees = {
  /** Where the user's files lie: the upper directory, or the tree that runs. */
  readonly mine: TreeView;
  /** The version that the user changed, untouched. */
  readonly old: TreeView;
  /** The next version, untouched. */
  readonly theirs: TreeView;
};

/** One inode of the fresh layer. */
export type CarryStep =
  /** A copy of the inode at `from`, with this metadata. */
  | { readonly do: 'copy'; readonly from: LocalPlace; readonly metadata: CarriedMetadata }
  | { readonly do: 'write'; readonly content: ByteString; readonly metadata: CarriedMetadata }
  | { readonly do: 'directory'; readonly metadata: CarriedMetadata }
  | { readonly do: 'whiteout' };

/** Where the content of one of the user's folders goes. */
export type FolderTarget = {
  readonly path: ByteString;
  /** True where the next version has a folder at this path, whose content shows. */
  readonly isTheirs: boolean;
};

const besideSuffix = '.satchel-local';

/**
 * The fresh layer while it is planned: what it holds by path, and the folders that this needs. A folder of the user
 * whose name stands for something else in the next version (a symlink, say) goes beside it.
 */
export class PlannedLayer {
  readonly steps = new Map<ByteString, CarryStep>();
  readonly #trees: CarryTrees;
  readonly #onBeside: (folder: ByteString, beside: ByteString) => void;
  readonly #targets = new Map<ByteString, FolderTarget>();

  constructor(trees: CarryTrees, onBeside: (folder: ByteString, beside: ByteString) => void) {
    this.#trees = trees;
    this.#onBeside = onBeside;
    this.makeFolder('' as ByteString);
  }

  /** Where what is in this folder of the user goes. */
  targetOf(folder: ByteString): FolderTarget {
    const known = this.#targets.get(folder);
    if (known !== undefined) return known;
    const target = this.#findTarget(folder);
    this.#targets.set(folder, target);
    return target;
  }

  /** Where a path of the user goes. */
  pathOf(path: ByteString): ByteString {
    return path === '' ? path : childOf(this.targetOf(parentOf(path)).path, nameOf(path));
  }

  /** Lets a folder of the user stand where the next version has something that is none. */
  coverBy(folder: ByteString): void {
    this.#targets.set(folder, { path: this.pathOf(folder), isTheirs: false });
  }

  /** Makes a folder of the user and those above it, unless they are there. */
  makeFolder(folder: ByteString): void {
    const target = this.targetOf(folder);
    if (this.steps.has(target.path)) return;
    if (folder !== '') this.makeFolder(parentOf(folder));
    const { mine, theirs } = this.#trees;
    const found = target.isTheirs ? theirs.look(target.path) : mine.look(folder);
    // One of the user's may have vanished since.
    const metadata = found ?? impliedDirectory(target.path);
    this.steps.set(target.path, { do: 'directory', metadata });
    if (nameOf(target.path) !== nameOf(folder)) this.#onBeside(folder, target.path);
  }

  /** Puts something where it was. */
  put(path: ByteString, step: CarryStep): void {
    this.makeFolder(parentOf(path));
    this.steps.set(this.pathOf(path), step);
  }

  /** Puts something beside what the next version has there; the path. */
  putBeside(path: ByteString, step: CarryStep): ByteString {
    const beside = this.#besideOf(this.pathOf(path));
    this.makeFolder(parentOf(path));
    this.steps.set(beside, step);
    return beside;
  }

  #findTarget(folder: ByteString): FolderTarget {
    if (folder === '') return { path: folder, isTheirs: true };
    const path = this.pathOf(folder);
    const found = this.targetOf(parentOf(folder)).isTheirs ? this.#trees.theirs.look(path) : undefined;
    if (found === undefined || found.type === 'directory') return { path, isTheirs: found !== undefined };
    return { path: this.#besideOf(path), isTheirs: false };
  }

  /** A free name; those of earlier conflicts are files of the user like others. */
  #besideOf(path: ByteString): ByteString {
    const { mine, theirs } = this.#trees;
    for (let number = 1; ; number += 1) {
      const suffix = number === 1 ? besideSuffix : `${besideSuffix}-${number}`;
      const name = `${nameOf(path).slice(0, segmentLimit - suffix.length)}${suffix}`;
      const beside = childOf(parentOf(path), name);
      const isFree = [mine, theirs].every((tree) => tree.look(beside) === undefined);
      if (isFree && !this.steps.has(beside)) return beside;
    }
  }
}

function nameOf(path: ByteString): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
