import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { discard } from '../../src/os/discard.testkit.ts';

/** A temporary folder for all tests of a file. */
export type Scratch = {
  readonly path: string;
  /** A path below the folder. */
  file(...names: string[]): string;
  /** Removes the folder, whatever modes and names are below it. */
  remove(): void;
};

/** Makes a temporary folder; `story` is part of its name, so that what a crash leaves can be recognised. */
export function scratchFolder(story: string): Scratch {
  const path = mkdtempSync(join(tmpdir(), `satchel-${story}-`));
  return {
    path,
    file: (...names) => join(path, ...names),
    remove: () => discard(path),
  };
}
