import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Fault, find } from './fault-rules.ts';

/** Part of a file: its first byte and the byte after its last. */
export type Part = { readonly start: number; readonly end: number };

/** Bytes that can be read at any place, whatever they come from. */
export type Content = {
  readonly size: number;
  read(offset: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
};

/** The file at a path below the root, with the faults of content; undefined when there is none. */
export async function openContent(
  root: string,
  path: string,
  faults: readonly Fault[],
): Promise<Content | undefined> {
  const replaced = find(faults, 'replace');
  const content = replaced === undefined ? await openFile(join(root, path)) : fromText(replaced.text);
  if (content === undefined) return undefined;
  const flip = find(faults, 'flip');
  return {
    size: content.size + (find(faults, 'resize')?.by ?? 0),
    close: content.close,
    async read(offset, length) {
      const bytes = await content.read(offset, length);
      if (flip !== undefined && flip.offset >= offset && flip.offset < offset + length)
        bytes[flip.offset - offset] = (bytes[flip.offset - offset] ?? 0) ^ 0xff;
      return bytes;
    },
  };
}

/** What lies beyond the end reads as zeros, for a file that seems longer than it is. */
async function openFile(path: string): Promise<Content | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path);
  } catch {
    return undefined;
  }
  const information = await handle.stat();
  if (!information.isFile()) {
    await handle.close();
    return undefined;
  }
  return {
    size: information.size,
    async read(offset, length) {
      const bytes = Buffer.alloc(length);
      await handle.read(bytes, 0, length, offset);
      return bytes;
    },
    close: () => handle.close(),
  };
}

function fromText(text: string): Content {
  const bytes = Buffer.from(text);
  return {
    size: bytes.length,
    read: async (offset, length) => Buffer.concat([bytes.subarray(offset, offset + length)], length),
    close: async () => undefined,
  };
}

/** The part that a range header asks for; undefined without one. */
export function parseRange(header: string | undefined, size: number): Part | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d+)-(\d*)$/.exec(header ?? '');
  if (match === null) return undefined;
  const start = Number(match[1]);
  const end = match[2] === '' ? size : Math.min(size, Number(match[2]) + 1);
  return start >= size || end <= start ? 'unsatisfiable' : { start, end };
}
