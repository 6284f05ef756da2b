import { Fields } from '../base/fields.ts';
import type { BuildName, Sha256, StreamName } from '../base/identifiers.ts';
import { buildName, streamName } from '../base/identifiers.ts';
import { contentsLimit, indexLimit } from '../build/entry-rules.ts';
import {
  becauseSince,
  clientVersion,
  type GoingBack,
  type Rollout,
  rollout,
  type Waypoint,
  waypoints,
} from './rollout-record.ts';

export type { DeviceSet } from './device-set.ts';
export { type GoingBack, type Group, longestReason, type Rollout, type Waypoint } from './rollout-record.ts';

/**
 * The signed records of a repository (TUF targets). Each is one JSON object without white space, fields in
 * the order below, so that a record embedded in another still has the bytes that were signed.
 */

/** A stored file: hash and length of its stored bytes, and of the bytes inside. */
export type StoredFile = {
  /** SHA-256 of the stored (compressed) bytes: names the file. */
  readonly stored: Sha256;
  /** Length of the stored bytes. */
  readonly length: number;
  /** SHA-256 of the uncompressed bytes. */
  readonly sha256: Sha256;
  /** Length of the uncompressed bytes. */
  readonly size: number;
};

/** `builds/<name>.json`: the identity of a build. */
export type BuildRecord = {
  readonly satchel: 'build';
  readonly format: number;
  readonly name: BuildName;
  readonly index: StoredFile;
  readonly contents: {
    /** SHA-256 of the manifest's bytes: names the file. */
    readonly sha256: Sha256;
    readonly length: number;
    /** `opaque`: carried byte for byte from the old image builder; else our own type. */
    readonly type: 'olpc-contents-x' | 'opaque';
    /** The contents hash that OATS servers know the build by. */
    readonly hash: Sha256;
  };
  readonly tree: {
    readonly entries: number;
    readonly files: number;
    /** Sum of the sizes of all regular files, hard links counted once. */
    readonly bytes: number;
  };
  /** UTC. */
  readonly published: string;
  /**
   * Grows with every publication, whatever the clock says (it is the version of the `builds` role that first
   * names the build): a stream never leads from a higher number to a lower one.
   */
  readonly sequence: number;
  /** True when this build must be booted before any later one of its stream. */
  readonly waypoint: boolean;
  /** Oldest Satchel that may install it, as `major.minor.patch`; empty for any. */
  readonly minimumClient: string;
  readonly notes: string;
};

/** What an update by objects costs from one earlier build. */
export type ObjectCost = {
  readonly from: BuildName;
  /** Bytes of packs, index and map to read. */
  readonly bytes: number;
  readonly requests: number;
};

/** One file that turns an earlier tree into this one. */
export type TreeDelta = {
  /** SHA-256 of the uncompressed index of the earlier tree: it is known by that whatever it is called. */
  readonly fromIndex: Sha256;
  /** SHA-256 of the file: names it. */
  readonly stored: Sha256;
  /** Bytes of the file. */
  readonly length: number;
  /** Its first bytes, which say what the rest is and can be checked before the rest arrives. */
  readonly head: { readonly length: number; readonly sha256: Sha256 };
  /** Bytes of memory that applying it needs at most. */
  readonly memory: number;
  /** Bytes of disk that applying it needs beside the new tree; absent for none. */
  readonly scratch?: number;
  /** Bytes of objects that it makes. */
  readonly output: number;
};

/** One file that turns an earlier build into this one. */
export type DeltaReference = TreeDelta & {
  readonly from: BuildName;
  /** `asked`: made on request, so no policy takes it away; `stream`: made because a stream names it. */
  readonly why: 'stream' | 'asked';
};

/** `deltas/<name>.json`: how to get a build. Harmless if wrong: everything is checked against the index. */
export type DeltasRecord = {
  readonly satchel: 'deltas';
  readonly format: number;
  readonly build: BuildName;
  readonly map: StoredFile;
  /** Stored bytes of every pack range that the build needs: a device that has nothing reads these. */
  readonly everything: number;
  readonly costs: readonly ObjectCost[];
  /** At most one from each build. */
  readonly deltas: readonly DeltaReference[];
};

/** `streams/<stream>.json`: the build that a stream stands for, with the records that a device needs next. */
export type StreamRecord = {
  readonly satchel: 'stream';
  readonly format: number;
  readonly stream: StreamName;
  /** The heads before this one, newest first, each once; at most {@link rememberedHeads}. */
  readonly previous: readonly BuildName[];
  /** Deltas are made and kept from so many of the heads before to this one. */
  readonly keepDeltas: number;
  /** There while no device is to update along it. */
  readonly halted?: Halt;
  /** How the head reaches devices; absent: everybody at once. */
  readonly rollout?: Rollout;
  /** What may not be passed over on the way here, newest first. */
  readonly waypoints?: readonly Waypoint[];
  /** There while the head is older than what some devices run, on purpose. */
  readonly back?: GoingBack;
  readonly build: BuildRecord;
  readonly deltas: DeltasRecord;
};

/** What of a stream's record may be set or taken away. */
export type StreamRules = {
  readonly halted?: Halt | undefined;
  readonly rollout?: Rollout | undefined;
  readonly waypoints?: readonly Waypoint[] | undefined;
  readonly back?: GoingBack | undefined;
};

/** The same record with other rules; what is undefined goes. The fields are in the order that the format gives. */
export function withRules(record: StreamRecord, rules: StreamRules): StreamRecord {
  const { satchel, format, stream, previous, keepDeltas, build, deltas } = record;
  const { halted, rollout, waypoints, back } = { ...record, ...rules };
  return {
    ...{ satchel, format, stream, previous, keepDeltas },
    ...(halted === undefined ? {} : { halted }),
    ...(rollout === undefined ? {} : { rollout }),
    ...(waypoints === undefined || waypoints.length === 0 ? {} : { waypoints }),
    ...(back === undefined ? {} : { back }),
    ...{ build, deltas },
  };
}

/** Why and since when devices stay on what they have. */
export type Halt = {
  /** For people, at most {@link longestReason} characters; may be empty. */
  readonly reason: string;
  /** UTC. */
  readonly since: string;
};

/** Newest format of each record that this program writes and reads. */
export const recordFormat = 1;

/** A stream remembers so many heads, and wants deltas from at most as many. */
export const rememberedHeads = 16;

/** The exact bytes of a record. */
export function recordBytes<Kind extends { readonly satchel: string; readonly format: number }>(
  record: Kind,
): Uint8Array {
  return Buffer.from(JSON.stringify(record), 'utf8');
}

/** Most bytes of an uncompressed map: one of an index at its limit stays below. */
export const mapLimit = indexLimit / 4;

/** A list that is held in memory as a whole, so `limit` is looked at before anything is fetched. */
export function storedFile(fields: Fields, limit: number): StoredFile {
  return {
    stored: fields.sha256('stored'),
    length: fields.count('length', limit),
    sha256: fields.sha256('sha256'),
    size: fields.count('size', limit),
  };
}

function buildRecord(fields: Fields): BuildRecord {
  fields.expectFormat('build', recordFormat);
  const contents = fields.record('contents');
  const tree = fields.record('tree');
  return {
    satchel: 'build',
    format: recordFormat,
    name: fields.buildName('name'),
    index: storedFile(fields.record('index'), indexLimit),
    contents: {
      sha256: contents.sha256('sha256'),
      length: contents.count('length', contentsLimit),
      type: contents.text('type') === 'opaque' ? 'opaque' : 'olpc-contents-x',
      hash: contents.sha256('hash'),
    },
    tree: { entries: tree.count('entries'), files: tree.count('files'), bytes: tree.count('bytes') },
    published: fields.time('published'),
    sequence: fields.count('sequence'),
    waypoint: fields.flag('waypoint'),
    minimumClient: clientVersion(fields),
    notes: fields.text('notes'),
  };
}

function deltasRecord(fields: Fields): DeltasRecord {
  fields.expectFormat('deltas', recordFormat);
  return {
    satchel: 'deltas',
    format: recordFormat,
    build: fields.buildName('build'),
    map: storedFile(fields.record('map'), mapLimit),
    everything: fields.count('everything'),
    costs: fields.list('costs').map((cost) => ({
      from: cost.buildName('from'),
      bytes: cost.count('bytes'),
      requests: cost.count('requests'),
    })),
    deltas: fields.list('deltas').map(deltaReference),
  };
}

function deltaReference(fields: Fields): DeltaReference {
  return {
    from: fields.buildName('from'),
    ...treeDelta(fields),
    why: fields.text('why') === 'asked' ? 'asked' : 'stream',
  };
}

/** Reads where a delta lies and what applying it takes, from a record that has more fields. */
export function treeDelta(fields: Fields): TreeDelta {
  const head = fields.record('head');
  const length = fields.count('length');
  return {
    fromIndex: fields.sha256('fromIndex'),
    stored: fields.sha256('stored'),
    length,
    // The head is held in memory as a whole, and what is large in it is a patch that makes an index.
    head: { length: head.count('length', Math.min(length, indexLimit)), sha256: head.sha256('sha256') },
    memory: fields.count('memory'),
    ...(fields.has('scratch') ? { scratch: fields.count('scratch') } : {}),
    output: fields.count('output'),
  };
}

function previousHeads(fields: Fields): BuildName[] {
  const names = fields.texts('previous');
  if (names.length > rememberedHeads) throw fields.wrong('previous');
  return names.map(buildName);
}

/** Reads a build's record. Throws `record-invalid`, `record-newer`. */
export function parseBuildRecord(bytes: Uint8Array, what: string): BuildRecord {
  return buildRecord(Fields.parse(bytes, what));
}

/** Reads the record of how to get a build. Throws `record-invalid`, `record-newer`. */
export function parseDeltasRecord(bytes: Uint8Array, what: string): DeltasRecord {
  return deltasRecord(Fields.parse(bytes, what));
}

/**
 * Reads a stream's record. `buildBytes` are the bytes of the embedded build record, whose hash must be
 * what the `builds` role signed under that name. Throws `record-invalid`, `record-newer`.
 */
export function parseStreamRecord(
  bytes: Uint8Array,
  what: string,
): { readonly record: StreamRecord; readonly buildBytes: Uint8Array } {
  const fields = Fields.parse(bytes, what);
  fields.expectFormat('stream', recordFormat);
  const build = fields.record('build');
  const record: StreamRecord = {
    satchel: 'stream',
    format: recordFormat,
    stream: streamName(fields.text('stream')),
    previous: previousHeads(fields),
    keepDeltas: fields.count('keepDeltas', rememberedHeads),
    ...(fields.has('halted') ? { halted: becauseSince(fields.record('halted')) } : {}),
    ...(fields.has('rollout') ? { rollout: rollout(fields.record('rollout')) } : {}),
    ...(fields.has('waypoints') ? { waypoints: waypoints(fields) } : {}),
    ...(fields.has('back') ? { back: becauseSince(fields.record('back')) } : {}),
    build: buildRecord(build),
    deltas: deltasRecord(fields.record('deltas')),
  };
  return { record, buildBytes: build.bytes() };
}
