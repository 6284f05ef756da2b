import type { ByteString } from '../base/byte-string.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { SegmentEntry } from '../delta/delta-format.ts';
import type { Owed } from './apply-metadata.ts';
import type { SpoolPiece } from './spool.ts';
import type { BaseSource, ObjectTarget } from './stage-plan.ts';

/** The two trees that stage workers move between. */
export type StageTrees = {
  /** Absolute path of the new tree. */
  readonly stage: string;
  /** Absolute path of the base tree; empty string when there is none. */
  readonly base: string;
  /** Whom new files belong to (a folder may hand its group down), and which mode bits they never get. */
  readonly fresh: { readonly uid: number; readonly gid: number; readonly umask: number };
};

/** One object of a frame, with its places. */
export type FrameObject = {
  readonly sha256: Sha256;
  readonly rawOffset: number;
  readonly size: number;
  readonly targets: readonly ObjectTarget[];
};

/** One object that is copied from the base, with its places. */
export type CopyObject = {
  readonly sha256: Sha256;
  readonly size: number;
  readonly source: BaseSource;
  readonly targets: readonly ObjectTarget[];
};

/**
 * What a stage worker is asked to do. All of it is new files; nothing that exists is changed. Entries are numbers in
 * the index of the new build, which every worker has.
 */
export type StageTask =
  | { readonly kind: 'link'; readonly entries: readonly number[] }
  | { readonly kind: 'make'; readonly entries: readonly number[] }
  /** A large file that has all its chunks: the whole is compared with its hash, then it gets its metadata. */
  | { readonly kind: 'complete'; readonly entry: number }
  | { readonly kind: 'copy'; readonly objects: readonly CopyObject[] }
  | {
      readonly kind: 'frame';
      /** Number of the frame in the map, to name it in answers. */
      readonly frame: number;
      readonly pieces: readonly SpoolPiece[];
      readonly rawLength: number;
      readonly objects: readonly FrameObject[];
    }
  | {
      /** A received segment of a delta; the objects that it makes go where {@link DeltaScene} says. */
      readonly kind: 'segment';
      readonly segment: SegmentEntry;
      readonly pieces: readonly SpoolPiece[];
    };

/** What became of a task. */
export type StageOutcome = {
  /** Objects whose base proved wrong: they have to be fetched. */
  readonly dirty: readonly CopyObject[];
  /** True when the bytes of a frame or a segment were wrong: it has to be fetched again. */
  readonly badFrame: boolean;
  /** Ordinals of the needed objects that a segment made. */
  readonly produced: readonly number[];
  /** Paths of the base that a segment is made from and that proved wrong. */
  readonly damaged: readonly ByteString[];
  /** Entries whose base inode can take no more names: they have to be copied. */
  readonly unlinkable: readonly number[];
  readonly owed: readonly Owed[];
  /** Bytes written to new files. */
  readonly written: number;
};
