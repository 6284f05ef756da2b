/** A few things that are each used by one at a time; whoever finds none free waits for its turn. */
export type Pool<Item> = {
  use<Result>(action: (item: Item) => Promise<Result>): Promise<Result>;
  /** Waits until each item is free and gives it to `end`, once. Nothing may be used afterwards. */
  close(end: (item: Item) => Promise<void>): Promise<void>;
};

/** A pool of these items, all free. */
export function createPool<Item>(items: readonly Item[]): Pool<Item> {
  const free = [...items];
  const waiting: ((item: Item) => void)[] = [];
  let closing: Promise<void> | undefined;
  const take = async (): Promise<Item> => {
    const item = free.pop();
    return item === undefined ? new Promise<Item>((resolve) => waiting.push(resolve)) : item;
  };
  const giveBack = (item: Item) => {
    const next = waiting.shift();
    if (next === undefined) free.push(item);
    else next(item);
  };
  return {
    async use(action) {
      const item = await take();
      try {
        return await action(item);
      } finally {
        giveBack(item);
      }
    },
    close(end) {
      closing ??= Promise.all(items.map(async () => end(await take()))).then(() => {});
      return closing;
    },
  };
}
