import { throwIfCancelled } from '../base/cancel.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { ContentSink } from '../build/content-sink.ts';
import { packLevel } from '../formats/zstd.ts';
import type { Store } from '../store/store.ts';
import { type FrameObject, maximumFrameLength } from './frame.ts';
import type { MapPack } from './map-format.ts';
import { createOrderedCompressor } from './ordered-compressor.ts';
import { openSpooledPack, type SpooledPack } from './spooled-pack.ts';

/** What a pack writer works with. */
export type PackWriterOptions = {
  readonly store: Store;
  /** A folder for packs that are being written, made when needed; on the store's own file system it saves a copy. */
  readonly spoolDirectory: string;
  /** True for objects that the repository holds already: they are left out. */
  readonly known: (sha256: Sha256) => boolean;
  /** zstd level of the frames. */
  readonly level?: number;
  /** Stored bytes that a pack may have; 128 MiB when absent. */
  readonly packLimit?: number;
  readonly signal?: AbortSignal | undefined;
  /** Called as frames are written, with the raw bytes done so far. */
  readonly onProgress?: (rawBytes: number) => void;
};

/** One frame of a new pack and its objects in the order of their raw offsets. */
export type PackedFrame = {
  readonly pack: MapPack;
  readonly offset: number;
  readonly length: number;
  readonly rawLength: number;
  readonly objects: readonly FrameObject[];
};

/** What a pack writer has stored. */
export type PackedObjects = {
  readonly packs: readonly MapPack[];
  /** In the order in which the objects came. */
  readonly frames: readonly PackedFrame[];
  readonly objectCount: number;
  /** Bytes of all objects. */
  readonly rawBytes: number;
  /** Bytes of all packs. */
  readonly storedBytes: number;
};

/** Packs new objects. Nothing reaches the store before `finish`. */
export type PackWriter = ContentSink & {
  /** Stores the packs durably and tells where each new object lies. Call it once, and `add` never after it. */
  finish(): Promise<PackedObjects>;
  /** Removes what is left in the spool. Call it in every case at the end; calling it twice does no harm. */
  discard(): Promise<void>;
};

/** Objects below this many bytes share a frame. */
const groupedBelow = 256 * 1024;
/**
 * Raw bytes of a shared frame. On a 183 MB tree 1 MiB gives 94 % of what 256 KiB gives, and 104 % of 2 MiB;
 * larger frames make reading a single file dearer.
 */
const groupLimit = 1024 * 1024;
/** Objects that a shared frame may hold: tiny files by the hundred thousand are not to be one piece of work. */
const groupObjects = 2048;
/** Enough to keep all cores busy; more would only be memory. */
const inFlightLimit = 8 * 1024 * 1024;
const defaultPackLimit = 128 * 1024 * 1024;

type Job = {
  readonly raw: Uint8Array;
  readonly objects: readonly FrameObject[];
  /** Takes back the memory of the raw bytes. */
  readonly release?: () => void;
};
type SpooledFrame = Omit<PackedFrame, 'pack'> & { readonly pack: SpooledPack };

/**
 * Makes a pack writer. Objects are packed in the order in which they come, so that neighbours of a tree are
 * neighbours in a pack and equal input gives equal packs.
 */
export function createPackWriter(options: PackWriterOptions): PackWriter {
  const spool = createSpool(options);
  const seen = new Set<Sha256>();
  const compressor = createOrderedCompressor<Job>({
    level: options.level ?? packLevel,
    inFlightLimit,
    write(job, stored) {
      spool.append(job, stored);
      job.release?.();
    },
  });
  // Buffers go round: the garbage collector is slow to notice large ones.
  const buffers: Buffer[] = [];
  const nextGroup = () => createGroup(buffers.pop() ?? Buffer.allocUnsafeSlow(groupLimit));
  let group: Group | undefined;

  const submitGroup = () => {
    if (group === undefined) return;
    const { buffer, raw, objects } = group;
    compressor.submit({ raw: raw(), objects, release: () => buffers.push(buffer) });
    group = undefined;
  };
  const take = (sha256: Sha256, bytes: Uint8Array) => {
    if (bytes.length >= groupedBelow) {
      compressor.submit({ raw: bytes, objects: [{ sha256, rawOffset: 0, size: bytes.length }] });
      return;
    }
    if (group?.fits(bytes) === false) submitGroup();
    group ??= nextGroup();
    group.add(sha256, bytes);
  };

  return {
    add(sha256, bytes) {
      throwIfCancelled(options.signal);
      if (seen.has(sha256) || options.known(sha256)) return undefined;
      if (bytes.length === 0 || bytes.length > maximumFrameLength)
        throw new RangeError(`an object of ${bytes.length} bytes cannot be packed`);
      seen.add(sha256);
      take(sha256, bytes);
      return compressor.room();
    },
    async finish() {
      submitGroup();
      await compressor.drain();
      return spool.store(options);
    },
    async discard() {
      // Whatever failed has been told by add or finish.
      await compressor.drain().catch(() => undefined);
      await spool.remove();
    },
  };
}

type Group = ReturnType<typeof createGroup>;

/** A shared frame that is being filled. */
function createGroup(buffer: Buffer) {
  let length = 0;
  const objects: FrameObject[] = [];
  return {
    buffer,
    objects,
    fits: (bytes: Uint8Array) => length + bytes.length <= buffer.length && objects.length < groupObjects,
    add(sha256: Sha256, bytes: Uint8Array) {
      buffer.set(bytes, length);
      objects.push({ sha256, rawOffset: length, size: bytes.length });
      length += bytes.length;
    },
    raw: () => buffer.subarray(0, length),
  };
}

/** The packs of one writer in its spool folder. */
function createSpool({ spoolDirectory, packLimit = defaultPackLimit, onProgress }: PackWriterOptions) {
  const packs: SpooledPack[] = [];
  const frames: SpooledFrame[] = [];
  const completed = new Map<SpooledPack, Promise<MapPack>>();
  let rawBytes = 0;

  const complete = (pack: SpooledPack) => {
    const completion = pack.complete();
    // Awaited in `store`; until then a failure must not count as unhandled.
    completion.catch(() => undefined);
    completed.set(pack, completion);
  };
  const packFor = (length: number): SpooledPack => {
    const current = packs.at(-1);
    if (current !== undefined && current.length + length <= packLimit) return current;
    if (current !== undefined) complete(current);
    const next = openSpooledPack(spoolDirectory);
    packs.push(next);
    return next;
  };

  return {
    append({ raw, objects }: Job, stored: Uint8Array) {
      const pack = packFor(stored.length);
      const offset = pack.append(stored);
      frames.push({ pack, offset, length: stored.length, rawLength: raw.length, objects });
      rawBytes += raw.length;
      onProgress?.(rawBytes);
    },
    async store({ store, signal }: PackWriterOptions): Promise<PackedObjects> {
      const last = packs.at(-1);
      if (last !== undefined) complete(last);
      const named = new Map<SpooledPack, MapPack>();
      for (const pack of packs) named.set(pack, await (completed.get(pack) as Promise<MapPack>));
      for (const [{ path }, { sha256 }] of named) {
        throwIfCancelled(signal);
        await store.put(`packs/${sha256}.pack`, { path });
      }
      return {
        packs: [...named.values()],
        frames: frames.map((frame) => ({ ...frame, pack: named.get(frame.pack) as MapPack })),
        objectCount: frames.reduce((count, { objects }) => count + objects.length, 0),
        rawBytes,
        storedBytes: packs.reduce((sum, { length }) => sum + length, 0),
      };
    },
    async remove() {
      for (const pack of packs) await pack.remove();
    },
  };
}
