/**
 * The engine collects large, short-lived values only when it needs room, and a device may have less than the
 * engine believes. The first two functions do nothing unless the program was started with `--expose-gc`, as the launcher
 * does.
 */

/** Gives back what is no longer used, of whatever age; costs tens of milliseconds with a large tree. */
export function releaseMemory(): void {
  globalThis.gc?.();
}

/** Tells of buffers that pass through: after so many bytes those no longer used are given back, in a millisecond. */
export function createRelief(interval: number): (bytes: number) => void {
  let passed = 0;
  return (bytes) => {
    passed += bytes;
    if (passed < interval) return;
    passed = 0;
    globalThis.gc?.({ type: 'minor' });
  };
}

/**
 * Gives the memory of a large buffer back at once instead of some collections later; nothing may use the buffer, or a
 * view of its memory, any more. A buffer out of Node's pool is small, shares its memory, and is left alone.
 */
export function freeBuffer({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0);
}

/** Gives memory for one content after another; what was lent before is gone when it is asked again. */
export type Lender = (length: number) => Buffer;

/** A lender that keeps as much as was ever asked for: fresh memory costs more than what is read into it. */
export function createLender(): Lender {
  let held = Buffer.allocUnsafeSlow(0);
  return (length) => {
    if (held.length < length) {
      freeBuffer(held);
      held = Buffer.allocUnsafeSlow(length);
    }
    return held.subarray(0, length);
  };
}
