/** Does one thing after the other, in the order in which they are given; what fails does not stop the next. */
export type Queue = <Result>(action: () => Promise<Result>) => Promise<Result>;

/** An empty queue. */
export function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve();
  return (action) => {
    const result = last.then(action);
    // Whoever gave the action is told of its failure.
    last = result.catch(() => {});
    return result;
  };
}
