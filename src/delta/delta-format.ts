import { SatchelError } from '../base/errors.ts';
import { Fields } from '../base/fields.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { damaged } from './damaged.ts';
import type { Run } from './ordinal-runs.ts';

/** The newest format of deltas that this program reads; a delta without archives is written in format 1. */
export const deltaFormat = 2;

const mebibyte = 1024 * 1024;

/** No delta has more archives: enough for every boot image that a system ever had. */
export const mostArchives = 64;

/** A gzip file says its length modulo one more than this. */
const archiveLengthLimit = 2 ** 32 - 1;

/**
 * The most that one segment may make and read, in bytes. What a gzip file unpacks to counts beside the file
 * itself, because both lie in memory.
 */
export const segmentLimits = { output: 16 * mebibyte, base: 32 * mebibyte } as const;

/** The most memory, in bytes, that a segment may state. Sound segments stay far below. */
export const segmentMemoryLimit = 256 * mebibyte;

/** What the head says about one segment. All but `objects` are bytes. */
export type SegmentEntry = {
  /** Length of its stored bytes; they follow those of the segment before. */
  readonly length: number;
  /** SHA-256 of its stored bytes. */
  readonly sha256: Sha256;
  /** Sum of the lengths of the objects that it makes. */
  readonly output: number;
  /** Sum of the lengths of the old objects that its pieces name. */
  readonly base: number;
  /** Memory that applying it takes at most. */
  readonly memory: number;
  /** How many objects it makes. */
  readonly objects: number;
};

/** A gzip file of the old build that is unpacked once, into a file of its own, for all segments that read of it. */
export type Archive = {
  /** Its objects in the old build, in the order of the file. */
  readonly objects: readonly Run[];
  /** Bytes that it unpacks to. */
  readonly length: number;
};

/** The head of a delta: everything before its segments. */
export type DeltaHead = {
  /** SHA-256 of the uncompressed index of the old build. */
  readonly from: Sha256;
  /** SHA-256 of the uncompressed index of the new build. */
  readonly to: Sha256;
  /** What `applyIndexPatch` makes the new index from. */
  readonly indexPatch: Uint8Array;
  /** Files of the old build that are unpacked before the first segment that reads of them; absent for none. */
  readonly archives?: readonly Archive[];
  /** In the order in which they stand in the file, straight after the head. */
  readonly segments: readonly SegmentEntry[];
};

const magic = Buffer.from('SATDELTA', 'latin1');

/** Magic, format, length of the directory, length of the index patch. */
const preambleLength = magic.length + 4 + 4 + 4;

/** The bytes of a head. */
export function serialiseHead(head: DeltaHead): Buffer {
  const directory = directoryOf(head);
  const preamble = Buffer.alloc(preambleLength);
  magic.copy(preamble);
  [formatOf(head), directory.length, head.indexPatch.length].forEach((number, place) => {
    preamble.writeUInt32LE(number, magic.length + 4 * place);
  });
  return Buffer.concat([preamble, directory, head.indexPatch]);
}

/**
 * Reads a head: exactly these bytes, whose length and hash the caller has compared with the signed record.
 * Throws `delta-newer` for a later format and `delta-damaged` for anything that {@link serialiseHead} would not write.
 */
export function parseHead(bytes: Uint8Array): DeltaHead {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < preambleLength || !view.subarray(0, magic.length).equals(magic))
    throw damaged('it does not begin like one');
  const [format, directoryLength, patchLength] = [0, 4, 8].map((at) => view.readUInt32LE(magic.length + at));
  if (format! > deltaFormat) throw new SatchelError('delta-newer', { format: format!, newest: deltaFormat });
  if (format! < 1) throw damaged('its format is unknown');
  if (preambleLength + directoryLength! + patchLength! !== view.length)
    throw damaged('its head has another length than stated');
  const directoryEnd = preambleLength + directoryLength!;
  const directory = view.subarray(preambleLength, directoryEnd);
  const head = { ...readDirectory(directory), indexPatch: view.subarray(directoryEnd) };
  if (formatOf(head) !== format) throw damaged('its format is not the one it should have');
  if (!directoryOf(head).equals(directory)) throw damaged('its directory is not canonical');
  return head;
}

/** Where each segment begins in a delta's file, by its number. */
export function segmentOffsets(headLength: number, segments: readonly SegmentEntry[]): number[] {
  let offset = headLength;
  return segments.map(({ length }) => {
    offset += length;
    return offset - length;
  });
}

/** Memory in bytes to apply a delta, one segment at a time: that of its greediest segment. */
export function memoryToApply({ segments }: { readonly segments: readonly SegmentEntry[] }): number {
  return segments.reduce((most, { memory }) => Math.max(most, memory), 0);
}

/** Bytes of the disk that applying a delta takes beside the new tree: what its archives unpack to. */
export function scratchToApply({ archives = [] }: Pick<DeltaHead, 'archives'>): number {
  return archives.reduce((sum, { length }) => sum + length, 0);
}

function formatOf({ archives = [] }: Pick<DeltaHead, 'archives'>): number {
  return archives.length === 0 ? 1 : 2;
}

function directoryOf(head: Omit<DeltaHead, 'indexPatch'>): Buffer {
  const { from, to, archives = [], segments } = head;
  const list = segments.map(({ length, sha256, output, base, memory, objects }) => ({
    length,
    sha256,
    output,
    base,
    memory,
    objects,
  }));
  const format = formatOf(head);
  const files = archives.map(({ objects, length }) => ({
    objects: objects.map(({ first, count }) => [first, count]),
    length,
  }));
  const named = archives.length === 0 ? {} : { archives: files };
  return Buffer.from(JSON.stringify({ satchel: 'delta', format, from, to, ...named, segments: list }));
}

function readDirectory(bytes: Uint8Array): Omit<DeltaHead, 'indexPatch'> {
  try {
    const fields = Fields.parse(bytes, 'delta');
    fields.expectFormat('delta', deltaFormat);
    const segments = fields.list('segments').map(readSegmentEntry);
    const archives = fields.has('archives') ? { archives: fields.list('archives').map(readArchive) } : {};
    return { from: fields.sha256('from'), to: fields.sha256('to'), ...archives, segments };
  } catch (error) {
    if (!(error instanceof SatchelError)) throw error;
    throw damaged(`its directory is wrong (${String(error.parameters.field)})`, error);
  }
}

function readArchive(fields: Fields, number: number): Archive {
  if (number >= mostArchives) throw fields.wrong('archives');
  const length = fields.count('length', archiveLengthLimit);
  const objects = fields.pairs('objects').map(([first, count]) => ({ first, count }));
  const isSound =
    objects.length > 0 && objects.every(({ first, count }) => count > 0 && first + count < 2 ** 32);
  if (!isSound) throw fields.wrong('objects');
  return { objects, length };
}

function readSegmentEntry(fields: Fields): SegmentEntry {
  const memory = fields.count('memory', segmentMemoryLimit);
  const entry: SegmentEntry = {
    length: fields.count('length', memory),
    sha256: fields.sha256('sha256'),
    output: fields.count('output', segmentLimits.output),
    base: fields.count('base', segmentLimits.base),
    memory,
    objects: fields.count('objects'),
  };
  if (entry.objects < 1 || entry.objects > entry.output) throw fields.wrong('objects');
  return entry;
}
