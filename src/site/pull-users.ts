/** Who keeps something open: those who hold it, and work that goes on without them. */
export type Users = {
  count(): number;
  /** Counts a user; call the answer once when done. */
  hold(): () => void;
  /** Does something during which it must stay open. */
  work(action: () => Promise<void>): Promise<void>;
  /** Work that is under way. */
  working(): readonly Promise<void>[];
};

/** Counts users; `idle` is called whenever the last one has gone. */
export function createUsers(idle: () => void): Users {
  const working = new Set<Promise<void>>();
  let users = 0;
  const hold = () => {
    users += 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      users -= 1;
      if (users === 0) idle();
    };
  };
  return {
    count: () => users,
    hold,
    work(action) {
      const release = hold();
      const done = action().finally(() => {
        working.delete(done);
        release();
      });
      working.add(done);
      return done;
    },
    working: () => [...working],
  };
}
