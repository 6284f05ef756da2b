/** Waits until there is room for something of this size; disposing of the answer gives the room back. */
export type Admission = (size: number) => Promise<Disposable>;

/**
 * Lets in as many as fit under a limit; one that is larger than the limit goes alone. Small ones pass a large one that
 * has to wait, so that there is work for a second thread.
 */
export function createAdmission(limit: number): Admission {
  const waiting: { readonly size: number; readonly enter: () => void }[] = [];
  let inside = 0;
  const letIn = () => {
    for (;;) {
      const next = waiting.findIndex(({ size }) => inside === 0 || inside + size <= limit);
      if (next < 0) return;
      const [{ size, enter }] = waiting.splice(next, 1) as [(typeof waiting)[number]];
      inside += size;
      enter();
    }
  };
  return (size) =>
    new Promise((resolve) => {
      const enter = () =>
        resolve({
          [Symbol.dispose]() {
            inside -= size;
            letIn();
          },
        });
      waiting.push({ size, enter });
      letIn();
    });
}
