import { hash } from 'node:crypto';
import { throwIfCancelled } from '../base/cancel.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import type { SignedFile } from '../repository/build-files.ts';
import { readResuming } from '../store/retry.ts';
import type { StickFile } from '../store/stick-manifest.ts';
import type { Attachment } from './stick-attach.ts';
import type { StickTree } from './stick-files.ts';
import type { Medium } from './stick-medium.ts';
import { readLocal } from './stick-read.ts';
import type { LooseFile } from './stick-source.ts';
import { bytesToWrite, type StickWork } from './stick-work.ts';

export type CopyOptions = {
  readonly medium: Medium;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/** Copies files to a stick, one after another, and remembers which. */
export type StickCopier = {
  /** A file of the repository: its bytes must be those that were signed. */
  take(file: SignedFile): Promise<void>;
  loose(file: LooseFile): Promise<void>;
  attach(file: Attachment): Promise<void>;
  /** The records, then the signed metadata. */
  metadata(): Promise<void>;
  /** What this preparation has seen to, whether it was there or not. */
  done(): readonly StickFile[];
  counts(): { readonly copied: number; readonly kept: number };
};

/** Starts copying. All may throw `stored-file-damaged`, `disk-full`, `stick-symlink`, `cancelled`, and what the source throws. */
export function startCopying(work: StickWork, { medium, reporter, signal }: CopyOptions): StickCopier {
  const { tree, source, present } = work;
  const total = bytesToWrite(work, 1);
  const done = new Map<string, StickFile>();
  let copied = 0;
  let kept = 0;
  const onBytes = (count: number) => {
    copied += count;
    reporter.progress({ step: 'store', done: copied, total: Math.max(total, copied), unit: 'bytes' });
  };
  const write = async (
    { name, length, sha256 }: StickFile,
    body: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<void> => {
    throwIfCancelled(signal);
    if (done.get(name)?.sha256 === sha256) return;
    const file = { name, length, sha256 };
    const held = present.get(name);
    if (held?.sha256 === sha256 || (await isOnStick(tree, file, signal))) kept += length;
    else {
      const isCut = medium.longestFile !== undefined && length > medium.longestFile;
      await tree.write(name, body(), {
        part: isCut ? medium.part : undefined,
        signal,
        onBytes,
        expected: { length, sha256, file: name, location: source.store.location },
      });
    }
    done.set(name, file);
    present.set(name, file);
  };
  const writeBytes = ({ name, bytes }: LooseFile) =>
    write({ name: `repo/${name}`, length: bytes.length, sha256: hash('sha256', bytes) as Sha256 }, () => [
      bytes,
    ]);
  const take = (file: SignedFile) =>
    write({ ...file, name: `repo/${file.name}` }, () =>
      readResuming(source.store, file.name, { limit: file.length, signal }),
    );
  return {
    take,
    loose: writeBytes,
    attach: (file) => write(file, () => readLocal(file.path, signal)),
    async metadata() {
      for (const file of source.records) await take(file);
      for (const file of source.metadata) await writeBytes(file);
    },
    done: () => [...done.values()],
    counts: () => ({ copied, kept }),
  };
}

/** A file that an interrupted preparation has left complete: its name says what it must be. */
async function isOnStick(
  tree: StickTree,
  file: StickFile,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (!file.name.includes(file.sha256) || tree.sizeOf(file.name) !== file.length) return false;
  return (await tree.hashOf(file.name, signal)) === file.sha256;
}
