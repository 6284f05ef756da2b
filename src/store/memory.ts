import { readFile, rm } from 'node:fs/promises';
import { throwIfCancelled } from '../base/cancel.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import { checkName, checkPrefix } from './names.ts';
import { checkReadOptions, type Part, partOf } from './range.ts';
import type { Store } from './store.ts';

/** What a memory store works with. */
export type MemoryStoreOptions = { readonly clock?: Clock };

type Kept = { readonly bytes: Buffer; readonly modified: number };

const pieceLength = 64 * 1024;

/** A store that keeps everything in memory, for tests and for trying things out. It behaves like the others. */
export function memoryStore({ clock = systemClock }: MemoryStoreOptions = {}): Store {
  const files = new Map<string, Kept>();
  const location = 'memory';
  const keep = (name: string, bytes: Uint8Array) =>
    files.set(name, { bytes: Buffer.from(bytes), modified: clock() });

  return {
    location,
    async read(name, options = {}) {
      checkName(name);
      checkReadOptions(options);
      throwIfCancelled(options.signal);
      const kept = files.get(name);
      if (kept === undefined) throw new SatchelError('store-not-found', { location, name });
      const part = partOf(kept.bytes.length, { location, name, options });
      return { size: kept.bytes.length, body: pieces(kept.bytes, part, options.signal) };
    },
    async put(name, content) {
      checkName(name);
      if (files.has(name)) return 'present';
      const bytes = content instanceof Uint8Array ? content : await readFile(content.path);
      // Somebody may have been faster while the file was read.
      const isFirst = !files.has(name);
      if (isFirst) keep(name, bytes);
      if (!(content instanceof Uint8Array)) await rm(content.path);
      return isFirst ? 'stored' : 'present';
    },
    async *list(prefix) {
      checkPrefix(prefix);
      const names = [...files.keys()].filter((name) => name.startsWith(prefix)).sort();
      for (const name of names) {
        const kept = files.get(name);
        if (kept !== undefined) yield { name, size: kept.bytes.length, modified: kept.modified };
      }
    },
    async delete(name) {
      checkName(name);
      files.delete(name);
    },
    async compareAndSwap(name, expected, next) {
      checkName(name);
      const current = files.get(name)?.bytes;
      const isExpected = expected === null ? current === undefined : current?.equals(expected) === true;
      if (isExpected) keep(name, next);
      return isExpected;
    },
    async close() {},
  };
}

async function* pieces(
  bytes: Buffer,
  { start, end }: Part,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  for (let position = start; position < end; position += pieceLength) {
    throwIfCancelled(signal);
    // A copy: what the caller does with it must not change what is stored.
    yield Buffer.from(bytes.subarray(position, Math.min(end, position + pieceLength)));
  }
}
