/**
 * Does the same work for every item, up to so many at once, and gives the results in the order of the items. After a
 * failure, or when the consumer stops, nothing new is begun and what runs is waited for.
 */
export async function* ahead<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const running: Promise<Result>[] = [];
  try {
    for await (const item of items) {
      const result = work(item);
      // Its failure is told when its turn comes.
      result.catch(() => {});
      running.push(result);
      if (running.length >= atOnce) yield await (running.shift() as Promise<Result>);
    }
    for (let next = running.shift(); next !== undefined; next = running.shift()) yield await next;
  } finally {
    await Promise.allSettled(running);
  }
}
