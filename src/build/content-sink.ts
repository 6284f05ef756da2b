import type { Sha256 } from '../base/identifiers.ts';

/** Takes the objects of a build while it is read: whole small files, and the chunks of large ones. */
export interface ContentSink {
  /**
   * Takes one object. `bytes` belongs to the sink afterwards and is not changed by the caller.
   * The promise (or undefined) is the back pressure: wait for it before offering the next object.
   */
  add(sha256: Sha256, bytes: Uint8Array): Promise<void> | undefined;
}
