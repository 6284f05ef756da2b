/** Lets those who wait for something look again. */
export type Waking = {
  /** Something changed. */
  wake(): void;
  /** Resolves at the next change. */
  next(): Promise<void>;
};

/** For any number of those who wait. */
export function createWaking(): Waking {
  let next = Promise.withResolvers<void>();
  return {
    wake() {
      const { resolve } = next;
      next = Promise.withResolvers<void>();
      resolve();
    },
    next: () => next.promise,
  };
}
